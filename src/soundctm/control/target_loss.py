"""How far the sound of clean latents is from its targets."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.target import Target
from soundctm.control.curves import CURVES
from soundctm.control.frames import curve_times


class TargetLoss:
    """``sum_i w_i mean_m ((f_i(D(z))_m - y_im) / scale_i)^2`` over the frames ``m`` that target ``i`` binds.

    ``f`` is the curve of the target's feature, ``scale`` what counts as one in it, ``decode`` gives the waveform
    ``[B, 1, length]`` at ``sample_rate`` Hz. Latents ``[B, C, T] -> [B]``.
    """

    def __init__(
        self, decode: Callable[[Tensor], Tensor], sample_rate: int, targets: Sequence[Target], length: int
    ) -> None:
        self.decode = decode
        self.sample_rate = sample_rate
        times = curve_times(length, sample_rate)
        self.wanted = []
        for target in targets:
            values, bound = (torch.from_numpy(each) for each in target.at(times))
            self.wanted.append((target, CURVES[target.feature].compare(values.float()), bound.float()))

    def __call__(self, z: Tensor) -> Tensor:
        x = self.decode(z)
        total = x.new_zeros(len(x))
        for target, values, bound in self.wanted:
            curve = CURVES[target.feature]
            found = curve.compare(curve(x, self.sample_rate, target.low, target.high))
            error = ((found - values.to(x.device)) / curve.scale).square() * bound.to(x.device)
            total = total + target.weight * error.sum(1) / bound.sum()
        return total


def deviations(samples: np.ndarray, sample_rate: int, targets: Sequence[Target]) -> list[float]:
    """RMS difference of ``samples [1, length]`` from each target over the time it binds: dB, octaves, or a share."""
    x = torch.from_numpy(samples)[None]
    times = curve_times(samples.shape[1], sample_rate)
    out = []
    for target in targets:
        curve = CURVES[target.feature]
        values, bound = target.at(times)
        found = curve.compare(curve(x, sample_rate, target.low, target.high))[0].numpy()
        wanted = curve.compare(torch.from_numpy(values)).numpy()
        out.append(float(np.sqrt(np.square(found - wanted)[bound].mean())))
    return out
