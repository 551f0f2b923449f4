"""Whether the tops of a sound were cut off."""

import numpy as np

TOP = 0.99  # of the loudest sample: what was cut off lies above
LOUDEST, BESIDE, UPPER = 0.998, 0.98, 0.9  # of the loudest sample: the very top, and where what is beside it begins
FEWEST = 5  # samples at the very top of what was cut off
GATHERED, FLAT = 1.5, 3  # there are so many times those beside it, or where the top is flat of the upper tenth
SPREAD = 0.6  # of the hundredths below the top that have a sample in them


def looks_clipped(samples: np.ndarray) -> bool:
    """Whether samples ``[channels, length]`` gather at the loudest level in some channel, as tops that were cut do.

    The top of a whole wave is round: a sine has half as many samples in the last 0.2 % below its loudest as in the
    2 % before, however loud and fast it is. What was cut has many times more.
    """
    loudest = float(np.abs(samples).max(initial=0.0))
    return loudest > 0 and any(_gathers(channel / loudest) for channel in samples)


def _gathers(x: np.ndarray) -> bool:
    """The same of a channel ``[length]`` whose loudest sample is 1 at most.

    A tone in step with the sample rate, as 1 kHz at 48 kHz, has few values and gathers at each of them. It is told by
    the values that it leaves out, and was cut only where its top is flat for three samples in a row and holds most of
    what lies near it: a whole tone that is slow enough for three has more samples beside its top.
    """
    level = np.abs(x)
    top = level >= LOUDEST
    count, beside, upper = int(top.sum()), *(int(((level >= edge) & ~top).sum()) for edge in (BESIDE, UPPER))
    if count < FEWEST or count <= GATHERED * beside:
        return False
    if (np.histogram(level, np.linspace(0.25, TOP, 75))[0] > 0).mean() >= SPREAD:
        return True
    high = np.where(top, np.sign(x), np.nan)  # not a number is equal to nothing
    middle = (high[:-2] == high[1:-1]) & (high[1:-1] == high[2:])
    flat = np.convolve(middle, np.ones(3)) > 0  # with the samples on both sides
    return 2 * int(flat.sum()) >= count > FLAT * upper
