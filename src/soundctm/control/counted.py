"""How far latents are from a number of events."""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from soundctm.audio.events import counts_of_power, miscounted
from soundctm.control.codec import Codec
from soundctm.control.guidance import LatentLoss

NEAR = 0.25  # a sound that has another number in a larger share of the ways of looking is not decoded to be heard


def miscount(
    codec: Codec, waveform: Callable[[Tensor], Tensor], length: int, number: int, circle: bool = False
) -> LatentLoss:
    """The share of the ways of looking in which a sound ``[1, C, T]`` of ``length`` samples has another ``number`` of
    events (:mod:`soundctm.audio.events`), ``[1]``: 0 where it clearly has so many.

    Its power is looked at first, where the autoencoder reads it from the latents. Only what has the number there, or
    nearly, is made a ``waveform [1, 1, length]``, which is most of the work; the larger of the two shares counts.
    """

    def share(z: Tensor) -> float:
        read, roughly = codec.power(z, length), 0.0
        if read is not None:
            power, frame = read
            roughly = float(np.mean(counts_of_power(power.cpu().double().numpy(), frame, circle) != number))
        if roughly > NEAR:
            return roughly
        return max(roughly, miscounted(waveform(z)[0, 0].float().cpu().numpy(), codec.sample_rate, number, circle))

    return lambda z: z.new_tensor([share(z)])
