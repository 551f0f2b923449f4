"""Linear prediction: how a sound would go on from what is known of it (Burg 1975)."""

import numpy as np

ORDER = 256
_EXHAUSTED = 1e-28  # part of the power that rounding leaves of a perfectly predictable sound


def burg(samples: np.ndarray, order: int) -> np.ndarray:
    """Coefficients ``a`` of ``x[n] ~ sum_k a[k] x[n - 1 - k]`` for ``samples [n]``: float64, at most ``order`` of them.

    Burg's recursion minimises the forward and backward errors without a window, so that short stretches keep their
    tones sharp, and its reflection coefficients are at most 1 in magnitude, so that no prediction grows. The recursion
    ends early where nothing is left to predict: a tone alone needs two coefficients, silence none.
    Raises ValueError when there are fewer than ``order + 1`` samples.
    """
    if samples.ndim != 1 or order < 0 or len(samples) <= order:
        raise ValueError(f"burg: order {order} needs [n] samples with n > {order}, got {samples.shape}")
    forward = backward = samples.astype(np.float64)
    a = np.ones(1)  # of the prediction error, x[n] + a[1] x[n-1] + ...
    enough = _EXHAUSTED * 2 * np.mean(np.square(forward))
    for _ in range(order):
        forward, backward = forward[1:], backward[:-1]
        power = forward @ forward + backward @ backward
        if power <= enough * len(forward):
            break
        k = -2 * (forward @ backward) / power
        forward, backward = forward + k * backward, backward + k * forward
        a = np.append(a, 0.0)
        a = a + k * a[::-1]
    return -a[1:]


def prediction_error(samples: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """``x[n] - sum_k a[k] x[n - 1 - k]`` for every ``n`` of ``samples [n]`` whose past is in them: ``[n - order]``."""
    return np.convolve(samples.astype(np.float64), np.append(1.0, -coefficients), "valid")


def extrapolate(known: np.ndarray, count: int, order: int = ORDER, innovation: np.ndarray | None = None) -> np.ndarray:
    """The ``count`` samples that should follow ``known [n]``: float64 ``[count]``.

    Without ``innovation`` it is the expectation: tones go on, noise sinks to silence. With ``innovation [count]``, of
    any level, noise goes on as well: brought to the level of the errors made over the last ``count`` known samples, it
    drives the prediction, and adds at most the power of the known. Of a short stretch, fewer coefficients are fitted (a
    third of its samples); fewer than three samples are held. Backward in time: reverse what goes in and what comes out.
    Raises ValueError when nothing is known or the innovation has another length.
    """
    if known.ndim != 1 or len(known) == 0 or count < 0:
        raise ValueError(f"extrapolate: {count} samples from {known.shape}; needs [n] with n >= 1 and a count >= 0")
    if innovation is not None and innovation.shape != (count,):
        raise ValueError(f"extrapolate: innovation is {innovation.shape}; expected [{count}]")
    if count == 0 or len(known) < 3:
        return np.full(count, float(known[-1]))
    from scipy.signal import lfilter, lfiltic  # takes a while to load

    a = burg(known, min(order, len(known) // 3))
    denominator = np.append(1.0, -a)
    past = lfiltic([1.0], denominator, known[: -len(a) - 1 : -1].astype(np.float64))
    expected, _ = lfilter([1.0], denominator, np.zeros(count), zi=past)
    if innovation is None or not innovation.any():
        return np.asarray(expected)
    drive = innovation * np.sqrt(_power(prediction_error(known, a)[-count:]) / _power(innovation))
    driven = np.asarray(lfilter([1.0], denominator, drive))
    # A pole fitted to a few samples may lie so near the unit circle that noise would walk away.
    return np.asarray(expected + driven * np.sqrt(min(1.0, _power(known) / max(_power(driven), np.finfo(float).tiny))))


def _power(x: np.ndarray) -> float:
    return float(np.mean(np.square(x, dtype=np.float64)))
