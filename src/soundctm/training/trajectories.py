"""Trajectories that a teacher has gone, on disk: what a student learns jumps from with no teacher beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.io import write_atomically
from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.schedule import sigma_grid
from soundctm.diffusion.solvers import heun
from soundctm.errors import UserError
from soundctm.training.checkpoint import Stateful
from soundctm.training.config import Recording
from soundctm.training.data.source import LatentSource, digest
from soundctm.training.draws import generator_of
from soundctm.training.loop import Figures
from soundctm.training.precision import arithmetic
from soundctm.training.starting import digest_of
from soundctm.training.world import World

ABOUT = "trajectories.json"
ARRAYS = ("z", "omega", "tokens", "mask")


def levels_of(config: Recording) -> Tensor:
    """The noise levels that are written, ``[P]``, falling."""
    return sigma_grid(config.solver_steps, config.sigma_min, config.sigma_max, config.rho)[:: config.keep_every]


def check_teacher(teacher: DiT, source: LatentSource) -> None:
    """Raise UserError unless trajectories of a teacher can be recorded on these data."""
    if teacher.config.role != "teacher":
        raise UserError("trajectories are those of a teacher; received a student")
    sizes = (teacher.config.channels, teacher.config.context_dim)
    if sizes != (source.channels, source.context_dim):
        raise UserError(
            f"the teacher takes {sizes[0]} latent channels and text of {sizes[1]} numbers, the data have "
            f"{source.channels} and {source.context_dim}; prepare the data for this teacher"
        )


class Written:
    """How many batches there are, as a checkpoint keeps it."""

    def __init__(self) -> None:
        self.batches = 0

    def state_dict(self) -> dict[str, Any]:
        return {"batches": self.batches}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.batches = state["batches"]


def _clear(out: Path, index: int) -> None:
    """A recording is finished when it says so, at its end. What a run has left that was killed before its first
    checkpoint is of no use to one that begins, which may have another teacher."""
    if index == 0:
        if (out / ABOUT).exists():
            raise UserError(f"{out} holds recorded trajectories; choose another --out")
        for name in ARRAYS:
            for path in out.glob(f"{name}.*.npy"):
                path.unlink()
    (out / ABOUT).unlink(missing_ok=True)


class RecordingTask:
    """What a :class:`~soundctm.training.loop.Loop` runs: step ``i`` solves batch ``i`` and writes ``NAME.i.npy`` for
    each array, a function of the configuration, the teacher and ``i`` alone, so that a killed run goes on."""

    def __init__(self, config: Recording, teacher: DiT, source: LatentSource, out: Path, world: World) -> None:
        check_teacher(teacher, source)
        self.config, self.source, self.out, self.world = config, source, out, world
        self.written = Written()
        self.teacher = teacher.to(world.device).requires_grad_(False).eval()
        self.unconditional = source.unconditional().to(world.device)
        self.parts: Mapping[str, Stateful] = {"written": self.written}
        self.identity = {"data": source.identity, "teacher": digest_of(teacher)}

    @torch.no_grad()
    def step(self, index: int, progress: float) -> Figures:
        """Solve and write one batch; the standard deviation of where the trajectories end."""
        _clear(self.out, index)
        config, device = self.config, self.world.device
        batch = self.source.batch(index, config.batch, config.drop_caption).share(slice(None), device)
        generator = generator_of(config.seed, index)
        omega = config.omega_min + (config.omega_max - config.omega_min) * torch.rand(config.batch, generator=generator)
        z = (config.sigma_max * torch.randn(batch.z_0.shape, generator=generator)).half().float().to(device)
        kept = [z]

        def keep(step: int, steps: int, z: Tensor) -> None:
            if step % config.keep_every == 0:
                kept.append(z)

        D = guided_denoiser(self.teacher, batch.conditioning, self.unconditional, omega.to(device))
        grid = sigma_grid(config.solver_steps, config.sigma_min, config.sigma_max, config.rho)
        with arithmetic(config.precision, device.type):
            heun(D, z, grid.to(device), keep)
        text = batch.conditioning
        arrays = (torch.stack(kept, 1), omega, text.tokens, text.mask)
        for name, array in zip(ARRAYS, arrays, strict=True):
            self._write(f"{name}.{index}.npy", array)
        self.written.batches = index + 1
        return {"std": float(kept[-1].float().std())}

    def _write(self, name: str, array: Tensor) -> None:
        values = array.half() if array.dtype.is_floating_point else array
        if not torch.isfinite(values).all():
            raise UserError(f"{self.out / name} would hold numbers that half precision has not; lower sigma_max")
        write_atomically(self.out / name, lambda file: np.save(file, values.cpu().numpy()))

    def inspect(self, index: int) -> Mapping[str, Any]:
        """What a batch was made of."""
        return self.source.describe(index, self.config.batch)

    def close(self) -> None:
        """Say that they are there, and how many batches."""
        about = {"batches": self.written.batches, "config": self.config.model_dump(mode="json"), **self.identity}
        write_atomically(self.out / ABOUT, lambda file: file.write(json.dumps(about, indent=1).encode()))


@dataclass(frozen=True)
class Stretch:
    """Parts of trajectories: ``z_t``, ``z_s [B, C, T]`` at levels ``t > s [B]``, and what was said, ``omega [B]``."""

    z_t: Tensor
    z_s: Tensor
    t: Tensor
    s: Tensor
    omega: Tensor
    conditioning: Conditioning

    def share(self, rows: slice, device: torch.device) -> "Stretch":
        """The rows of one process, on its device."""
        text = Conditioning(self.conditioning.tokens[rows].to(device), self.conditioning.mask[rows].to(device))
        z_t, z_s, t, s, omega = (
            each[rows].to(device) for each in (self.z_t, self.z_s, self.t, self.s, self.omega)
        )  # fmt: skip
        return Stretch(z_t, z_s, t, s, omega, text)


class Trajectories:
    """A folder that a :class:`RecordingTask` has finished; the latents stay on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            about = json.loads((folder / ABOUT).read_text())
            self.config = Recording.model_validate(about["config"])
            self.batches = int(about["batches"])
            if self.batches < 1:
                raise ValueError("it has no batches")
            self.shape = self._z(0).shape[2:]
            self.said = [self._said_in(number) for number in range(self.batches)]
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{folder} holds no recorded trajectories that can be read ({reason})") from error
        self.levels = levels_of(self.config)
        self.identity = digest(json.dumps(about, sort_keys=True).encode())

    def _z(self, number: int) -> np.ndarray:
        """Latents of a batch ``[batch, P, C, T]``, opened when they are read: a process may have few files open."""
        z: np.ndarray = np.load(self.folder / f"z.{number}.npy", mmap_mode="r")
        return z

    def _said_in(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Guidance, tokens and mask of a batch; its latents must be of the shape that all have."""
        shape = self._z(number).shape
        if shape != (self.config.batch, len(levels_of(self.config)), *self.shape):
            raise ValueError(f"z.{number}.npy has the shape {shape}")
        omega, tokens, mask = (torch.from_numpy(np.load(self.folder / f"{name}.{number}.npy")) for name in ARRAYS[1:])
        return omega.float(), tokens, mask

    def __len__(self) -> int:
        return self.batches * self.config.batch

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Latent channels and frames, and numbers of a text token."""
        channels, frames = self.shape
        return channels, frames, self.said[0][1].shape[2]

    def draw(self, size: int, from_top: float, to_end: float, generator: torch.Generator) -> Stretch:
        """``size`` stretches of any trajectories: begin and end drawn evenly, but for the shares that begin at the
        highest level and that end at the lowest."""
        last = len(self.levels) - 1
        rows = torch.randint(len(self), (size,), generator=generator)
        i = torch.randint(last, (size,), generator=generator)
        i[torch.rand(size, generator=generator) < from_top] = 0
        j = i + 1 + (torch.rand(size, generator=generator) * (last - i)).long()
        j[torch.rand(size, generator=generator) < to_end] = last
        places = [divmod(row, self.config.batch) for row in rows.tolist()]
        z_t, z_s = (self._at(places, index.tolist()) for index in (i, j))
        omega = torch.stack([self.said[a][0][b] for a, b in places])
        return Stretch(z_t, z_s, self.levels[i], self.levels[j], omega, self._conditioning(places))

    def _at(self, places: list[tuple[int, int]], index: list[int]) -> Tensor:
        rows = [self._z(a)[b, i] for (a, b), i in zip(places, index, strict=True)]
        return torch.from_numpy(np.stack(rows)).float()

    def _conditioning(self, places: list[tuple[int, int]]) -> Conditioning:
        pad = torch.nn.utils.rnn.pad_sequence
        tokens = pad([self.said[a][1][b].float() for a, b in places], batch_first=True)
        return Conditioning(tokens, pad([self.said[a][2][b] for a, b in places], batch_first=True))
