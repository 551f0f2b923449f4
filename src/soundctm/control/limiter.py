"""Full scale is the end of what a file holds: a gain for what would go beyond, so that nothing is cut off."""

import numpy as np
import torch
from torch import Tensor

SECONDS = 0.02  # over which the gain of a limiter falls and rises


def turned_down(x: Tensor) -> Tensor:
    """A sound beyond full scale with its peak brought there, all of it by one gain; any other as it is."""
    return x / x.abs().max().clamp_min(1.0)


def limited(x: Tensor, sample_rate: int, circular: bool = False) -> Tensor:
    """Sounds ``[..., length]`` within full scale by a gain that is 1 wherever there is room. For those whose level must
    stay: what was asked to follow a curve, or lies beside a recording. The gain of a ``circular`` sound has no seam."""
    if float(x.detach().abs().max()) <= 1.0:
        return x
    samples = x.detach().cpu().double().numpy()
    gain = room_beside(np.zeros_like(samples), samples, round(SECONDS * sample_rate), circular=circular)
    return x * torch.from_numpy(gain).to(x)


def room_beside(
    kept: np.ndarray, invented: np.ndarray, width: int, ceiling: float = 1.0, circular: bool = False
) -> np.ndarray:
    """Gain ``[..., length]`` in 0 to 1 for ``invented``, so that ``kept + gain * invented`` stays within ``ceiling``
    wherever ``kept`` itself does.

    The gain each sample needs, its minimum over ``width`` samples, then a Hann-weighted mean over as many: every value
    that enters the mean already leaves the sample its room, and the gain moves slowly. A ``circular`` sound goes on
    where it begins; of any other, the last value is repeated.
    """
    from scipy.ndimage import minimum_filter1d  # these take a while to load
    from scipy.signal import get_window

    sign = np.sign(kept + invented)
    over = (np.abs(kept + invented) > ceiling) & (sign * invented > 0)
    needed = np.ones_like(kept)
    needed[over] = np.clip((ceiling - (sign * kept)[over]) / (sign * invented)[over], 0.0, 1.0)
    width += 1 - width % 2
    lowest = minimum_filter1d(needed, width, axis=-1, mode="wrap" if circular else "nearest")
    weights = get_window("hann", width + 2, fftbins=False)[1:-1]
    margins = [*[(0, 0)] * (kept.ndim - 1), (width // 2, width // 2)]
    padded = np.pad(lowest, margins, mode="wrap" if circular else "edge")
    gain: np.ndarray = np.apply_along_axis(np.convolve, -1, padded, weights / weights.sum(), mode="valid")
    return gain
