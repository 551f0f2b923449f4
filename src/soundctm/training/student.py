"""Distils the teacher into the consistency-trajectory student: Algorithm 2 of the paper."""

import argparse
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.solvers import heun
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.data.recordings import ESC10_CLASSES
from soundctm.training.distances import feature_distance
from soundctm.training.draws import jump_times, student_dsm_times, training_grid
from soundctm.training.ema import EMA
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.optimizers import OptimizerName, build_optimizers
from soundctm.training.parts import load_backbone, load_text_encoder, save_part
from soundctm.training.precision import Precision, arithmetic
from soundctm.training.teacher import dsm_loss, noised
from soundctm.trajectory.jump import g, jump, towards


class StudentTraining(BaseModel):
    """What a distillation is made of; symbols as in the paper's appendix D.

    ``max_solver_steps`` counts intervals of the grid between t and u; ``solver_stride`` of them make one Heun step
    (1 in the paper; the cost of a training step falls with it).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = 32
    precision: Precision = "bf16"
    optimizer: OptimizerName = "muon"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    grid_points: int = 40
    max_solver_steps: int = 39
    solver_draw: Literal["uniform", "short"] = "uniform"
    solver_stride: int = 1
    omega_min: float = 1.0
    omega_max: float = 5.0
    mu: float = 0.96
    ema: float = 0.995
    drop_caption: float = 0.15
    log_sigma_mean: float = 0.4
    log_sigma_std: float = 1.5
    clip: float = 1.0
    seed: int = 0
    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0


class Distillation:
    """The networks and draws of one training run; :meth:`losses` computes Eq. 9 for a batch."""

    def __init__(self, student: DiT, teacher: DiT, unconditional: Conditioning, config: StudentTraining) -> None:
        self.student, self.teacher, self.config = student, teacher.requires_grad_(False).eval(), config
        self.unconditional = unconditional
        self.sg = EMA(student, config.mu)
        self.grid = training_grid(config.grid_points, config.sigma_min, config.sigma_max, config.rho)

    def solver_steps(self, generator: torch.Generator) -> int:
        """How many grid steps the teacher goes: uniform up to the maximum, or with probability ~ 1 / k ("short")."""
        most = self.config.max_solver_steps
        weights = torch.ones(most) if self.config.solver_draw == "uniform" else 1.0 / torch.arange(1.0, most + 1)
        return 1 + int(torch.multinomial(weights, 1, generator=generator))

    @torch.no_grad()
    def solve(self, z_t: Tensor, t: Tensor, steps: int, omega: Tensor, conditioning: Conditioning) -> Tensor:
        """``Solver(z_t, c, omega, t, u)``: guided Heun over ``steps`` intervals of the grid, ``t`` an index ``[B]``."""
        D = guided_denoiser(self.teacher, conditioning, self.unconditional.expand(len(z_t)), omega)
        offsets = torch.tensor([*range(0, steps, self.config.solver_stride), steps])
        return heun(D, z_t, self.grid[t[None, :] + offsets[:, None]])

    def target(self, z_t: Tensor, t: Tensor, u: Tensor, s: Tensor, omega: Tensor, conditioning: Conditioning) -> Tensor:
        """``z_target = G_sg(Solver(z_t, t, u), u, s)`` (Eq. 7)."""
        z_u = self.solve(z_t, t, int((u - t)[0]), omega, conditioning)
        with torch.no_grad():
            return jump(self.sg.module, z_u, self.grid[u], self.grid[s], omega, conditioning)

    def losses(
        self, z_0: Tensor, conditioning: Conditioning, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``(L_CTM, L_DSM, z_est)`` of a batch; ``z_est`` so that its gradient can be taken apart."""
        config, size = self.config, len(z_0)
        t, u, s = jump_times(size, self.solver_steps(generator), config.grid_points, generator)
        omega = config.omega_min + (config.omega_max - config.omega_min) * torch.rand(size, generator=generator)
        z_t = noised(z_0, self.grid[t], generator)
        z_target = self.target(z_t, t, u, s, omega, conditioning)
        sigma = student_dsm_times(size, config.log_sigma_mean, config.log_sigma_std, generator)
        z_sigma = noised(z_0, sigma, generator)
        z_est, denoised = self.estimates(z_t, self.grid[t], self.grid[s], z_sigma, sigma, omega, conditioning)
        ctm = feature_distance(self.teacher, z_target, z_est, self.grid[s], conditioning).mean()
        return ctm, dsm_loss(denoised, z_0, sigma), z_est

    def estimates(
        self, z_t: Tensor, t: Tensor, s: Tensor, z_sigma: Tensor, sigma: Tensor, omega: Tensor,
        conditioning: Conditioning,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """``G(z_t, t, s)`` and ``g(z_sigma, sigma, sigma)`` from one pass of the student."""
        both = Conditioning.cat([conditioning, conditioning])
        levels = torch.cat([t, sigma])
        aims = g(self.student, torch.cat([z_t, z_sigma]), levels, torch.cat([s, sigma]), omega.repeat(2), both)
        aim, denoised = aims.chunk(2)
        return towards(z_t, aim, t, s), denoised


def adaptive_backward(ctm: Tensor, dsm: Tensor, z_est: Tensor, last: Tensor) -> float:
    """Backpropagate ``L_CTM + lambda L_DSM`` with ``lambda = |grad_last L_CTM| / |grad_last L_DSM|``; returns lambda.

    The gradient of L_CTM is first taken at ``z_est``, so that the teacher's feature network is traversed once.
    """
    (at_estimate,) = torch.autograd.grad(ctm, z_est, retain_graph=False)
    through = (z_est * at_estimate).sum()
    (ctm_last,) = torch.autograd.grad(through, last, retain_graph=True)
    (dsm_last,) = torch.autograd.grad(dsm, last, retain_graph=True)
    weight = float(ctm_last.norm() / dsm_last.norm().clamp_min(1e-8))
    (through + weight * dsm).backward()
    return weight


def train(data: Path, text: Path, teacher: Path, out: Path, minutes: float, config: StudentTraining) -> None:
    """Distil for ``minutes`` and write the averaged student to ``out/student.safetensors``."""
    torch.manual_seed(config.seed)
    text_encoder = load_text_encoder(text)
    dataset = LatentDataset(data, text_encoder, config.seed + 1, frozenset(c for c, _ in ESC10_CLASSES.values()))
    guide, backbone = load_backbone(teacher, "teacher")
    backbone = DiTConfig(**{**backbone.model_dump(), "role": "student"})
    student = DiT(backbone)
    student.load_teacher(guide)
    run = Distillation(student, guide, dataset.condition([""]), config)
    optimizer = build_optimizers(student, config.optimizer, config.weight_decay)
    ema = EMA(student, config.ema, warmup=True)
    loop = Loop({"student": student, "optimizer": optimizer, "sg": run.sg, "ema": ema}, out, minutes)

    def step(index: int, progress: float) -> dict[str, float]:
        optimizer.set_learning_rate(config.learning_rate * cosine_rate(progress))
        generator = torch.Generator().manual_seed(hash((config.seed, index, 1)) & 0x7FFFFFFF)
        batch = dataset.batch(index, config.batch, config.drop_caption)
        with arithmetic(config.precision):
            ctm, dsm, z_est = run.losses(batch.z_0, batch.conditioning, generator)
        optimizer.zero_grad()
        weight = adaptive_backward(ctm, dsm, z_est, student.last_layer)
        norm = torch.nn.utils.clip_grad_norm_(student.parameters(), config.clip)
        optimizer.step()
        run.sg.update(student)
        ema.update(student)
        return {"ctm": ctm.item(), "dsm": dsm.item(), "lambda": weight, "grad": float(norm)}

    if loop.run(step, log_every=20):
        save_part(ema.module, backbone, out, "student")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="folder with teacher.safetensors and teacher.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--max-solver-steps", type=int, default=6)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = StudentTraining(max_solver_steps=arguments.max_solver_steps, solver_stride=3)
    train(arguments.data, arguments.text, arguments.teacher, arguments.out, arguments.minutes, settings)
