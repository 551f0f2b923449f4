"""The training set on disk."""

import json
import re
from pathlib import Path

import numpy as np

from soundctm.training.data.cache import LENGTH, build, counted_clip

COUNTS = re.compile(r"\b(one|single|two|three|four|five|six)\b")


def test_counted_clips_say_how_many_and_are_their_seeds() -> None:
    one, again, other = (counted_clip(seed) for seed in (1, 1, 2))
    assert np.array_equal(one.samples, again.samples) and one.captions == again.captions
    assert not np.array_equal(one.samples, other.samples)
    assert all(COUNTS.search(caption) for seed in range(1, 21) for caption in counted_clip(seed).captions)


def test_counted_clips_come_after_the_others_and_leave_them_as_they_are(tmp_path: Path) -> None:
    for counts in (0, 3):
        build(None, tmp_path / str(counts), procedural=2, counts=counts, variants=1, processes=1)
    without, with_them = (np.load(tmp_path / str(counts) / "audio.npy") for counts in (0, 3))
    captions = json.loads((tmp_path / "3" / "captions.json").read_text())
    assert with_them.shape == (5, LENGTH) and np.array_equal(with_them[:2], without)
    assert captions[2:] == [list(counted_clip(seed).captions) for seed in (1, 2, 3)]
