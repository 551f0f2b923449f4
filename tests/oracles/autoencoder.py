"""Sines to train autoencoders on, and configurations that do it in seconds."""

import math
import signal
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.autoencoder import DACConfig, SpectralConfig
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.discriminators import DiscriminatorConfig
from soundctm.training.mel_loss import MelLossConfig
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.spectral_config import Adversary, SpectralTraining


class Sines:
    """Sines of random frequency and level. With ``stop_at`` the step of that index, on its way, is asked to be the
    last one: as by Ctrl-C from outside, once."""

    def __init__(self, seed: int = 0, sample_rate: int = 8000, stop_at: int | None = None, pause: float = 0) -> None:
        self.pause = pause
        self.seed, self.sample_rate, self.stop_at = seed, sample_rate, stop_at
        self.identity = f"sines at {sample_rate} Hz, seed {seed}"

    def crops(self, index: int, size: int, length: int) -> Tensor:
        if index == self.stop_at:
            self.stop_at = None
            signal.raise_signal(signal.SIGINT)
        time.sleep(self.pause)
        rng = np.random.default_rng((self.seed, index))
        f, level, phase = rng.uniform(100, 1500, size), rng.uniform(0.2, 0.8, size), rng.uniform(0, 6.28, size)
        t = np.arange(length) / self.sample_rate
        x = level[:, None] * np.sin(2 * math.pi * f[:, None] * t + phase[:, None])
        return torch.from_numpy(x.astype(np.float32))


FAST = OptimizerConfig(name="adamw", learning_rate=3e-3, betas=(0.8, 0.99), clip=10.0)
TINY_SIZES = DACConfig(
    sample_rate=8000, encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=4
)
TINY_DISCRIMINATORS = DiscriminatorConfig(
    periods=(2, 3), period_widths=(4, 8), windows=(128,), band_edges=(0.0, 0.4, 1.0), band_width=4
)


def tiny_training(**changes: Any) -> AutoencoderTraining:
    """The Gaussian DAC against its discriminators, all of them tiny, for 6 steps."""
    defaults: dict[str, Any] = {
        "steps": 6, "batch": 4, "crop_frames": 64, "autoencoder": TINY_SIZES, "discriminators": TINY_DISCRIMINATORS,
        "mel": MelLossConfig(windows=(64, 256), mels=(8, 20)), "optimizer": FAST, "discriminator_optimizer": FAST,
        "statistics_batches": 3,
    }  # fmt: skip
    return AutoencoderTraining(**(defaults | changes))


SPECTRAL_SIZES = SpectralConfig(
    sample_rate=8000, n_fft=256, frame_hop=64, bands=40, channels=52, width=16, depth=1
)  # the basis has 52 x 80 entries: enough to be stored as int8
TINY_ADVERSARY = Adversary(discriminators=TINY_DISCRIMINATORS, lead=0.25)


def tiny_spectral(**changes: Any) -> SpectralTraining:
    """The spectral autoencoder, tiny, for 4 steps; on spectral distances alone."""
    defaults: dict[str, Any] = {
        "steps": 4, "batch": 2, "crop_frames": 20, "autoencoder": SPECTRAL_SIZES, "fit_clips": 30, "fit_seconds": 0.5,
    }  # fmt: skip
    return SpectralTraining(**(defaults | changes))
