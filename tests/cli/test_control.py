"""``soundctm control``: what it writes and says, twice the same."""

from pathlib import Path

import pytest

from soundctm import Clip
from tests.oracles.commands import made
from tests.oracles.sounds import content

ENCODED = Clip.encoded
CONTROL: dict[str, list[str]] = {
    "shape": ["--intensity", "rise"],
    "points": ["--intensity", "0:-40, 0.5:-12, 0.7:free, 1:-50", "--weight", "intensity=2", "--strength", "0.1"],
    "csv": ["--intensity", "curve.csv"],
    "recording": ["--intensity", "bell.wav", "--onsets", "bell.wav"],
    "several": ["--brightness", "0:400, 1:3000", "--band", "0:-40, 1:-20", "--band-range", "200", "800"],
    "start": ["--pitch", "0:200, 0.3:300", "--method", "start", "--seconds", "0.3"],
}


@pytest.mark.parametrize("case", list(CONTROL))
def test_control_writes_the_same_bytes_twice(case: str, run, files: Path, tiny_folder: Path) -> None:
    command = ["control", "rain", *CONTROL[case], "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    first, second = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert content(files / "one") == content(files / "two") and len(content(files / "one")) == 2
    clip = Clip.load(files / first[0]["wav"])
    assert clip.recipe is not None and clip.recipe.model_dump(mode="json") == first[0]["recipe"]
    features = {target.feature for target in clip.recipe.targets}
    assert first[0]["deviations"].keys() == features and all(v >= 0 for v in second[0]["deviations"].values())
    assert "_control_" in Path(first[0]["wav"]).name


def test_control_says_how_near_it_came(run, files: Path, tiny_folder: Path) -> None:
    """In words the farthest of all takes."""
    command = ["control", "rain", "--intensity", "rise", "--steps", 1, "--seed", 4, "--takes", 2]
    result = run(*command, "--model", tiny_folder)
    assert result.code == 0, result.err
    farthest = max(entry["deviations"]["intensity"] for entry in made(run(*command, "--model", tiny_folder, "--json")))
    said = f"2 takes in 1 step, seed 4. Off target by at most: intensity {farthest:.2g} dB (RMS)"
    assert said in result.out
    assert len(list(files.glob("rain_control_seed4_take*_1step.wav"))) == 2


def test_weights_strength_fader_and_auditions_are_heard(run, files: Path, tiny_folder: Path) -> None:
    command = ["control", "rain", "--intensity", "rise", "--brightness", "0:500, 1:900", "--steps", "2", "--seed", "4"]
    sounds = set()
    for more in ([], ["--weight", "intensity=5"], ["--strength", "0"], ["--fader", "0"], ["--auditions", "1"]):
        (entry,) = made(run(*command, *more, "--model", tiny_folder, "--json"))
        sounds.add(Clip.load(files / entry["wav"]).digest)
    assert len(sounds) == 5
    (entry,) = made(run(*command, "--shortlist", "2", "--model", tiny_folder, "--json"))
    assert entry["recipe"]["steering"]["shortlist"] == 2


# ---- what may stand for a curve


@pytest.mark.parametrize("name", ["take 1:2.wav", "0:-40, 1:-12.wav"])
def test_a_file_with_a_colon_in_its_name_is_a_file(name: str, run, files: Path, tiny_folder: Path) -> None:
    (files / name).write_bytes((files / "sea.wav").read_bytes())
    command = ["control", "rain", "--steps", "1", "--seed", "4", "--model", tiny_folder, "--json", "--intensity"]
    (followed,) = made(run(*command, name, "--out", "one"))
    (plain,) = made(run(*command, "sea.wav", "--out", "two"))
    assert followed["recipe"]["targets"] == plain["recipe"]["targets"]
    (files / name).unlink()
    assert run(*command, name).code == 2


def test_many_points_are_points(run, files: Path, tiny_folder: Path) -> None:
    """Longer than the name of any file can be."""
    points = ", ".join(f"{i / 100:.2f}:{-40 + i / 5:.1f}" for i in range(100))
    command = ["control", "rain", "--steps", "1", "--seed", "4", "--model", tiny_folder, "--json", "--intensity"]
    (entry,) = made(run(*command, points))
    assert len(points) > 255 and len(entry["recipe"]["targets"][0]["points"]) == 100


def test_a_sound_that_follows_a_curve_may_be_a_loop(run, files: Path, tiny_folder: Path) -> None:
    command = ("control", "rain", "--intensity", "wave", "--loop", "--seed", "4", "--auditions", "2")
    (entry,) = made(run(*command, "--model", tiny_folder, "--json"))
    clip = Clip.load(files / entry["wav"])
    assert entry["recipe"]["loop"] and clip.loops and b"smpl" in (files / entry["wav"]).read_bytes()


def test_takes_are_on_the_disk_as_soon_as_they_are_made(
    run, files: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who interrupts keeps what is there."""
    made(run("generate", "rain", "--seed", 1, "--takes", 1, "--model", tiny_folder, "--out", "start", "--json"))
    (start,) = (files / "start").glob("*.wav")
    commands = (
        ("control", "rain", "--intensity", "rise", "--seed", 1, "--takes", 3, "--model", tiny_folder),
        ("edit", "fill", "bell.wav", "--start", 0.2, "--end", 0.5, "--takes", 3, "--model", tiny_folder),
        ("edit", "vary", start, "--turn", 0.2, "--takes", 3),
    )
    for number, command in enumerate(commands):
        kept: list[Clip] = []

        def encoded(clip: Clip, licence: str = "", kept: list[Clip] = kept) -> bytes:
            if kept:
                raise KeyboardInterrupt
            kept.append(clip)
            return ENCODED(clip, licence)

        with monkeypatch.context() as patch:
            patch.setattr(Clip, "encoded", encoded)
            result = run(*command, "--out", f"out{number}")
        assert result.code == 130 and len(list((files / f"out{number}").glob("*.wav"))) == 1, result
