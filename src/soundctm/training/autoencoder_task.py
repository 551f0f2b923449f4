"""What the trainings of both autoencoders have in common: checks, the report of a batch, the sounds of the board."""

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from soundctm.autoencoder.posterior import Posterior
from soundctm.errors import UserError
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.runner import RunOptions

HEARD, HEARD_SECONDS = 4, 3.0  # sounds on the board


class Autoencoder(Protocol):
    """Waveforms ``[B, 1, length]`` to latents and back."""

    sample_rate: int
    hop: int

    def encode(self, x: Tensor) -> Posterior: ...

    def decode(self, z: Tensor) -> Tensor: ...


def check_rate(wanted: int, source: WaveformSource) -> None:
    """Raise UserError unless the sounds have the autoencoder's sample rate."""
    if source.sample_rate != wanted:
        raise UserError(
            f"the sounds have {source.sample_rate} Hz, the autoencoder is for {wanted} Hz; "
            "set autoencoder.sample_rate, or prepare the data at that rate"
        )


def check_strategy(options: RunOptions) -> None:
    """Raise UserError unless every process trains a whole copy."""
    if options.strategy != "ddp":
        raise UserError(
            f"an autoencoder trains with strategy ddp, not {options.strategy}; its layers are too small to shard"
        )


def crop_report(x: Tensor) -> dict[str, Any]:
    """Peak, level and flaws of every crop of ``x [B, length]``."""
    x = x.double()
    flaws = (~x.isfinite()).sum(1)
    return {"peak": x.abs().amax(1).tolist(), "rms": x.square().mean(1).sqrt().tolist(), "flaws": flaws.tolist()}


@torch.no_grad()
def before_and_after(
    autoencoder: Autoencoder, source: WaveformSource, device: torch.device
) -> dict[str, tuple[np.ndarray, int]]:
    """Some sounds ``[length]`` before and after the autoencoder, with the sample rate, by name."""
    length = max(1, round(HEARD_SECONDS * autoencoder.sample_rate / autoencoder.hop)) * autoencoder.hop
    x = source.crops(0, HEARD, length)
    x_hat = autoencoder.decode(autoencoder.encode(x[:, None].to(device)).mode)[:, 0].cpu()
    sounds = {"before": x, "after": x_hat}
    return {
        f"{name}/{i}": (sound.numpy(), autoencoder.sample_rate)
        for name, batch in sounds.items() for i, sound in enumerate(batch)
    }  # fmt: skip
