"""Fundamental frequency as a differentiable function of a sound, after SWIPE' (Camacho and Harris 2008).

Every candidate has a kernel over the amplitude spectrum: positive lobes at itself and at its prime multiples, where no
lower candidate can hide, and negative ones half-way between. The inner product with the square root of the amplitudes
is the candidate's salience; pitch is the mean of ``log2`` of the candidates under a softmax of it. The paper adapts its
window to each candidate and works on the ERB scale; one window of 0.1 s and lobes that fall with the multiple take the
place of that here.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from soundctm.control.frames import FLOOR, LONG_FRAME_SECONDS, power_spectrum

LOWEST, HIGHEST = 60.0, 2000.0  # Hz, where readings are sound; candidates reach a third of an octave further
PER_OCTAVE = 48
PRIMES = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
LOBE_DECAY = 0.4  # of a lobe with its multiple: what makes a sine read as itself and not as the second partial below
BOTTOM, TOP = 20.0, 8000.0  # Hz of the spectrum that counts
SHARPNESS = 40.0  # of the softmax, relative to the best salience
FAINT = 0.05  # salience below which the softmax loses its sharpness; white noise reaches about 0.04
VOICED = 0.1  # salience at 2 kHz above which a frame has a pitch; lower tones, which fill more of a kernel, need more


@lru_cache(maxsize=1)
def candidates() -> np.ndarray:
    """Candidate fundamentals in Hz, ``[n]``, geometric."""
    reach = 2 ** (1 / 3)
    count = round(PER_OCTAVE * np.log2(HIGHEST / LOWEST * reach**2)) + 1
    return np.asarray(LOWEST / reach * 2 ** (np.arange(count) / PER_OCTAVE))


@lru_cache(maxsize=8)
def _kernels(bins: int, rate: int) -> np.ndarray:
    """Kernels ``[bins, candidates]`` over frequencies from 0 to Nyquist; a flat spectrum scores 0 with each."""
    f = np.linspace(0, rate / 2, bins)
    multiple = f / candidates()[:, None]
    kernel = np.zeros_like(multiple)
    for prime in PRIMES:
        distance = np.abs(multiple - prime)
        lobe = np.where(distance < 0.25, 1.0, 0.5) * (distance < 0.75)  # valleys are shared with the next multiple
        kernel += prime**-LOBE_DECAY * lobe * np.cos(2 * np.pi * multiple)
    heard = (f > BOTTOM) & (f < TOP)
    kernel *= np.where(heard, 1 / np.sqrt(np.maximum(f, BOTTOM)), 0.0)
    kernel /= np.sqrt(np.square(np.maximum(kernel, 0.0)).sum(1, keepdims=True))
    kernel -= np.where(heard, kernel.sum(1, keepdims=True) / heard.sum(), 0.0)
    return kernel.T.copy()


def salience(x: Tensor, rate: int) -> Tensor:
    """How well each candidate explains each frame, ``[B, frames, candidates]`` in [-1, 1], of ``x [B, 1, length]``."""
    power = power_spectrum(x, rate, LONG_FRAME_SECONDS)
    bins = power.shape[-1]
    loudness = (power + FLOOR / bins) ** 0.25  # square root of amplitude; the floor keeps its gradient finite
    f = torch.linspace(0, rate / 2, bins, device=x.device)
    loudness = loudness * ((f > BOTTOM) & (f < TOP))
    kernels = torch.from_numpy(_kernels(bins, rate)).to(x)
    return (loudness / loudness.square().sum(-1, keepdim=True).sqrt()) @ kernels


def pitch(x: Tensor, rate: int) -> Tensor:
    """Fundamental in Hz, ``[B, frames]``, of ``x [B, 1, length]``.

    From 60 to 2,000 Hz a harmonic sound reads within a tenth of a semitone and a sine, which one lobe alone places,
    within a third. A sound without pitch has no right answer: noise wanders over all candidates from frame to frame,
    digital silence reads their geometric mean, 347 Hz. Several sounds at once read as the strongest, and as a mean
    where two are about equal.
    """
    scores = salience(x, rate)
    best = scores.amax(-1, keepdim=True)
    shares = torch.softmax(SHARPNESS * scores / (best.square() + FAINT**2).sqrt(), dim=-1)
    return torch.exp2(shares @ torch.from_numpy(np.log2(candidates())).to(x))


def voiced(x: Tensor, rate: int) -> Tensor:
    """Where a frame has a pitch, bool ``[B, frames]``: a candidate explains it better than broad noise lets any.

    A band of noise a few semitones wide has one as well, as it has to the ear.
    """
    needed = VOICED * (HIGHEST / candidates()) ** 0.25
    return (salience(x, rate) > torch.from_numpy(needed).to(x)).any(-1)
