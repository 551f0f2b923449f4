"""What training the paper's autoencoder depends on, and which of the two autoencoders a file is for."""

import math
from typing import Literal

from pydantic import BaseModel, Field, PositiveInt, model_validator

from soundctm.autoencoder.dac import DACConfig
from soundctm.training.autoencoder_objective import AutoencoderLossWeights
from soundctm.training.config import Budget, read_config
from soundctm.training.discriminators import DiscriminatorConfig
from soundctm.training.mel_loss import MelLossConfig
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.precision import Precision
from soundctm.training.spectral_config import SpectralTraining

BETAS = (0.8, 0.99)


class AutoencoderTraining(Budget):
    """A Gaussian DAC against its discriminators. Sizes and loss weights are the paper's (appendix D.2), everything else
    is what the codec was published with (Kumar et al. 2023), which the paper follows.

    ``batch`` crops make one step, over all
    processes together, each of ``crop_frames`` latent frames: 16 are 0.37 s at the paper's sizes. With ``accumulate``
    above 1 a process takes its crops in that many parts: the same step in less memory, but the autoencoder runs twice.
    ``rate_decay`` multiplies both learning rates at every step. The latents' statistics are those of
    ``statistics_batches`` batches.
    """

    kind: Literal["autoencoder"] = "autoencoder"
    batch: PositiveInt = 72
    accumulate: PositiveInt = 1
    crop_frames: PositiveInt = 16
    precision: Precision = "fp32"
    seed: int = Field(default=0, ge=0)
    autoencoder: DACConfig = DACConfig()
    discriminators: DiscriminatorConfig = DiscriminatorConfig()
    weights: AutoencoderLossWeights = AutoencoderLossWeights()
    mel: MelLossConfig = MelLossConfig()
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", learning_rate=1e-4, betas=BETAS, clip=1e3)
    discriminator_optimizer: OptimizerConfig = OptimizerConfig(name="adamw", learning_rate=1e-4, betas=BETAS, clip=10.0)
    rate_decay: float = Field(default=0.999996, gt=0, le=1)
    statistics_batches: PositiveInt = 64

    @property
    def length(self) -> int:
        """Samples of a crop."""
        return self.crop_frames * math.prod(self.autoencoder.encoder_rates)

    @model_validator(mode="after")
    def _fits(self) -> "AutoencoderTraining":
        longest = max(self.mel.windows)
        if self.length <= longest // 2:
            raise ValueError(
                f"a crop of {self.crop_frames} frames has {self.length} samples, but a mel window of {longest} needs "
                f"more than {longest // 2}; raise crop_frames or leave out long windows"
            )
        return self


class _Kind(BaseModel):
    """The one key that tells the configurations apart."""

    kind: Literal["autoencoder", "spectral"] = "autoencoder"


def read_autoencoder_config(reference: str) -> AutoencoderTraining | SpectralTraining:
    """The configuration of either autoencoder, by the ``kind`` of the file; errors as of
    :func:`~soundctm.training.config.read_config`."""
    if read_config(reference, _Kind).kind == "spectral":
        return read_config(reference, SpectralTraining)
    return read_config(reference, AutoencoderTraining)
