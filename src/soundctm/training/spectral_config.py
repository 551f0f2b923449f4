"""What training the embedded model's autoencoder depends on."""

from typing import Literal

from pydantic import Field, PositiveInt

from soundctm.autoencoder.istft import SpectralConfig
from soundctm.training.autoencoder_objective import AutoencoderLossWeights
from soundctm.training.config import Budget, Frozen
from soundctm.training.discriminators import DiscriminatorConfig
from soundctm.training.loop import WARMUP, Schedule
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.precision import Precision

BETAS = (0.8, 0.95)


class Adversary(Frozen):
    """Discriminators that the decoder learns against; sizes are for minutes on a few CPU cores.

    ``lead`` is the share of the budget in which they learn alone. ``weights.kl`` has nothing to weigh: the encoder does
    not learn.
    """

    discriminators: DiscriminatorConfig = DiscriminatorConfig(period_widths=(8, 32, 64, 128, 128), band_width=16)
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", learning_rate=4e-4, betas=BETAS, clip=10.0)
    weights: AutoencoderLossWeights = AutoencoderLossWeights(reconstruction=15.0)
    lead: float = Field(default=0.04, ge=0, lt=1)


class SpectralTraining(Budget):
    """The spectral autoencoder: a codec that is fitted, and a decoder that learns to draw the rest.

    ``batch`` crops make one step, over all processes together, each of ``crop_frames`` latent frames: 44 are 1.02 s at
    the embedded model's sizes. ``ema`` is the rate of the weights that are kept. ``optimizer`` is the decoder's.
    ``schedule`` and ``warmup`` are those of every training; the decoder's begin after the discriminators' lead.

    The codec is fitted on ``fit_clips`` crops of ``fit_seconds``; silence after the end of a shorter sound counts, so
    ``fit_seconds`` should not exceed the length of the sounds. ``adversary`` adds discriminators to the spectral energy
    distance, and ``precision`` is the arithmetic of their layers; everything else is float32.
    """

    kind: Literal["spectral"] = "spectral"
    batch: PositiveInt = 12
    crop_frames: PositiveInt = 44
    precision: Precision = "bf16"
    seed: int = Field(default=0, ge=0)
    schedule: Schedule = "cosine"
    warmup: float = Field(default=WARMUP, ge=0, lt=1)
    ema: float = Field(default=0.998, ge=0, lt=1)
    optimizer: OptimizerConfig = OptimizerConfig(
        name="adamw", learning_rate=1.5e-3, betas=BETAS, weight_decay=1e-3, clip=1.0
    )
    autoencoder: SpectralConfig = SpectralConfig()
    fit_clips: PositiveInt = 1500
    fit_seconds: float = Field(default=5.0, gt=0)
    adversary: Adversary | None = None

    @property
    def hop(self) -> int:
        """Samples of a latent frame."""
        return self.autoencoder.frame_hop * self.autoencoder.stack

    @property
    def length(self) -> int:
        """Samples of a crop."""
        return self.crop_frames * self.hop

    @property
    def fit_length(self) -> int:
        """Samples of a crop that the codec is fitted on, a whole number of latent frames."""
        return max(1, round(self.fit_seconds * self.autoencoder.sample_rate / self.hop)) * self.hop
