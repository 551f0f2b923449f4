"""Recordings that a take is made of: folded to mono, brought to the model's rate, found by their digests."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from soundctm.audio import Clip
from soundctm.audio.edit import Source
from soundctm.audio.io import STEP_16, from_pcm24, to_pcm24
from soundctm.audio.resample import resample, resampled_length
from soundctm.errors import UserError

RING = 2  # samples, at the lower of two rates, beside a cut top that resampling moves
Sources = Mapping[str, Clip]  # by digest


def waveform(clip: Clip, sample_rate: int) -> Tensor:
    """A recording as ``[1, 1, length]`` at ``sample_rate`` Hz: channels are averaged, samples those of its 24-bit file,
    so that a clip in memory and the file it was saved to give one and the same result."""
    mono = from_pcm24(to_pcm24(clip.samples)).mean(axis=0, keepdims=True)
    return torch.from_numpy(resample(mono, clip.sample_rate, sample_rate))[None]


def clipped_at(clip: Clip, level: float, sample_rate: int) -> Tensor:
    """Where any channel of a recording reaches ``level``, bool ``[length]`` at ``sample_rate`` Hz.

    A sample within a step of 16 bits of the level counts, as integers round. At another rate the cut tops ring, so the
    samples beside them count as well.
    """
    cut = np.flatnonzero((np.abs(clip.samples) >= level - STEP_16).any(axis=0))
    length = resampled_length(clip.samples.shape[1], clip.sample_rate, sample_rate)
    mask = torch.zeros(length, dtype=torch.bool)
    reach = 0 if sample_rate == clip.sample_rate else math.ceil(RING * max(1.0, sample_rate / clip.sample_rate))
    places = np.round(cut * sample_rate / clip.sample_rate).astype(np.int64)
    for offset in range(-reach, reach + 1):
        mask[torch.from_numpy(np.clip(places + offset, 0, length - 1))] = True
    return mask


def find(source: Source, sources: Sources, sample_rate: int) -> Tensor:
    """The waveform of the recording that a recipe names. Raises :class:`UserError` when it was not given."""
    return waveform(find_clip(source, sources), sample_rate)


def find_clip(source: Source, sources: Sources) -> Clip:
    """The recording that a recipe names. Raises :class:`UserError` when it was not given."""
    clip = sources.get(source.digest)
    if clip is None:
        given = f"{len(sources)}, and none of them is it" if sources else "none"
        raise UserError(
            f"this take was made from the recording {source.name} (digest {source.digest}), which is needed to make it "
            f"again: give it with --source FILE, or sources={{clip.digest: clip}} in Python; given: {given}"
        )
    return clip
