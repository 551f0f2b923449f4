"""What a network in training sounds like now: takes from fixed noise and fixed captions, for the panels of a board."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.schedule import sigma_grid
from soundctm.diffusion.solvers import heun
from soundctm.model import SoundCTM
from soundctm.training.config import StudentTraining
from soundctm.training.draws import generator_of
from soundctm.training.gan import Decoder
from soundctm.training.task import Task
from soundctm.training.trainee import KEPT
from soundctm.trajectory.sampler import sample

TAKES = 4
TEACHER_STEPS = 18
STUDENT_STEPS = (1, 4)
OMEGA = 3.0
EDM_LEVELS = (0.002, 80.0, 7.0)  # sigma_min, sigma_max and rho of a teacher's sampling


class ModelDecoder:
    """The decoder of a whole model."""

    def __init__(self, model: SoundCTM) -> None:
        self.model = model
        self.sample_rate = model.sample_rate

    def __call__(self, z: Tensor) -> Tensor:
        """Samples ``[B, length]`` of normalised latents."""
        decode: Callable[[Tensor], Tensor] = self.model.autoencoder.decode  # type: ignore[assignment]
        return decode(self.model.normalizer.denormalize(z))[:, 0]


@dataclass(frozen=True)
class Listening:
    """``conditioning`` holds the captions, ``noise`` unit noise for each; ``names`` says what they are."""

    network: nn.Module
    decode: Decoder
    names: list[str]
    conditioning: Conditioning
    unconditional: Conditioning
    noise: Tensor
    role: Literal["teacher", "student"]
    sigma_min: float
    sigma_max: float
    rho: float

    @classmethod
    def of(cls, task: Task, decode: Decoder, takes: int = TAKES) -> "Listening":
        """The captions of the first batch of a task, whole, with its averaged network."""
        batch = task.source.batch(0, takes, 0.0).share(slice(0, takes), task.world.device)
        names = [" ".join(str(caption).split())[:60] for caption in task.source.describe(0, takes)["captions"]]
        noise = torch.randn(batch.z_0.shape, generator=generator_of(task.config.seed, 0)).to(task.world.device)
        network = task.trainee.averages[KEPT].module
        config = task.config
        levels = (config.sigma_min, config.sigma_max, config.rho) if isinstance(config, StudentTraining) else EDM_LEVELS
        unconditional = task.source.unconditional().to(task.world.device)
        role = task.trainee.module.config.role
        return cls(network, decode, names, batch.conditioning, unconditional, noise, role, *levels)

    @torch.no_grad()
    def __call__(self) -> dict[str, tuple[np.ndarray, int]]:
        """Samples ``[length]`` and sample rate by name."""
        sounds = {}
        for label, z in self._latents().items():
            for name, samples in zip(self.names, self.decode(z), strict=True):
                sounds[f"{label}/{name}"] = (samples.cpu().numpy(), self.decode.sample_rate)
        return sounds

    def _latents(self) -> dict[str, Tensor]:
        z_T = self.sigma_max * self.noise
        levels = self.sigma_min, self.sigma_max, self.rho
        if self.role == "teacher":
            D = guided_denoiser(self.network, self.conditioning, self.unconditional.expand(len(z_T)), OMEGA)
            return {f"{TEACHER_STEPS} Heun steps": heun(D, z_T, sigma_grid(TEACHER_STEPS, *levels).to(z_T.device))}
        return {
            f"{steps} step{'s' if steps > 1 else ''}":
            sample(
                self.network, z_T, self.conditioning, self.unconditional, steps=steps, omega=OMEGA,
                sigma_min=self.sigma_min, sigma_max=self.sigma_max, rho=self.rho,
            )
            for steps in STUDENT_STEPS
        }  # fmt: skip
