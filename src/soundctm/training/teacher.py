"""Trains the teacher: EDM denoising score matching on latents (Karras et al. 2022; appendix D.2 of the paper)."""

import torch
from torch import Tensor, nn

from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import SIGMA_DATA, column, denoise
from soundctm.training.config import TeacherTraining
from soundctm.training.data.source import LatentSource
from soundctm.training.draws import TeacherDraws, generator_of, share
from soundctm.training.loop import Figures
from soundctm.training.precision import arithmetic
from soundctm.training.task import Task
from soundctm.training.trainee import KEPT, Strategy, Trainee
from soundctm.training.world import World


def level_weight(sigma: Tensor) -> Tensor:
    """``lambda(sigma) = (sigma^2 + sd^2) / (sigma sd)^2 = 1 / c_out^2``, for levels ``[B]`` (appendix D.2): the raw
    network's squared error ``|F - target|^2`` counts the same at every level (Karras et al. 2022)."""
    return (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2


def dsm_loss(denoised: Tensor, z_0: Tensor, sigma: Tensor) -> Tensor:
    """``lambda(sigma) |z_0 - D|^2`` averaged over all elements."""
    return (level_weight(sigma) * (denoised - z_0).square().mean((1, 2))).mean()


def teacher_loss(network: nn.Module, z_0: Tensor, conditioning: Conditioning, draws: TeacherDraws) -> Tensor:
    """The DSM loss of one batch."""
    z_t = z_0 + column(draws.sigma) * draws.noise
    return dsm_loss(denoise(network, z_t, draws.sigma, conditioning), z_0, draws.sigma)


class TeacherTask(Task):
    """One teacher, its data and its draws."""

    def __init__(
        self, config: TeacherTraining, source: LatentSource, world: World, strategy: Strategy = "ddp",
        first: DiT | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, config.backbone, source, world)
        self.config: TeacherTraining = config
        teacher = self.take_up(self.build(config.backbone), config.start, first)
        self.trainee = Trainee(teacher, config.optimizer, world, strategy, {KEPT: (config.ema, True)})
        self.compile_blocks(self.trainee.module)
        self.parts = {"teacher": self.trainee}

    def backward(self, z_0: Tensor, conditioning: Conditioning, index: int, part: int, rows: slice) -> Figures:
        """Add the gradient of one part of a batch, of which ``rows`` belong to this process."""
        config = self.config
        shape = torch.Size((config.batch // config.accumulate, *z_0.shape[1:]))
        draws = TeacherDraws.draw(shape, config.noise, generator_of(config.seed, index, part))
        with arithmetic(config.precision, self.world.device.type):
            loss = teacher_loss(self.trainee.network, z_0, conditioning, share(draws, rows, self.world.device))
        (loss / config.accumulate).backward()
        return {"loss": float(self.world.mean(loss.detach()))}
