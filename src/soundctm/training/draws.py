"""The random numbers of training: noise levels of the DSM loss, and the (t, u, s) of a distilled jump."""

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from soundctm.diffusion.schedule import sigma_at, sigma_grid
from soundctm.training.config import NoiseLevels, StudentTraining

TOP_SHARE = 0.7  # of the grid that the second half of the DSM times of a student comes from


def generator_of(*numbers: int) -> torch.Generator:
    """A CPU generator that is a function of these numbers alone, well mixed."""
    return torch.Generator().manual_seed(hash(numbers) & 0x7FFFFFFFFFFFFFFF)


def log_normal(size: int, levels: NoiseLevels, generator: torch.Generator) -> Tensor:
    """``sigma [size]`` with ``ln sigma ~ N(mean, std^2)`` (Karras et al. 2022, Table 1)."""
    return torch.exp(levels.mean + levels.std * torch.randn(size, generator=generator))


def student_dsm_times(size: int, config: StudentTraining, generator: torch.Generator) -> Tensor:
    """Times ``[size]`` of Eq. 8: each log-normal or, as often, from the top 70 % of the grid (appendix D.1)."""
    xi = TOP_SHARE * torch.rand(size, generator=generator)
    top = sigma_at(xi, config.sigma_min, config.sigma_max, config.rho)
    low = log_normal(size, config.noise, generator)
    return torch.where(torch.rand(size, generator=generator) < 0.5, low, top)


def jump_times(
    size: int, solver_steps: int, intervals: int, generator: torch.Generator, from_top: float = 0.0, to_end: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Grid indices ``(t, u, s)``, each ``[size]``: t uniform on ``0 .. intervals - 1 - solver_steps``, or for a share
    ``from_top`` of them 0, ``u = t + solver_steps`` grid steps later, s uniform on ``u .. intervals - 1``, or for a
    share ``to_end`` of them the last; larger indices are lower noise."""
    if not 1 <= solver_steps < intervals:
        raise ValueError(f"solver steps {solver_steps} outside 1..{intervals - 1}")
    t = torch.randint(0, intervals - solver_steps, (size,), generator=generator)
    if from_top > 0:
        t[torch.rand(size, generator=generator) < from_top] = 0
    u = t + solver_steps
    s = u + (torch.rand(size, generator=generator) * (intervals - u)).long()
    if to_end > 0:
        s[torch.rand(size, generator=generator) < to_end] = intervals - 1
    return t, u, s


def training_grid(points: int, sigma_min: float, sigma_max: float, rho: float) -> Tensor:
    """The ``points`` noise levels that t, u and s are drawn from (paper: N = 40)."""
    return sigma_grid(points - 1, sigma_min, sigma_max, rho)


def solver_steps(config: StudentTraining, generator: torch.Generator) -> int:
    """How many grid intervals the teacher goes, one number for a batch."""
    counts = torch.arange(1.0, config.max_solver_steps + 1)
    weights = {"uniform": torch.ones_like(counts), "long": counts, "short": 1 / counts}[config.solver_draw]
    return 1 + int(torch.multinomial(weights, 1, generator=generator))


@dataclass(frozen=True)
class TeacherDraws:
    """Noise levels ``sigma [B]`` and noise ``[B, C, T]`` of a teacher's step."""

    sigma: Tensor
    noise: Tensor

    @classmethod
    def draw(cls, shape: torch.Size, levels: NoiseLevels, generator: torch.Generator) -> "TeacherDraws":
        """For latents of this ``shape [B, C, T]``."""
        return cls(log_normal(shape[0], levels, generator), torch.randn(shape, generator=generator))


@dataclass(frozen=True)
class StudentDraws:
    """Grid indices t, u, s, guidance omega, DSM levels sigma, each ``[B]``, and the two noises ``[B, C, T]`` of a
    student's step."""

    t: Tensor
    u: Tensor
    s: Tensor
    omega: Tensor
    sigma: Tensor
    noise: Tensor
    dsm_noise: Tensor

    @classmethod
    def draw(cls, shape: torch.Size, config: StudentTraining, generator: torch.Generator) -> "StudentDraws":
        """For latents of this ``shape [B, C, T]``; one number of solver steps for all of them."""
        size = shape[0]
        solved = solver_steps(config, generator)
        t, u, s = jump_times(size, solved, config.grid_points, generator, config.from_top, config.to_end)
        omega = config.omega_min + (config.omega_max - config.omega_min) * torch.rand(size, generator=generator)
        sigma = student_dsm_times(size, config, generator)
        noises = [torch.randn(shape, generator=generator) for _ in range(2)]
        return cls(t, u, s, omega, sigma, *noises)


Draws = TypeVar("Draws", TeacherDraws, StudentDraws)


def share(draws: Draws, rows: slice, device: torch.device) -> Draws:
    """The rows of one process, on its device: a batch is drawn whole everywhere, so that the losses do not depend on
    how many processes share it."""
    return type(draws)(**{name: value[rows].to(device) for name, value in vars(draws).items()})
