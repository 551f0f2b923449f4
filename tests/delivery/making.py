"""A sound with a recipe, tags and a file, for those who read files."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from soundctm import Clip
from soundctm.delivery import Delivered, Delivery, deliver
from soundctm.delivery.formats import SUFFIXES, write
from soundctm.delivery.names import UcsName
from soundctm.delivery.provenance import Origin
from soundctm.delivery.tags import Tags
from soundctm.delivery.ucs import Category
from tests.oracles.recordings import recording
from tests.oracles.takes import recipe

PROMPT = 'rain "on" a <tin> roof & Überdach, 雨'
TAKE = recipe(prompt=PROMPT, sample_rate=44100)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STORED = {"wav16": "PCM_16", "wav24": "PCM_24", "wav32f": "FLOAT", "flac": "PCM_24", "ogg": "VORBIS"}
WAVS = ("wav16", "wav24", "wav32f")
SOUND = recording(seconds=3.2, rate=44100, channels=2)


def tags(made: Any = TAKE) -> Tags:
    return Tags(
        title="Heavy Rain", when=WHEN, creator="Ann Ämter", project="Storm", copyright="2026 Ann",
        origin=Origin(made, "Apache-2.0"), name=UcsName.of("RAINGen", "Heavy Rain", "ANN", "STORM", "v2"),
        category=Category("RAINGen", "RAIN", "GENERAL"), keywords=("roof",),
    )  # fmt: skip


@cache  # measuring takes longer than all the rest
def delivered(form: str, made: Any = TAKE, **more: Any) -> Delivered:
    clip = Clip(SOUND.samples, SOUND.sample_rate, made)
    return deliver(clip, Delivery.of({"format": form, **more}))


def written(form: str, made: Any, folder: Path, **more: Any) -> tuple[Path, Delivered]:
    done = delivered(form, made, level="loudness", loudness=-20.0, **more)
    return write(done, tags(made), folder / f"sound{SUFFIXES[form]}"), done
