"""Goes on with a student by the trajectories that its teacher has gone (:mod:`soundctm.training.trajectories`)."""

import torch
from torch import Tensor

from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import c_in, c_noise, column, precondition
from soundctm.errors import UserError
from soundctm.training.config import FollowTraining
from soundctm.training.data.source import LatentSource
from soundctm.training.draws import generator_of, log_normal
from soundctm.training.loop import Figures
from soundctm.training.precision import arithmetic
from soundctm.training.task import Task
from soundctm.training.teacher import dsm_loss, level_weight
from soundctm.training.trainee import KEPT, Strategy, Trainee
from soundctm.training.trajectories import Stretch, Trajectories
from soundctm.training.world import World


def aim(stretch: Stretch) -> Tensor:
    """What ``g(z_t, t, s)`` must be for a jump to land at ``z_s``: Eq. 6 solved for g."""
    ratio = column(stretch.s / stretch.t)
    return (stretch.z_s - ratio * stretch.z_t) / (1 - ratio)


def check_way(config: FollowTraining, student: DiT, trajectories: Trajectories, source: LatentSource) -> None:
    """Raise UserError unless the student can follow these trajectories, beside these data, by this configuration."""
    for name in ("sigma_min", "sigma_max", "rho"):
        mine, theirs = getattr(config, name), getattr(trajectories.config, name)
        if mine != theirs:
            raise UserError(f"{name} is {mine:g}, the trajectories were recorded with {theirs:g}; set it to that")
    channels, frames, width = trajectories.sizes
    if (student.config.channels, student.config.context_dim) != (channels, width):
        raise UserError(
            f"the student takes {student.config.channels} latent channels and text of {student.config.context_dim} "
            f"numbers, the trajectories have {channels} and {width}; record those of its own teacher"
        )
    there = source.batch(0, 1, 0.0).z_0.shape[-1]
    if there != frames:
        raise UserError(f"the data have {there} latent frames, the trajectories {frames}; give the data of both")


class FollowTask(Task):
    """``L = lambda(t) |g(z_t, t, s) - aim|^2 + dsm_weight L_DSM``, with the ``lambda`` of :func:`level_weight` in both:
    errors of the raw network count the same at every level. The trajectory's two ends are known, so nothing is
    solved."""

    def __init__(
        self, config: FollowTraining, student: DiT, trajectories: Trajectories, source: LatentSource, world: World,
        strategy: Strategy = "ddp",
    ) -> None:  # fmt: skip
        super().__init__(config, student.config, source, world)
        check_way(config, student, trajectories, source)
        self.config: FollowTraining = config
        self.trajectories = trajectories
        self.identity |= {"trajectories": trajectories.identity}
        network = self.take_up(self.build(student.config), config.start, student)
        self.trainee = Trainee(network, config.optimizer, world, strategy, {KEPT: (config.ema, True)})
        self.compile_blocks(self.trainee.module)
        self.parts = {"student": self.trainee}

    def backward(self, z_0: Tensor, conditioning: Conditioning, index: int, part: int, rows: slice) -> Figures:
        """Add the gradient of one part of a batch: as many stretches as clips."""
        config, device = self.config, self.world.device
        size = config.batch // config.accumulate
        generator = generator_of(config.seed, index, part)
        stretch = self.trajectories.draw(size, config.from_top, config.to_end, generator).share(rows, device)
        sigma = log_normal(size, config.noise, generator)[rows].to(device)
        omega = config.omega_min + (config.omega_max - config.omega_min) * torch.rand(size, generator=generator)
        noise = torch.randn((size, *z_0.shape[1:]), generator=generator)[rows].to(device)
        t, s = torch.cat([stretch.t, sigma]), torch.cat([stretch.s, sigma])
        z = torch.cat([stretch.z_t, z_0 + column(sigma) * noise])
        text = Conditioning.cat([stretch.conditioning, conditioning])
        said = torch.cat([stretch.omega, omega[rows].to(device)])
        with arithmetic(config.precision, device.type):
            F = self.trainee.network(column(c_in(t)) * z, c_noise(t), text, c_noise_s=c_noise(s), omega=said)
        g, denoised = precondition(F.float(), z, t).split([len(stretch.t), len(sigma)])
        followed = (level_weight(stretch.t) * (g - aim(stretch)).square().mean((1, 2))).mean()
        dsm = dsm_loss(denoised, z_0, sigma)
        ((followed + config.dsm_weight * dsm) / config.accumulate).backward()
        return {name: float(self.world.mean(loss.detach())) for name, loss in (("follow", followed), ("dsm", dsm))}
