"""Mixtures of prepared clips, stored as clips of their own: their latents cannot be mixed later."""

import numpy as np

from soundctm.training.data.mixing import join_captions, mix
from soundctm.training.data.prepare.decode import FULL_SCALE, decibels, to_int16
from soundctm.training.data.prepare.items import Fault
from soundctm.training.data.prepare.settings import Settings
from soundctm.training.data.prepare.shards import Record, ShardReader

DRAWS = 16  # tries to find two clips of different captions
STREAM = 0x6D6978  # keeps these draws apart from others of the same seed


def draw_pair(captions: list[str], seed: int, number: int) -> tuple[int, int]:
    """Two different clips, of different captions unless hardly any differ. A function of seed and number alone."""
    rng = np.random.default_rng((STREAM, seed, number))
    for _ in range(DRAWS):
        first, second = (int(i) for i in rng.choice(len(captions), 2, replace=False))
        if captions[first] != captions[second]:
            break
    return first, second


def make_mixture(
    clips: ShardReader, parts: list[Record], pair: tuple[int, int], number: int, settings: Settings
) -> tuple[Record, np.ndarray] | Fault:
    """A mixture of two clips, whose records are ``parts``, int16 ``[channels, length]``."""
    x = mix(*(clips.row(clip).astype(np.float32) / FULL_SCALE for clip in pair))
    peak = float(np.abs(x).max())
    if decibels(peak) < settings.silence_db or peak == 0.0:
        return Fault("silent", f"the clips {pair[0]} and {pair[1]} cancel each other")
    x = x / max(1.0, peak)
    first, second = parts
    level = decibels(float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))))
    record = Record(
        name=f"mixture {number}", caption=join_captions(first.caption, second.caption),
        licence=" + ".join(dict.fromkeys((first.licence, second.licence))),
        group=" + ".join(dict.fromkeys(part.group for part in parts if part.group)),
        seconds=max(part.seconds for part in parts), level_db=round(level, 2), peak_db=round(decibels(min(peak, 1)), 2),
        mixture=number, mixed=pair,
    )  # fmt: skip
    return record, to_int16(x)
