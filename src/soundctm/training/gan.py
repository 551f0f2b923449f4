"""The adversarial loss of a student on decoded sound: the option that the paper tried and left out (Table 6)."""

from typing import Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from soundctm.errors import UserError
from soundctm.training.adversarial import discriminator_loss, generator_loss
from soundctm.training.discriminators import DiscriminatorConfig, Discriminators, Judgement
from soundctm.training.freezing import frozen
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.precision import Precision, arithmetic
from soundctm.training.trainee import Trainee
from soundctm.training.world import World


class Decoder(Protocol):
    """Normalised latents ``[B, C, T]`` to samples ``[B, length]`` at ``sample_rate``; gradients flow through."""

    @property
    def sample_rate(self) -> int: ...

    def __call__(self, z: Tensor) -> Tensor: ...


def decoder_of(decode: Decoder | None) -> Decoder:
    """The decoder that a GAN loss needs. None is a UserError."""
    if decode is None:
        raise UserError("the GAN loss judges sound and needs a decoder; give --listen MODEL, or leave gan out")
    return decode


class GanLoss(BaseModel):
    """``weight`` multiplies the adaptive weight, which makes the adversarial gradient at the last layer as long as that
    of the CTM loss. Sounds are judged in crops of ``crop_frames`` latent frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(default=1.0, gt=0)
    crop_frames: PositiveInt = 24
    discriminators: DiscriminatorConfig = DiscriminatorConfig()
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", learning_rate=1e-4, betas=(0.8, 0.99), clip=10.0)


class Adversary:
    """Discriminators that tell decoded estimates from decoded data. The data are decoded too: what the decoder itself
    does to a sound is no sign of the student."""

    def __init__(self, config: GanLoss, decode: Decoder, world: World, precision: Precision, seed: int) -> None:
        self.config, self.decode, self.precision, self.world = config, decode, precision, world
        torch.manual_seed(seed)
        self.trainee = Trainee(Discriminators(config.discriminators), config.optimizer, world)

    def crops(self, z_0: Tensor, estimate: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The same stretch of both, decoded: ``[B, length]`` each, gradients through the second."""
        frames = min(self.config.crop_frames, z_0.shape[-1])
        first = int(torch.randint(0, z_0.shape[-1] - frames + 1, (1,), generator=generator))
        stretch = slice(first, first + frames)
        with torch.autocast(z_0.device.type, enabled=False):  # rounding in the decoder is no sign of the student
            with torch.no_grad():
                real = self.decode(z_0[..., stretch].float())
            return real, self.decode(estimate[..., stretch].float())

    def judge(self, network: torch.nn.Module, x: Tensor) -> list[Judgement]:
        """What ``network``, the discriminators, says of ``x [B, length]``."""
        with arithmetic(self.precision, self.world.device.type):
            judgements: list[Judgement] = network(x)
        return judgements

    def generator_loss(self, fake: Tensor) -> Tensor:
        """What the student minimises; no gradient reaches the discriminators' weights."""
        with frozen(self.trainee.module):
            return generator_loss(self.judge(self.trainee.module, fake))

    def learn(self, real: Tensor, fake: Tensor, parts: int) -> Tensor:
        """Add the discriminators' gradient of one of ``parts`` of a batch; returns their loss."""
        both = self.judge(self.trainee.network, torch.cat([real, fake.detach()]))
        halves = [judgement.split([len(real), len(fake)]) for judgement in both]
        loss = discriminator_loss([real for real, _ in halves], [fake for _, fake in halves])
        (loss / parts).backward()
        return loss.detach()
