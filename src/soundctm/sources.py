"""Recordings that a take is made of: folded to mono, brought to the model's rate, found by their digests."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from soundctm.audio import Clip
from soundctm.audio.edit import Source
from soundctm.audio.io import from_pcm24, to_pcm24
from soundctm.audio.resample import resample
from soundctm.errors import UserError

Sources = Mapping[str, Clip]  # by digest


def check_source(clip: Clip, name: str) -> None:
    """Raise :class:`UserError` unless a recording has samples, all of them finite."""
    if not clip.samples.shape[1]:
        raise UserError(f"{name} has no samples; give a recording that sounds")
    if not np.isfinite(clip.samples).all():
        raise UserError(f"{name} has samples that are no numbers (NaN or infinite); mend the file first")


def waveform(clip: Clip, sample_rate: int) -> Tensor:
    """A recording as ``[1, 1, length]`` at ``sample_rate`` Hz: channels are averaged, samples those of its 24-bit file,
    so that a clip in memory and the file it was saved to give one and the same result."""
    mono = from_pcm24(to_pcm24(clip.samples)).mean(axis=0, keepdims=True)
    return torch.from_numpy(resample(mono, clip.sample_rate, sample_rate))[None]


def find(source: Source, sources: Sources, sample_rate: int) -> Tensor:
    """The waveform of the recording that a recipe names. Raises :class:`UserError` when it was not given."""
    clip = sources.get(source.digest)
    if clip is None:
        given = ", ".join(sources) or "none"
        raise UserError(
            f"this take was made from the recording {source.name} (digest {source.digest}), which is needed to make it "
            f"again; recordings given: {given}"
        )
    return waveform(clip, sample_rate)
