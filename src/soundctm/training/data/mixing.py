"""Mixing augmentation: two sounds at comparable loudness, their captions joined.

Tango (Ghosal et al. 2023), section 2.3; the gain rule is that of between-class learning (Tokozume et al. 2018).
"""

import numpy as np

FRAME = 2048  # samples over which a sound pressure level is taken
LOWEST_DB = -80.0


def pressure_level(x: np.ndarray) -> float:
    """Level in dB of the loudest frame of 2048 samples of ``x [channels, length]``, full scale 0 dB, at least -80.

    The loudest frame, not the mean: padding and pauses do not make a sound quieter.
    """
    if not x.shape[1]:
        raise ValueError("pressure_level: the sound has no samples")
    power = np.pad(np.square(x, dtype=np.float64).mean(axis=0), (0, -x.shape[1] % FRAME)).reshape(-1, FRAME)
    counts = np.full(len(power), FRAME)
    counts[-1] -= -x.shape[1] % FRAME
    return float(max(10 * np.log10(max((power.sum(axis=1) / counts).max(), 1e-30)), LOWEST_DB))


def balance(level_1: float, level_2: float) -> float:
    """Share ``p = 1 / (1 + 10^((G_1 - G_2) / 20))`` of the first sound, for levels in dB.

    ``p 10^(G_1/20) = (1 - p) 10^(G_2/20)``: both are equally loud in the mixture.
    """
    return float(1 / (1 + 10 ** ((level_1 - level_2) / 20)))


def mix(x_1: np.ndarray, x_2: np.ndarray) -> np.ndarray:
    """``(p x_1 + (1 - p) x_2) / sqrt(p^2 + (1 - p)^2)`` as float32, of two sounds of one shape
    ``[channels, length]``."""
    if x_1.shape != x_2.shape:
        raise ValueError(f"mix: the sounds have the shapes {x_1.shape} and {x_2.shape}; they must be the same")
    p = balance(pressure_level(x_1), pressure_level(x_2))
    return ((p * x_1 + (1 - p) * x_2) / np.sqrt(p**2 + (1 - p) ** 2)).astype(np.float32)


def join_captions(first: str, second: str) -> str:
    """``"rain falling." + "a dog barks" -> "rain falling and a dog barks"``."""
    return f"{first.rstrip(' .')} and {second}"
