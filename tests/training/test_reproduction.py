"""The reproduction of the paper's ablations: how trends are judged, and that a run goes on where it was killed."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import soundctm
from soundctm.errors import UserError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from reproduction import page, results, verdicts  # noqa: E402
from reproduction.files import read_arrays, read_json, write_json  # noqa: E402
from reproduction.pieces import Piece, Place, all_pieces, do  # noqa: E402
from reproduction.schedule import Schedule  # noqa: E402
from reproduction.sets import FLOOR, FRESH, held_out  # noqa: E402
from reproduction.settings import Settings, settings_for, settle  # noqa: E402
from reproduction.takes import noises  # noqa: E402
from reproduction.variants import SEEDS, VARIANT_SETTINGS, VARIANTS, training_of  # noqa: E402

from soundctm import SoundCTM  # noqa: E402

TINY = 0.01  # scale


def test_a_difference_beyond_the_spread_decides_and_one_within_it_does_not() -> None:
    low, high, wide = (1.0, 1.1, 1.2), (2.0, 2.1, 2.2), (1.0, 2.0, 3.0)
    assert verdicts.better(low, high) == "yes" and verdicts.better(high, low) == "no"
    assert verdicts.better(low, high, lower_is_better=False) == "no"
    assert verdicts.better(low, wide) == "unclear" and verdicts.better(wide, low) == "unclear"
    assert verdicts.not_worse(wide, low) == "yes" and verdicts.not_worse(high, low) == "no"
    assert verdicts.alike(wide, low) == "yes" and verdicts.alike(high, low) == "no"


def test_the_spread_of_a_difference_is_the_root_of_the_squared_spreads() -> None:
    """Both have a standard deviation of 1, so the difference has sqrt 2."""
    base = (0.0, 1.0, 2.0)
    for gap, answer in ((1.40, "unclear"), (1.43, "yes")):
        assert verdicts.better(base, [value + gap for value in base]) == answer
    assert verdicts.advantage(base, [value + 1.0 for value in base]) == pytest.approx(1 / math.sqrt(2))
    assert verdicts.advantage((1.0, 1.0), (2.0, 2.0)) == math.inf
    assert verdicts.better((1.0, 1.0), (1.0, 1.0)) == "unclear"


def test_a_trend_of_several_comparisons_holds_when_each_does() -> None:
    assert verdicts.together(["yes", "yes"]) == "yes"
    assert verdicts.together(["yes", "unclear"]) == "unclear"
    assert verdicts.together(["yes", "unclear", "no"]) == "no"
    with pytest.raises(ValueError, match="at least one"):
        verdicts.together([])


def test_variants_differ_from_the_baseline_in_what_they_are_named_for() -> None:
    base = training_of("d_teacher", 0, 5).model_dump()
    changed = {"l2_s": {"distance"}, "l2_0": {"distance"}, "no_dsm": {"dsm"}, "gan": {"gan"}}
    assert set(changed) | {"d_teacher"} == set(VARIANTS) == set(VARIANT_SETTINGS) and len(SEEDS) == 3
    for name, keys in changed.items():
        other = training_of(name, 0, 5).model_dump()
        assert {key for key in base if base[key] != other[key]} == keys


def test_the_reference_is_fresh_and_every_class_is_in_it() -> None:
    first, second, other = held_out(FRESH, 3), held_out(FRESH, 3), held_out(FLOOR, 3)
    assert np.array_equal(first.audio, second.audio) and first.classes == other.classes
    assert not np.array_equal(first.audio, other.audio)


def test_noise_depends_on_the_take_alone(tiny_folder: Path) -> None:
    model = SoundCTM.from_pretrained(tiny_folder)
    one, many = noises(model, 1, 5, 1), noises(model, 1, 5, 16)
    assert bool((one[0] == many[0]).all()) and not bool((many[0] == many[1]).any())
    assert not bool((one[0] == noises(model, 2, 5, 1)[0]).any())


def test_other_settings_need_another_folder(tiny_folder: Path, tmp_path: Path) -> None:
    settings = settings_for(str(tiny_folder), TINY)
    assert settle(tmp_path, settings) == settle(tmp_path, settings)
    with pytest.raises(UserError, match=r"another scale \(was 0.01, is 0.5\).*choose another --out"):
        settle(tmp_path, settings_for(str(tiny_folder), 0.5))
    with pytest.raises(UserError, match="must be above 0"):
        settings_for(str(tiny_folder), 0.0)
    with pytest.raises(UserError, match="no teacher"):
        (tmp_path / "empty").mkdir()
        settings_for(str(tmp_path / "empty"), TINY)


def test_finished_pieces_are_not_done_again(tmp_path: Path) -> None:
    """A schedule of finished pieces starts no process: these would fail, since the folder has no settings."""
    place = Place(tmp_path, Settings.model_construct())
    pieces = [Piece("first", 1.0, lambda place: None), Piece("second", 1.0, lambda place: None, ("first",))]
    do(place, pieces[0])
    do(place, pieces[1])
    Schedule(place, pieces, 2).run()
    assert not (tmp_path / "logs").exists()
    place.done("second").unlink()
    with pytest.raises(UserError, match="second ended with code"):
        Schedule(place, pieces, 2).run()
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["second.log"]


def test_time_left_follows_what_pieces_took(tmp_path: Path) -> None:
    place = Place(tmp_path, Settings.model_construct())
    pieces = [Piece(name, 10.0, lambda place: None) for name in "abc"]
    schedule = Schedule(place, pieces, 2)
    assert schedule.seconds_left() == 15.0
    write_json(place.done("a"), {"seconds": 40.0})
    assert schedule.seconds_left() == 40.0


def command(out: Path, folder: Path, docs: Path) -> subprocess.Popen[bytes]:
    """The whole program, as a user runs it."""
    source = Path(soundctm.__file__).parent.parent
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # spinning threads stall on a busy machine
    environment = {**os.environ, "PYTHONPATH": str(source), **one}
    arguments = ["--out", out, "--model", folder, "--docs", docs, "--threads", "2", "--scale", TINY]
    return subprocess.Popen([sys.executable, BENCHMARKS / "reproduce.py", *map(str, arguments)], env=environment)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_page(tiny_folder: Path, tmp_path: Path) -> None:
    """Killed in its first trainings; every other piece is done in this process, then the program writes the page."""
    out, docs = tmp_path / "out", tmp_path / "docs"
    with command(out, tiny_folder, docs) as process:
        deadline = time.monotonic() + 300
        wanted = [out / "done" / f"{name}.json" for name in ("data", "reference", "train-gan-0")]
        while not all(path.exists() for path in wanted) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    finished = {path: path.stat().st_mtime_ns for path in (out / "done").iterdir()}
    assert set(wanted) <= set(finished) and not (out / "results.json").exists()
    place = Place(out, settle(out, settings_for(str(tiny_folder), TINY)))
    pieces = all_pieces(place.settings)
    for piece in pieces:
        if not place.done(piece.name).exists():
            do(place, piece)
    place.done("takes-gan-0").unlink()
    with command(out, tiny_folder, docs) as process:
        assert process.wait(timeout=600) == 0
    assert all(path.stat().st_mtime_ns == at for path, at in finished.items())
    assert len(list((out / "done").iterdir())) == len(pieces)
    assert_everything_is_written(place, docs)


def assert_everything_is_written(place: Place, docs: Path) -> None:
    """The page says what the figures say, and the figures what the takes say."""
    figures = read_json(docs / "figures" / "reproduction.json")
    assert figures == results.collect(place) and (docs / "images" / "reproduction_grid.png").stat().st_size > 10_000
    written = (docs / "reproduction.md").read_text()
    assert written == page.text(figures)
    for name in ("Table 1", "Tables 2 and 3", "Table 6", "Table 7", "Table 11", "Figures 5 and 12"):
        assert f"({name})" in written
    assert "2.08" in written and "64492" in written and "108.7" in written, "the paper's own numbers"
    assert figures["floor"] < figures["shipped"]["1"]["fd"][0], "a model of random weights is no match"
    assert all(peak > 100 for run in figures["training"].values() for peak in run["peak_mib"])
    takes = [read_arrays(path) for path in (place.out / "takes").rglob("*.safetensors")]
    assert all(np.isfinite(one["embeddings"]).all() for one in takes)
    with pytest.raises(UserError, match="another scale"):
        settle(place.out, settings_for(place.settings.model, 0.5))
