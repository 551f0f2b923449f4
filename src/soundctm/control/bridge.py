"""Where the generated meets the observed: crossfades from linear prediction, and limits on how fast a sound moves."""

import numpy as np

from soundctm.control.extrapolation import ORDER, burg, extrapolate, prediction_error

CONTEXT = 4096  # samples of the known side that a prediction is fitted to


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """``(start, stop)`` of every stretch of True in ``mask [n]``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def rise(distance: np.ndarray, fade: int) -> np.ndarray:
    """Raised cosine of a ``distance`` in samples from the last known one: 0 at 0, 1 beyond ``fade``."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / (fade + 1), 0, 1))


def gap_weights(count: int, fade: int, before: bool, after: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares ``[count]`` of what is predicted from before a gap, generated, and predicted from after it; they sum to 1.

    The generated rises over ``fade`` samples from each known side. In a gap shorter than two fades it does not come up
    fully, and where both fades overlap the two predictions are crossfaded, so that each border still meets its own.
    """
    n = np.arange(count)
    generated = (rise(n + 1, fade) if before else np.ones(count)) * (rise(count - n, fade) if after else 1.0)
    if before and after:
        first, last = max(0, count - fade), min(fade, count)  # where both fades overlap
        share = 1 - rise(n - first + 1, last - first) if last > first else (n < count / 2).astype(np.float64)
    else:
        share = np.full(count, float(before))
    return (1 - generated) * share, generated, (1 - generated) * (1 - share)


def innovation(x: np.ndarray, count: int) -> np.ndarray:
    """What is new in each of the first ``count`` samples of ``x [n]``, given those that follow: white, ``[count]``.

    Seen backwards, so that only ``x`` itself is needed and not what came before; 0 where too little follows.
    """
    near = x[:CONTEXT][::-1]
    error = prediction_error(near, burg(near, min(ORDER, len(near) // 3)))[::-1][:count]
    return np.pad(error, (0, count - len(error)))


def go_on(known: np.ndarray, x: np.ndarray, count: int) -> np.ndarray:
    """``known [n]`` going on for ``count`` samples, its noise driven by what is new in ``x``, which it fades into: so
    the two are alike, and a crossfade has no dip."""
    return extrapolate(known[-CONTEXT:], count, innovation=innovation(x, count))


def fill_gaps(x: np.ndarray, observed: np.ndarray, known: np.ndarray, fade: int) -> np.ndarray:
    """``observed [n]`` where ``known [n]``; each gap holds ``x [n]``, crossfaded from how its sides would go on.

    A prediction is fitted to the known stretch beside the gap, at most :data:`CONTEXT` samples of it.
    """
    filled = np.where(known, observed, x)
    stretches = runs(known)
    for start, stop in runs(~known):
        inside, reach = x[start:stop], min(stop - start, fade)
        before = [observed[a:b] for a, b in stretches if b == start]
        after = [observed[a:b] for a, b in stretches if a == stop]
        w_before, w_x, w_after = gap_weights(stop - start, fade, bool(before), bool(after))
        filled[start:stop] = w_x * inside
        for known_side in before:
            filled[start : start + reach] += w_before[:reach] * go_on(known_side, inside, reach)
        for known_side in after:
            filled[stop - reach : stop] += (go_on(known_side[::-1], inside[::-1], reach) * w_after[::-1][:reach])[::-1]
    return filled


def limit_slopes(x: np.ndarray, observed: np.ndarray, clipped: np.ndarray) -> np.ndarray:
    """``x [n]`` with every run of one sign where ``observed [n]`` is ``clipped [n]`` held below two lines.

    The lines leave its neighbours and rise by the largest step of the observed: what the sound is known to do, since
    clipping only makes steps smaller. A run that touches an end of the sound has one line.
    """
    slope, limited = float(np.abs(np.diff(observed)).max()), x.copy()
    for sign in (1.0, -1.0):
        for start, stop in runs(clipped & (sign * observed > 0)):
            n = np.arange(start, stop)
            left = sign * observed[start - 1] + slope * (n - start + 1) if start > 0 else np.inf
            right = sign * observed[stop] + slope * (stop - n) if stop < len(x) else np.inf
            limited[start:stop] = sign * np.minimum(sign * x[start:stop], np.minimum(left, right))
    return limited
