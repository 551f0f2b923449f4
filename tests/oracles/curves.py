"""Sounds ``[1, 1, length]`` whose curves are known, and their curves as they are read."""

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.target import Feature
from soundctm.control.curves import CURVES

RATE = 16000
EDGES: dict[str, tuple[float, float]] = {"band": (300.0, 900.0)}
FEATURES = list(CURVES)


def read(feature: Feature, x: Tensor, rate: int = RATE) -> Tensor:
    return CURVES[feature](x, rate, *EDGES.get(feature, ()))


def seconds(length: float, rate: int = RATE) -> np.ndarray:
    return np.arange(round(length * rate)) / rate


def wave(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(samples, dtype=np.float32))[None, None]


def sine(hertz: float, amplitude: float = 0.5, length: float = 0.5, rate: int = RATE) -> Tensor:
    return wave(amplitude * np.sin(2 * np.pi * hertz * seconds(length, rate) + 0.3))


def noise(length: float = 0.5, amplitude: float = 0.1, seed: int = 0) -> Tensor:
    return wave(amplitude * np.random.default_rng(seed).standard_normal(round(length * RATE)))


def harmonic(hertz: float, partials: range, rate: int = RATE) -> Tensor:
    t = seconds(0.5, rate)
    return wave(0.1 * sum(np.sin(2 * np.pi * hertz * h * t + h) / h for h in partials if hertz * h < rate / 2))
