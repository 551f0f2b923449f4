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

from reproduction import page, results, sampling, verdicts  # noqa: E402
from reproduction.files import read_arrays, read_json, write_json  # noqa: E402
from reproduction.pieces import Piece, Place, all_pieces, do  # noqa: E402
from reproduction.schedule import Schedule  # noqa: E402
from reproduction.section import Section  # noqa: E402
from reproduction.sets import FLOOR, FRESH, held_out  # noqa: E402
from reproduction.settings import Settings, read_settings, settings_for, settle  # noqa: E402
from reproduction.takes import noises, take_files  # noqa: E402
from reproduction.variants import SEEDS, VARIANT_SETTINGS, VARIANTS, Setting, training_of  # noqa: E402

from soundctm import SoundCTM  # noqa: E402

TINY = 0.01  # scale


def test_a_difference_beyond_its_error_decides_and_one_within_it_does_not() -> None:
    low, high, wide = (1.0, 1.1, 1.2), (2.0, 2.3, 2.1), (1.0, 2.0, 3.0)
    assert verdicts.better(low, high) == "yes" and verdicts.better(high, low) == "no"
    assert verdicts.better(low, high, lower_is_better=False) == "no"
    assert verdicts.better(low, wide) == "unclear" and verdicts.better(wide, low) == "unclear"
    assert verdicts.better((1.0, 1.0), (1.0, 1.0)) == "unclear" and verdicts.better((1.0, 1.0), (2.0, 2.0)) == "yes"


def test_comparisons_are_paired_by_seed() -> None:
    """What all seeds share takes no part: far beyond the spread of neither set, but the same in each seed."""
    first, gained = (10.0, 20.0, 30.0), (9.0, 19.1, 28.9)
    assert verdicts.better(gained, first) == "yes"
    assert verdicts.better(gained, (20.0, 30.0, 10.0)) == "unclear"
    with pytest.raises(ValueError, match="zip"):
        verdicts.better((1.0, 2.0), (1.0, 2.0, 3.0))


def test_a_verdict_needs_twice_the_standard_error_and_so_that_three_seeds_agree() -> None:
    base = (0.0, 0.0, 0.0)
    for errors, answer in ((1.95, "unclear"), (2.05, "yes")):
        gains = [value + errors / math.sqrt(3) for value in (-1.0, 0.0, 1.0)]
        assert verdicts.better(base, gains) == answer
    draws = np.random.default_rng(0).normal(0.5, 1.0, (500, 3))
    decided = [draw for draw in draws if verdicts.better(base, draw.tolist()) != "unclear"]
    assert len(decided) > 50 and all(len({value > 0 for value in draw}) == 1 for draw in decided)


def test_chance_alone_passes_once_in_eleven() -> None:
    """As the page says of three seeds: Student's t with two degrees of freedom."""
    draws = np.random.default_rng(1).normal(size=(4000, 3))
    answers = [verdicts.better((0.0, 0.0, 0.0), draw.tolist()) for draw in draws]
    for answer in ("yes", "no"):
        assert answers.count(answer) / len(answers) == pytest.approx(1 / 11, abs=0.02)


def test_no_worse_and_comparable_need_evidence_too() -> None:
    """With a margin of 5 % of 100: what is sure to lie within it is a yes, a sure difference beyond it a no, and what
    could be either is unclear."""
    base = (100.0, 100.0, 100.0)
    same, slightly, far, noisy = (
        (100.1, 99.9, 100.0),
        (102.0, 102.1, 101.9),
        (120.0, 121.0, 119.0),
        (90.0, 100.0, 112.0),
    )
    beyond = (103.0, 104.0, 106.0)  # worse for certain, and perhaps by more than the margin
    better_by_far = (80.0, 81.0, 79.0)
    for rule in (verdicts.not_worse, verdicts.alike):
        answers = [rule(each, base) for each in (same, slightly, far, noisy, beyond)]
        assert answers == ["yes", "yes", "no", "unclear", "no"]
    assert verdicts.not_worse(better_by_far, base) == "yes" and verdicts.alike(better_by_far, base) == "no"
    assert verdicts.not_worse(better_by_far, base, lower_is_better=False) == "no"


def test_a_trend_of_several_comparisons_holds_when_each_does() -> None:
    assert verdicts.outcome(["yes", "yes"]) == "yes" and verdicts.outcome(["unclear", "unclear"]) == "unclear"
    assert verdicts.outcome(["yes", "unclear"]) == verdicts.outcome(["yes", "no", "unclear"]) == "in part"
    assert verdicts.outcome(["no", "unclear"]) == "no"
    assert verdicts.counted(["yes", "no", "no"]) == "1 of 3 comparisons holds, 2 go the other way"
    with pytest.raises(ValueError, match="at least one"):
        verdicts.outcome([])


def statement(words: str, *answers: verdicts.Verdict) -> verdicts.Statement:
    """One with these verdicts."""
    return verdicts.Statement(words, [verdicts.Claim("finding", answer, "figures") for answer in answers])


def test_in_short_says_what_holds_and_what_does_not() -> None:
    parts = [statement("A", "yes", "yes"), statement("B", "yes", "no"), statement("C", "no"), statement("D", "yes")]
    line = page.in_short(Section("Title", "", (), [], parts))
    assert line == (
        "- **Title: in part.** Holds: A; D. Holds in part: B (1 of 2 comparisons holds, 1 goes the other way). "
        "Does not hold: C."
    )


def test_omega_1_chooses_its_nu_and_the_others_do_not() -> None:
    """Agreement ``[nu, omega, seed]``; the best nu of omega 1 is the second, and a higher omega is judged at the
    first, though it too would be better at the second."""
    agreement = [[[0.5, 0.5], [0.6, 0.61], [0.4, 0.4]], [[0.7, 0.7], [0.9, 0.9], [0.9, 0.9]]]
    grid = {"nu": [1.0, 1.5], "omega": [1.0, 2.0, 3.0], "steps": {"1": {"agreement": agreement}}}
    claims = sampling.unguided({"grid": grid})
    assert [claim.verdict for claim in claims] == ["no", "no"] and "(1.5)" in claims[0].finding
    assert "0.605" in claims[0].figures and "0.502" in claims[1].figures


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


def test_a_folder_takes_new_settings_of_takes_and_options_at_their_defaults(tmp_path: Path, tiny_folder: Path) -> None:
    """Neither makes its trainings others."""
    settings = settings_for(str(tiny_folder), TINY)
    older = settings.model_dump(mode="json")
    older["measured"] = older["measured"][1:]
    assert older["training"].pop("to_end") == 0.0
    write_json(tmp_path / "settings.json", older)
    assert settle(tmp_path, settings) == settings == read_settings(tmp_path)
    write_json(tmp_path / "settings.json", older | {"training": older["training"] | {"batch": 3}})
    with pytest.raises(UserError, match="another training"):
        settle(tmp_path, settings)
    write_json(tmp_path / "settings.json", older | {"training": older["training"] | {"no_such_option": 3}})
    with pytest.raises(UserError, match="another version of this program"):
        settle(tmp_path, settings)


def test_a_piece_goes_on_when_it_is_to_make_more(tmp_path: Path) -> None:
    place = Place(tmp_path, Settings.model_construct())

    def make(place: Place) -> None:
        for name in ("old", "new"):
            (place.out / name).touch()

    piece = Piece("takes", 1.0, make, makes=("old", "new"))
    write_json(place.done("takes"), {"seconds": 7.0})
    (tmp_path / "old").touch()
    assert not place.finished(piece)
    do(place, piece)
    note = read_json(place.done("takes"))
    assert place.finished(piece) and note["seconds"] >= 7.0 and note["core_seconds"] >= 7.0, "the first part counts"


def test_pieces_of_takes_name_the_files_that_they_make(tiny_folder: Path) -> None:
    pieces = {piece.name: piece for piece in all_pieces(settings_for(str(tiny_folder), TINY))}
    assert "takes/grid-1/steps16-omega3-nu1.5-gamma0-0000.safetensors" in pieces["grid-omega3-1"].makes
    assert take_files(Setting(4), 65) == [f"steps4-nu1-gamma0-{first:04d}.safetensors" for first in (0, 64)]
    assert all(bool(piece.makes) == name.startswith(("takes", "grid")) for name, piece in pieces.items())


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
    for name in ("Tables 1, 12 and 13", "Tables 2 and 3", "Table 6", "Table 7", "Table 11", "Figures 5 and 12"):
        assert f"({name})" in written
    assert all(number in written for number in ("2.08", "64492", "108.7", "69.2", "8.31")), "the paper's own numbers"
    assert all(figures["minutes"][kind] > 0 for kind in ("train", "takes", "grid"))
    assert figures["floor"] < figures["shipped"]["1"]["fd"][0], "a model of random weights is no match"
    assert all(peak > 100 for run in figures["training"].values() for peak in run["peak_mib"])
    takes = [read_arrays(path) for path in (place.out / "takes").rglob("*.safetensors")]
    assert all(np.isfinite(one["embeddings"]).all() for one in takes)
    with pytest.raises(UserError, match="another scale"):
        settle(place.out, settings_for(place.settings.model, 0.5))
