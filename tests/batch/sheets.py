"""Sheets for the tiny model, whose sounds match no prompt: about half of them pass a gate at its middle."""

from pathlib import Path

from soundctm.batch.config import Config, read_defaults
from soundctm.batch.job import checked, make_batch
from soundctm.batch.place import STATE, Owner
from soundctm.batch.reading import SheetText
from soundctm.batch.report import Result
from soundctm.batch.run import Outcome
from soundctm.batch.sheet import Line, read_sheet
from soundctm.model import SoundCTM
from tests.oracles.sounds import content

LENIENT = {"match": "-1", "silence": "-100", "understood": "-1"}  # every take passes
ANYTHING = tuple(word for key, value in LENIENT.items() for word in ("--default", f"{key}={value}"))  # likewise, typed
CUES = Owner("the sheet cues")
SHEET = """prompt,takes,steps,seconds,match,distance,format
heavy rain,4,1,,-0.1,,
thunder,3,4,,0,,flac
a bell,2,1,0.5,0.05,,
three slow knocks,4,2,1,-1,0.5-0.995,
rain,2,1,0.3,0.9,,
"""


def rows(text: str, form: str = "csv", **defaults: str) -> list[Line]:
    """The checked rows of a sheet."""
    return read_sheet(
        SheetText("cues", text, form), read_defaults([f"{key}={value}" for key, value in defaults.items()])
    )


def make(model: SoundCTM, sheet: str, out: Path, seed: int = 0, **defaults: str) -> list[Result]:
    """The takes of a sheet, given as text, in a folder."""
    return run(model, sheet, out, seed, **defaults).results


def run(
    model: SoundCTM, sheet: str, out: Path, seed: int = 0, owner: Owner = CUES, remove: bool = False, **defaults: str
) -> Outcome:
    """What came of a sheet of this owner."""
    config = Config(
        seed=seed, defaults=read_defaults([f"{key}={value}" for key, value in (LENIENT | defaults).items()])
    )
    lines = checked(SheetText("cues", sheet, "csv"), config, model.config)
    return make_batch(model, lines, "cues", out, config, owner=owner, remove=remove)


def product(folder: Path) -> dict[str, bytes]:
    """What a batch is for: every file but its own state."""
    return {name: data for name, data in content(folder).items() if not name.startswith(STATE)}
