"""Phases for a magnitude spectrogram: sinusoids that run on from frame to frame, and clicks inside a frame.

A phase is given at the centre of its frame. The discrete Fourier transform counts from the frame's start, which adds
``pi k`` at bin ``k``; inside the main lobe of a Hann window all bins of one sinusoid then share one phase.

Phases are returned as cosines and sines. A frame has fewer peaks than bins, and the bins of a click turn evenly: most
bins need no transcendental function of their own.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GRAIN = 2**32  # counts to a radian: running phases are whole numbers (int64), so that no sum of them is rounded
STRIDE = 128  # bins from one click phase that is computed outright to the next


def _peaks(log_magnitude: Tensor) -> tuple[Tensor, Tensor]:
    """The peaks of ``log_magnitude [B, M, K]``: their bins ``[B, M, J]``, and which of them is nearest to each bin, the
    lower of two: ``[B, M, K]``, 1 for the first.

    ``J`` has room for as many peaks as ``K`` bins can hold. Slot 0 and those behind the last peak hold some bin.
    """
    bins = log_magnitude.shape[-1]
    rises = log_magnitude[..., 1:] >= log_magnitude[..., :-1]
    peak = F.pad(rises, (1, 0), value=True) & F.pad(~rises, (0, 1), value=True)  # up to it, down from it: at least one
    index = torch.arange(bins, device=peak.device)
    passed = peak.cumsum(-1)  # how many peaks up to each bin, which is the slot of the last of them
    places = torch.full((*peak.shape[:-1], (bins + 1) // 2 + 2), 3 * bins, device=peak.device)
    places.scatter_(-1, passed * peak, index.expand_as(passed))  # what is no peak goes to slot 0
    places[..., 0] = -3 * bins
    reach = (places[..., :-1] + places[..., 1:]) >> 1  # the last bin that belongs to a peak, half way to the next
    return places.clamp_(0, bins - 1), passed.add_(index > reach.gather(-1, passed))


def _frequency(log_magnitude: Tensor) -> Tensor:
    """Frequency in bins ``[B, M, K]`` of each bin as a peak: the vertex of a parabola through three bins."""
    a, b, c = log_magnitude[..., :-2], log_magnitude[..., 1:-1], log_magnitude[..., 2:]
    curvature = torch.sub(a, b, alpha=2).add_(c).clamp_max_(-1e-4)
    frequency = torch.arange(log_magnitude.shape[-1], device=a.device, dtype=a.dtype).repeat(*a.shape[:-1], 1)
    frequency[..., 1:-1] += (a - c).mul_(0.5).div_(curvature).clamp_(-0.5, 0.5)
    return frequency


def _run(advance: Tensor, origin: Tensor) -> Tensor:
    """``theta[m, j] = theta[m - 1, origin[m, j]] + advance[m, j]`` for all frames ``[B, M, J]``; 0 before the first.

    One frame is a map of phases (gather, then add), and so are two, one after the other. The second frames of all pairs
    are found as half as many maps, the first frames from those: ``log2 M`` rounds, and work in proportion to ``M``.
    """
    frames = advance.shape[1]
    if frames == 1:
        return advance
    first, second, later = slice(0, frames // 2 * 2, 2), slice(1, None, 2), slice(2, None, 2)
    into = origin[:, second]
    theta = torch.empty_like(advance)
    theta[:, 0] = advance[:, 0]
    theta[:, second] = _run(advance[:, first].gather(-1, into) + advance[:, second], origin[:, first].gather(-1, into))
    theta[:, later] = theta[:, 1 : frames - 1 : 2].gather(-1, origin[:, later]) + advance[:, later]
    return theta


def sinusoid_phasor(log_magnitude: Tensor, n_fft: int, hop: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine ``[B, M, K]`` of running phases at frame centres, from log magnitudes ``[B, M, K]``. No gradient
    passes.

    Each bin follows its nearest peak ``p``: ``theta[m, k] = theta[m - 1, p(m, k)] + 2 pi hop f_p / n_fft``, from 0 (a
    phase vocoder with identity phase locking, Laroche and Dolson 1999). All bins of a peak have its phase, so phases
    run from the peaks of one frame to those of the next.
    """
    log_magnitude = log_magnitude.detach()
    place, nearest = _peaks(log_magnitude)
    radians = _frequency(log_magnitude).gather(-1, place).mul_(2 * math.pi * hop / n_fft)
    origin = F.pad(nearest[:, :-1].gather(-1, place[:, 1:]), (0, 0, 1, 0))  # the first frame has none
    theta = _run(radians.mul_(GRAIN).long(), origin)
    turn = round(float(torch.tensor(2 * math.pi, dtype=radians.dtype)) * GRAIN)
    theta -= (theta.to(radians.dtype) * (1 / turn)).long() * turn  # nearly all full turns: a float counts them well
    radians = theta.to(radians.dtype).mul_(1 / GRAIN)
    return radians.cos().gather(-1, nearest), radians.sin().gather(-1, nearest)


def click_delay(power: Tensor, hop: int) -> Tensor:
    """Delay in samples ``[B, M]`` of the energy around each frame centre: the centroid over five frames of
    ``power [B, M]``. For a single click it points at the click from every frame that holds it."""
    weights = F.pad(power, (2, 2)).unfold(-1, 5, 1)
    offsets = hop * torch.arange(-2.0, 3.0, device=power.device)
    return (weights * offsets).sum(-1) / weights.sum(-1).clamp_min(1e-12)


def click_phasor(delay: Tensor, n_fft: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine ``[B, M, n_fft // 2 + 1]`` of a click's phases ``-2 pi k delay / n_fft``, ``delay [B, M]`` in
    samples. By the addition theorem: the phase of every 128th bin, plus that of up to 127 bins."""
    bins = n_fft // 2 + 1
    slope = (-2 * math.pi / n_fft * delay)[..., None, None]
    far = slope * torch.arange(0, bins, STRIDE, device=delay.device)[:, None]
    near = slope * torch.arange(min(bins, STRIDE), device=delay.device)
    far_cos, far_sin, near_cos, near_sin = far.cos(), far.sin(), near.cos(), near.sin()
    cos = torch.addcmul(far_cos * near_cos, far_sin, near_sin, value=-1)
    sin = torch.addcmul(far_sin * near_cos, far_cos, near_sin)
    return cos.flatten(-2)[..., :bins], sin.flatten(-2)[..., :bins]
