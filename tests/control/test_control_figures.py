"""The benchmark of the controls: its measures, its memory of what is done, and the page it fills."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from PIL import Image

from soundctm.audio import Clip
from soundctm.cli.app import app
from soundctm.control.target_loss import deviations
from soundctm.control.targets import from_shape
from soundctm.errors import UserError

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "benchmarks"))

from control_figures import borders, hum, intensity, measure, page, pictures, recordings, transform, work  # noqa: E402
from control_figures.place import (  # noqa: E402
    FULL,
    Figures,
    Place,
    figures_of,
    finish,
    is_done,
    piece,
    sizes_for,
    slug,
)
from control_figures.section import Claim, Section, Table  # noqa: E402

RATE = 44100
DOCS = (REPOSITORY / "docs" / "control.md").read_text()


def sine(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def test_the_low_pass_keeps_what_is_below_in_its_place_and_nothing_above() -> None:
    low, high = sine(2900), sine(3100)
    kept = measure.low_pass(low + high, RATE, 3000.0)
    inside = slice(4000, -4000)  # the ends know only half of what the filter looks at
    assert np.abs(kept - low)[inside].max() < 2e-4
    assert np.abs(measure.low_pass(high, RATE, 3000.0))[inside].max() < 1e-4


def test_differences_are_measured_where_they_are_asked_for() -> None:
    x = sine(1000)
    assert measure.difference_db(x, x) is None
    assert measure.difference_db(1.1 * x, x) == pytest.approx(-20.0, abs=1e-3)
    above = measure.difference_below(x + sine(5000), x, RATE, 3000.0)
    assert above is not None and above < -100
    assert measure.difference_below(1.1 * x, x, RATE, 3000.0) == pytest.approx(-20.0, abs=0.01)
    assert measure.largest([None, -80.0, -70.0]) == -70.0 and measure.largest([None]) is None


def test_a_click_at_a_border_stands_out_and_a_smooth_border_does_not() -> None:
    x = np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32).cumsum()
    x = (x / np.abs(x).max()).astype(np.float32)
    gap = (RATE, 2 * RATE)
    torn = x.copy()
    torn[slice(*gap)] += 0.5
    for both, expected in ((x, 0.0), (torn, 1.0)):
        for border in borders.compare(both, x, gap, RATE):
            assert border["beyond all, 1"] == border["beyond the near, 2"] == expected
    assert borders.elsewhere(x, 2).max() == pytest.approx(np.abs(np.diff(x, n=2)).max())
    with pytest.raises(ValueError, match="too near an end"):
        borders.at_border(x, 1, 2)


def test_the_gap_lies_where_both_borders_sound() -> None:
    x = np.zeros(5 * RATE, np.float32)
    x[round(1.9 * RATE) : round(2.1 * RATE)] = x[round(2.9 * RATE) : round(3.1 * RATE)] = 0.5
    assert borders.loud_gap(x, RATE, 1.0) == (2.0, 3.0)
    with pytest.raises(ValueError, match="too short"):
        borders.loud_gap(x[:RATE], RATE, 1.0)


def test_the_hum_has_the_levels_that_are_known() -> None:
    samples = hum.hum(5.0, RATE)
    for at in (1.0, 3.0, 3.8):
        frame = samples[round((at - 0.05) * RATE) : round((at + 0.05) * RATE)]
        found = 10 * np.log10(np.square(frame, dtype=np.float64).mean())
        assert found == pytest.approx(float(hum.known_levels(np.asarray([at]), 5.0)[0]), abs=1.0)


def test_a_fader_reaches_the_curve() -> None:
    noise = Clip((0.05 * np.random.default_rng(0).standard_normal((1, 5 * RATE))).astype(np.float32), RATE)
    target = from_shape("peak", 5.0)
    before, after = (deviations(clip.samples, RATE, [target])[0] for clip in (noise, intensity.faded(noise, target)))
    assert after < 1.5 < 5 < before


def test_a_fall_of_shares_is_counted_in_pairs() -> None:
    """Of 100 pairs 10 are lost and 5 won: 5 points, with the normal interval of a mean of such differences."""
    before, after = [True] * 90 + [False] * 10, [False] * 10 + [True] * 85 + [False] * 5
    after[90:] = [True] * 5 + [False] * 5
    falls = 100 * (np.asarray(before, float) - np.asarray(after, float))
    points, low, high = measure.fall(before, after)
    wide = 1.96 * falls.std() / 10
    assert points == pytest.approx(falls.mean()) and (low, high) == pytest.approx((points - wide, points + wide), abs=1)
    assert measure.fall(before, before) == [0.0, 0.0, 0.0]


def test_rising_is_never_falling() -> None:
    assert transform.rises([0.0, 0.0, 1.0]) and not transform.rises([0.0, 1.0, 0.9])


def test_prompts_and_recordings_go_by_turns_over_the_classes() -> None:
    asked = recordings.prompts(20)
    assert len(set(asked)) == 20 and all(len({name for _, name in part}) == 10 for part in (asked[:10], asked[10:]))


def test_sizes_are_a_share_of_what_is_asked_for_at_full_scale() -> None:
    assert sizes_for(1.0) == FULL and sizes_for(0.01).prompts == 2
    for scale in (0.0, 1.5, float("nan")):
        with pytest.raises(UserError, match="above 0, at most 1"):
            sizes_for(scale)


def counted(place: Place, number: int) -> Figures:
    return {"twice": 2 * number}


def test_figures_are_kept_for_one_model_and_one_setting(tiny_folder: Path, tmp_path: Path) -> None:
    place = Place(tmp_path, str(tiny_folder), tmp_path, sizes_for(0.1))
    one, other = (piece("a piece, of 2", 1.0, counted, number=number) for number in (1, 2))
    assert slug(one.name) == "a-piece-of-2" and figures_of(place, one) is None
    finish(place, one, one.run(place), 0.5)
    assert is_done(place, one) and figures_of(place, one) == {"twice": 2} and not is_done(place, other)
    changed = tmp_path / "changed"
    shutil.copytree(tiny_folder, changed)
    config = (changed / "config.json").read_text()
    (changed / "config.json").write_text(config.replace('"omega": 3.0', '"omega": 2.0'))
    assert not is_done(Place(tmp_path, str(changed), tmp_path, sizes_for(0.1)), one)


def test_every_piece_has_a_name_of_its_own() -> None:
    names = [slug(one.name) for one in work.all_pieces(FULL)]
    assert len(set(names)) == len(names) > 50
    assert {one.name for one in work.all_pieces(FULL, "fill")} == {"fill", "command, edit fill"}
    with pytest.raises(UserError, match="no experiment's name holds"):
        work.all_pieces(FULL, "nothing")


def test_the_figures_go_between_the_markers_of_the_page() -> None:
    once = page.put_between(DOCS, "first")
    twice = page.put_between(once, "second")
    assert "first" in once and "second" in twice and "first\n" not in twice
    assert twice.partition(page.BEGIN)[0] == DOCS.partition(page.BEGIN)[0]
    with pytest.raises(UserError, match="must hold the lines"):
        page.put_between("no markers", "part")


def test_a_section_says_what_is_met_and_what_is_not() -> None:
    claims = [Claim("first", "1", "1", True), Claim("second", "2", "3", False)]
    section = Section("Title", "How.", [Table(("a", "b"), [["1", "2"]])], claims, [("x.png", "A picture")])
    lines = section.lines()
    assert "| 1 | 2 |" in lines and "- first: 1 (wanted: 1), met" in lines
    assert "- second: 3 (wanted: 2), **not met**" in lines and "![A picture](images/x.png)" in lines
    assert page.rows({"one": section, "two": None})[1] == ["Title", "second", "2", "3", "**not met**"]


def test_pictures_shrink_until_they_fit(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 1600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    before = (tmp_path / "noise.png").stat().st_size
    assert pictures.shrink(tmp_path / "noise.png").stat().st_size <= pictures.LIMIT < before


def documented() -> list[str]:
    """Every command of the page."""
    blocks = re.findall(r"```sh\n(.*?)```", DOCS, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("soundctm")]


def parsed(line: str) -> dict[str, object]:
    """The parameters of a command line, which is not run."""
    command, arguments = typer.main.get_command(app), shlex.split(line)[1:]
    context = command.make_context("soundctm", list(arguments))
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(context, arguments)
        assert command is not None
        context = command.make_context(command.name, list(arguments), parent=context)
    return context.params


@pytest.mark.parametrize("line", documented())
def test_commands_of_the_page_are_ones_that_the_command_line_takes(line: str) -> None:
    assert any(value is not None and str(value) in line for value in parsed(line).values())


def test_a_command_that_the_command_line_does_not_take_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed("soundctm edit fill beach.wav --start 2 --end 3 --loudness 5")


@pytest.mark.slow
def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("hummed.wav", "beach.wav"):
        Clip((0.1 * rng.standard_normal((1, 5 * RATE))).astype(np.float32), RATE).save(name)
    known: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL):
        exec(block, known)
    assert isinstance(known["finer"], Clip) and known["finer"].recipe is not None
    assert np.array_equal(known["again"].samples, known["filled"].samples)  # type: ignore[attr-defined]


def write_recordings(folder: Path) -> Path:
    """One second of noise for two classes, in a fold for training and the held-out one."""
    rng = np.random.default_rng(0)
    for label in list(recordings.ESC10_CLASSES)[:2]:
        (folder / "esc10" / label).mkdir(parents=True)
        for fold in (1, 5):
            for letter in "AB":
                path = folder / "esc10" / label / f"{fold}-100-{letter}.ogg"
                soundfile.write(path, 0.1 * rng.standard_normal(3 * RATE), RATE)
    return folder


@pytest.mark.slow
def test_everything_but_the_commands_is_measured_and_written(tiny_folder: Path, tmp_path: Path) -> None:
    """On a model of random weights, in this process; a second look at it does nothing."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    config = (folder / "config.json").read_text()
    assert '"seconds": 1.0' in config
    (folder / "config.json").write_text(config.replace('"seconds": 1.0', '"seconds": 3.0'))
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "control.md").write_text(f"# Control\n\n{page.BEGIN}\n{page.END}\n")
    place = Place(tmp_path / "out", str(folder), write_recordings(tmp_path / "data"), sizes_for(0.01))
    for one in work.all_pieces(place.sizes):
        if not one.name.startswith(("command", "refused")):
            work.do(place, one.name)
            assert is_done(place, one)
    page.write(place, docs)
    written = (docs / "control.md").read_text()
    assert "Not measured for this model: commands." in written and "A quick run" in written
    for title in ("Table 5", "Table 14", "hummed", "Fill", "Loops", "Inversion", "Transform", "Strength"):
        assert re.search(rf"### .*{title}", written), title
    for name in re.findall(r"images/(\S+\.png)", written):
        assert 1000 < (docs / "images" / name).stat().st_size <= pictures.LIMIT
    assert os.path.exists(docs / "figures" / "control.json")
