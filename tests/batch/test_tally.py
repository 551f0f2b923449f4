"""Progress never runs backwards, foresees what comes again, and ends at its end; a log says it now and then."""

from pathlib import Path

from soundctm.batch.config import Config, read_defaults
from soundctm.batch.job import checked, make_batch
from soundctm.batch.reading import SheetText
from soundctm.batch.tally import Tally
from soundctm.cli.batch_words import EVERY, Log
from soundctm.model import SoundCTM
from tests.batch.sheets import LENIENT, SHEET


def test_progress_of_a_batch_rises_to_its_end(tiny: SoundCTM, tmp_path: Path) -> None:
    config = Config(defaults=read_defaults([f"{key}={value}" for key, value in LENIENT.items()]))
    told: list[tuple[int, int]] = []
    lines = checked(SheetText("cues", SHEET, "csv"), config, tiny.config)
    outcome = make_batch(tiny, lines, "cues", tmp_path / "out", config, lambda *at: told.append(at))
    steps = {line.row.name: line.row.steps for line in lines}
    work = sum(int(result.cells["tries"]) * steps[result.cells["row"]] for result in outcome.results)
    assert told[-1] == (work, work)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done <= total for done, total in told)
    assert told[0][1] == sum(line.row.takes * line.row.steps for line in lines), "those of a set that wait count too"


def test_retries_are_foreseen_from_the_takes_that_fail(tiny: SoundCTM) -> None:
    (recipe,) = tiny.recipes("rain", seed=1, steps=2)
    told: list[tuple[int, int]] = []
    tally = Tally(lambda *at: told.append(at))
    callback = tally.round([recipe] * 4, later=0)
    assert callback is not None
    callback(2, 8)
    for again in (True, False, False, True):
        tally.note(again)
    callback(8, 8)
    second = tally.round([recipe] * 2, later=0)
    assert second is not None
    second(2, 4)
    assert told == [(2, 8), (8, 16), (10, 16)], "half of them come again, and half of these, and so on"


def test_a_log_says_it_now_and_then() -> None:
    said: list[str] = []
    clock = iter(range(0, 1000, 10))
    log = Log(said.append, lambda: float(next(clock)))
    for done in range(1, 13):
        log(done * 5, 120)
    assert len(said) == 12 * 10 // EVERY
    assert said[1] == "30 of about 120 network steps, about 3 min left"
