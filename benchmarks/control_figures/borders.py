"""Does a border stand out? How a sound moves there, against how the recording moves elsewhere."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

REACH = 2  # samples beside a border that count as at it
NEAR_SECONDS = 0.05
ORDERS = (1, 2)  # differences: steps and bends
LEVEL_SECONDS = 0.05


def at_border(x: np.ndarray, border: int, order: int) -> float:
    """Largest ``order``-th difference of ``x [length]`` at the border between samples ``border - 1`` and ``border``."""
    first, last = border - order - REACH, border + REACH
    if first < 0 or last + order > len(x):
        raise ValueError(f"a border at {border} of {len(x)} samples is too near an end")
    return float(np.abs(np.diff(x[first : last + order], n=order)).max())


def elsewhere(x: np.ndarray, order: int) -> np.ndarray:
    """The same measure at every place of a stretch ``x [length]`` where it fits."""
    moves = np.abs(np.diff(x, n=order))
    return sliding_window_view(moves, order + 2 * REACH).max(axis=1)


def compare(found: np.ndarray, recording: np.ndarray, gap: tuple[int, int], rate: int) -> list[dict[str, float]]:
    """For both borders of a gap ``(start, stop)``: whether ``found`` moves more there than the ``recording`` does
    anywhere outside the gap, and than it does in the 50 ms beside (1 or 0 for each order of difference)."""
    near = round(NEAR_SECONDS * rate)
    before, after = recording[: gap[0]], recording[gap[1] :]
    out = []
    for border, beside in ((gap[0], before[-near:]), (gap[1], after[:near])):
        one: dict[str, float] = {}
        for order in ORDERS:
            move = at_border(found, border, order)
            ordinary = np.concatenate([elsewhere(before, order), elsewhere(after, order)])
            local = elsewhere(beside, order)
            one[f"beyond all, {order}"] = float(move > ordinary.max())
            one[f"beyond the near, {order}"] = float(move > local.max())
            one[f"rank, {order}"] = float((local < move).mean())
        out.append(one)
    return out


def loud_gap(x: np.ndarray, rate: int, seconds: float) -> tuple[float, float]:
    """Start and end in seconds of the gap whose quieter border is loudest, on a grid of 0.1 s, half a second inside."""
    half = round(LEVEL_SECONDS * rate / 2)
    starts = np.arange(0.5, len(x) / rate - seconds - 0.5 + 1e-9, 0.1)
    if not len(starts):
        raise ValueError(f"{len(x) / rate:g} s are too short for a gap of {seconds:g} s")

    def level(at: float) -> float:
        centre = round(at * rate)
        return float(np.square(x[centre - half : centre + half], dtype=np.float64).mean())

    start = max(starts.tolist(), key=lambda s: min(level(s), level(s + seconds)))
    return round(start, 1), round(start + seconds, 1)
