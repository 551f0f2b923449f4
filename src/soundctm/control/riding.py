"""A hand on the fader: what guidance has left between a finished sound and the level it was to follow."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.target import Target
from soundctm.control.curves import CURVES, curve_times


@torch.no_grad()
def ridden(x: Tensor, sample_rate: int, targets: Sequence[Target], most: float) -> Tensor:
    """A sound ``[1, 1, length]`` with its volume drawn after the targets of intensity among these, by at most ``most``
    dB up or down: a fader can neither find an event in silence nor should it turn up noise for one.

    Guidance puts events where they are to be, which costs content where it has to force levels as well; these the
    fader does for nothing. Where no target binds, nothing changes but for the way there.
    """
    times = curve_times(x.shape[-1], sample_rate)
    for target in targets:
        if target.feature == "intensity":
            values, bound = target.at(times)
            missing = np.where(bound, values - CURVES["intensity"](x, sample_rate)[0].cpu().numpy(), 0.0)
            decibels = np.interp(np.arange(x.shape[-1]) / sample_rate, times, missing.clip(-most, most))
            x = x * torch.from_numpy(10 ** (decibels / 20)).to(x)
    return x
