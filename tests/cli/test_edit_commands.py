"""``soundctm control`` and ``soundctm edit``: what they write and say, twice the same; and what they refuse."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from soundctm import Clip
from soundctm.audio.io import read_chunk
from tests.oracles.recordings import recording

RATE = 8000


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Recordings and other files in the working folder of the commands."""
    recording(1).save(tmp_path / "sea.wav")
    recording(2, seconds=0.7).save(tmp_path / "bell.wav")
    recording(3, seconds=0.05).save(tmp_path / "tick.wav")
    spoilt = recording(1).samples.copy()
    spoilt[0, 700] = np.nan
    soundfile.write(tmp_path / "nan.wav", spoilt[0], RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "loud.wav", 1.3 * np.sin(np.arange(RATE) * 0.2), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "square.wav", np.sign(recording(1).samples[0] + 1e-9) * 0.5, RATE)
    (tmp_path / "text.wav").write_text("not audio")
    (tmp_path / "curve.csv").write_text("seconds,dB\n0,-40\n0.5,-20\n1,-50\n")
    (tmp_path / "bad.csv").write_text("0,-40\n0.5,loud\n")
    return tmp_path


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made(result) -> list[dict[str, Any]]:  # type: ignore[no-untyped-def]
    assert result.code == 0, result.err
    return list(json.loads(result.out)["files"])


# ---- good input

CONTROL: dict[str, list[str]] = {
    "shape": ["--intensity", "rise"],
    "points": ["--intensity", "0:-40, 0.5:-12, 0.7:free, 1:-50", "--weight", "intensity=2", "--strength", "0.1"],
    "csv": ["--intensity", "curve.csv"],
    "recording": ["--intensity", "bell.wav", "--onsets", "bell.wav"],
    "several": ["--brightness", "0:400, 1:3000", "--band", "0:-40, 1:-20", "--band-range", "200", "800"],
    "start": ["--pitch", "0:200, 0.3:300", "--method", "start", "--seconds", "0.3"],
}
EDITS: dict[str, tuple[list[str], int]] = {  # and the length of the result
    "extend-bandwidth": (["sea.wav", "--cutoff", "1000", "--prompt", "rain"], 8000),
    "declip": (["sea.wav", "--level", "0.3"], 8000),
    "fill": (["sea.wav", "--start", "0.2", "--end", "0.5", "-p", "a bell"], 8000),
    "extend": (["sea.wav", "--after", "0.3"], 10400),
    "join": (["sea.wav", "bell.wav", "--gap", "0.25"], 15600),
    "loop": (["bell.wav", "--seam", "0.2"], 5600),
    "transform": (["sea.wav", "a bell", "--strength", "0.5"], 8000),
    "morph": (["bell.wav", "sea.wav", "--amount", "0.3"], 5600),
}


@pytest.mark.parametrize("case", list(CONTROL))
def test_control_writes_the_same_bytes_twice(case: str, run, files: Path, tiny_folder: Path) -> None:
    command = ["control", "rain", *CONTROL[case], "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    first, second = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert listing(files / "one") == listing(files / "two") and len(listing(files / "one")) == 2
    clip = Clip.load(files / first[0]["wav"])
    assert clip.recipe is not None and clip.recipe.model_dump(mode="json") == first[0]["recipe"]
    features = {target.feature for target in clip.recipe.targets}
    assert first[0]["deviations"].keys() == features and all(v >= 0 for v in second[0]["deviations"].values())
    assert "_control_" in Path(first[0]["wav"]).name


def test_control_says_how_near_it_came(run, files: Path, tiny_folder: Path) -> None:
    result = run(
        "control", "rain", "--intensity", "rise", "--steps", 1, "--seed", 4, "--takes", 2, "--model", tiny_folder
    )
    assert result.code == 0, result.err
    assert "2 takes in 1 step, seed 4." in result.out and "intensity" in result.out and "dB (RMS)" in result.out
    assert len(list(files.glob("rain_control_seed4_take*_1step.wav"))) == 2


def test_weights_and_strength_are_heard(run, files: Path, tiny_folder: Path) -> None:
    command = ["control", "rain", "--intensity", "rise", "--brightness", "0:500, 1:900", "--steps", "2", "--seed", "4"]
    sounds = set()
    for more in ([], ["--weight", "intensity=5"], ["--strength", "0"]):
        (entry,) = made(run(*command, *more, "--model", tiny_folder, "--json"))
        sounds.add(Clip.load(files / entry["wav"]).digest)
    assert len(sounds) == 3


@pytest.mark.parametrize("kind", list(EDITS))
def test_edits_write_the_same_bytes_twice(kind: str, run, files: Path, tiny_folder: Path) -> None:
    arguments, length = EDITS[kind]
    command = ["edit", kind, *arguments, "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert listing(files / "one") == listing(files / "two") and len(listing(files / "one")) == 2
    assert soundfile.info(files / entry["wav"]).frames == length
    assert entry["recipe"]["edit"]["kind"] == kind and f"_{kind}_seed4_take1_2steps" in entry["wav"]
    recordings = [argument for argument in arguments if argument.endswith(".wav")]
    named = [entry["recipe"]["edit"][key] for key in ("source", "other") if entry["recipe"]["edit"].get(key)]
    assert named == [{"name": name, "digest": Clip.load(files / name).digest} for name in recordings]
    assert (read_chunk(files / entry["wav"], b"smpl") is not None) == (kind == "loop")


@pytest.mark.parametrize("kind", ["fill", "morph"])
def test_an_edit_is_refined_where_its_recordings_are_given(kind: str, run, files: Path, tiny_folder: Path) -> None:
    command = ["edit", kind, *EDITS[kind][0], "--seed", "4", "--model", tiny_folder, "--json"]
    (first,) = made(run(*command, "--steps", "1"))
    before = listing(files)
    result = run("refine", first["wav"], "--steps", "2")
    assert result.code == 2 and ".wav (digest " in result.err and len(result.err.splitlines()) == 1
    assert listing(files) == before
    sources = [part for name in ("tick.wav", "sea.wav", "bell.wav") for part in ("--source", name)]
    (refined,) = made(run("refine", first["wav"], "--steps", "2", *sources, "--json"))
    (direct,) = made(run(*command, "--steps", "2", "--out", "direct"))
    assert (files / refined["wav"]).read_bytes() == (files / direct["wav"]).read_bytes()


def test_relatives_of_a_take(run, files: Path, tiny_folder: Path) -> None:
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    command = ["edit", "vary", take["wav"], "--takes", "2", "--gamma", "0.5", "--steps", "2", "--json"]
    first, _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert listing(files / "one") == listing(files / "two") and len(listing(files / "one")) == 4
    assert [Path(entry["wav"]).stem for entry in first] == [f"rain_vary{i}_seed4_take1_2steps" for i in (1, 2)]
    assert len({Clip.load(files / entry["wav"]).digest for entry in first}) == 2


def test_between_two_takes(run, files: Path, tiny_folder: Path) -> None:
    takes = [
        made(run("generate", prompt, "--takes", 1, "--seed", seed, "--model", tiny_folder, "--json"))[0]["wav"]
        for prompt, seed in (("rain", 4), ("a bell", 5))
    ]
    command = ["edit", "morph", *takes, "--amount", "0.5", "--steps", "2", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert listing(files / "one") == listing(files / "two")
    assert entry["recipe"]["edit"]["prompt"] == "a bell" and "source" not in str(entry["recipe"]["edit"]["source"])


def test_a_loop_is_generated_and_marked(run, files: Path, tiny_folder: Path) -> None:
    command = ["generate", "rain", "--takes", 1, "--seed", 4, "--loop", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert listing(files / "one") == listing(files / "two")
    chunk = read_chunk(files / entry["wav"], b"smpl")
    assert (
        chunk is not None and int.from_bytes(chunk[48:52], "little") == soundfile.info(files / entry["wav"]).frames - 1
    )


def test_info_describes_what_was_done(run, files: Path, tiny_folder: Path) -> None:
    (entry,) = made(run("edit", "loop", "sea.wav", "--steps", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    facts = json.loads(run("info", entry["wav"], "--json").out)
    assert facts["edit"]["kind"] == "loop" and facts["edit"]["source"]["name"] == "sea.wav"
    assert run("info", entry["wav"]).code == 0


@pytest.mark.parametrize("command", ["control", "edit", *(f"edit {kind}" for kind in (*EDITS, "vary"))])
def test_every_command_has_help(run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.code == 0 and "Usage" in result.out and f"soundctm {command}" in result.out.replace("\n", " ")


def test_edit_alone_shows_its_commands(run) -> None:
    result = run("edit")
    assert result.code == 2 and all(kind in result.out for kind in EDITS)


# ---- bad input

BAD_CONTROL: dict[str, tuple[list[str], str]] = {
    "nothing to follow": ([], "nothing to follow"),
    "times out of order": (["--intensity", "0:-40, 0.8:-12, 0.5:-20"], "times must rise"),
    "the same time twice": (["--intensity", "0:-40, 0.5:-12, 0.5:-20"], "times must rise"),
    "past the end": (["--intensity", "0:-40, 1.5:-12"], "point at 1.5 s; the clip lasts from 0 to 1 s"),
    "before the start": (["--intensity", "-1:-40, 1:-12"], "point at -1 s"),
    "past a shorter end": (["--intensity", "0:-40, 1:-12", "--seconds", "0.5"], "the clip lasts from 0 to 0.5 s"),
    "time is no number": (["--intensity", "nan:-40, 1:-12"], "point at nan s"),
    "value is no number": (["--intensity", "0:nan, 1:-12"], "intensity target is nan dB"),
    "endless value": (["--brightness", "0:inf, 1:500"], "brightness target is inf Hz"),
    "level above full scale": (["--intensity", "0:-40, 1:12"], "-12 means 12 dB below full scale"),
    "brightness in kHz": (["--brightness", "0:1, 1:3"], "brightness target is 1 Hz"),
    "brightness above Nyquist": (["--brightness", "0:1000, 1:5000"], "accepted are 20 to 4,000 Hz"),
    "onsets in percent": (["--onsets", "0:0, 1:100"], "onsets target is 100"),
    "pitch too low": (["--pitch", "0:5, 1:300"], "pitch target is 5 Hz"),
    "all free": (["--intensity", "0:free, 1:free"], "binds nothing"),
    "one point": (["--intensity", "0:-40"], "binds nothing"),
    "words for points": (["--intensity", "0:loud, 1:soft"], "'0:loud' in the points"),
    "no time": (["--intensity", ":-40, 1:-12"], "':-40' in the points"),
    "no such shape": (["--intensity", "zigzag"], "zigzag"),
    "shape of another feature": (["--brightness", "rise"], "rise"),
    "missing csv": (["--intensity", "nowhere.csv"], "nowhere.csv"),
    "words in a csv": (["--intensity", "bad.csv"], "line 2 of bad.csv"),
    "missing recording": (["--intensity", "nowhere.wav"], "no such file: nowhere.wav"),
    "no recording": (["--intensity", "text.wav"], "not a readable audio file"),
    "spoilt recording": (["--intensity", "nan.wav"], "not numbers"),
    "empty recording": (["--intensity", "empty.wav"], "the recording lasts 0 s"),
    "recording too short": (["--onsets", "tick.wav"], "the recording lasts 0.05 s"),
    "silence has no pitch": (["--pitch", "silence.wav"], "have no pitch"),
    "band upside down": (["--band", "0:-40, 1:-20", "--band-range", "800", "200"], "low 800 Hz and high 200 Hz"),
    "band above Nyquist": (["--band", "0:-40, 1:-20", "--band-range", "800", "9000"], "high 9000 Hz"),
    "band is no number": (["--band", "0:-40, 1:-20", "--band-range", "nan", "900"], "low nan Hz"),
    "half a band": (["--band", "0:-40, 1:-20", "--band-range", "800"], "--band-range"),
    "weight of nothing": (["--intensity", "rise", "--weight", "pitch=2"], "a weight is given for pitch"),
    "weight of an unknown": (["--intensity", "rise", "--weight", "warmth=2"], "--weight names 'warmth'"),
    "weight without a number": (["--intensity", "rise", "--weight", "intensity"], "write FEATURE=NUMBER"),
    "weight of 0": (["--intensity", "rise", "--weight", "intensity=0"], "weight of the intensity target is 0"),
    "weight is no number": (["--intensity", "rise", "--weight", "intensity=nan"], "the intensity target is nan"),
    "negative strength": (["--intensity", "rise", "--strength", "-1"], "strength is -1"),
    "strength is no number": (["--intensity", "rise", "--strength", "nan"], "strength is nan"),
    "unknown method": (["--intensity", "rise", "--method", "luck"], "'luck'; accepted are guidance and start"),
    "no takes": (["--intensity", "rise", "--takes", "0"], "takes is 0"),
    "no steps": (["--intensity", "rise", "--steps", "0"], "steps is 0"),
    "no length": (["--intensity", "rise", "--seconds", "0"], "seconds is 0"),
    "no length to follow in": (["--intensity", "sea.wav", "--seconds", "0"], "seconds is 0"),
    "negative length": (["--intensity", "rise", "--seconds", "-1"], "seconds is -1"),
    "negative length to follow in": (["--intensity", "sea.wav", "--seconds", "-1"], "seconds is -1"),
    "endless": (["--intensity", "rise", "--seconds", "inf"], "seconds is inf"),
    "endless to follow in": (["--intensity", "sea.wav", "--seconds", "inf"], "seconds is inf"),
    "length is no number": (["--intensity", "sea.wav", "--seconds", "nan"], "seconds is nan"),
    "too long": (["--intensity", "rise", "--seconds", "601"], "seconds is 601"),
    "negative seed": (["--intensity", "rise", "--seed", "-1"], "seed is -1"),
}  # fmt: skip

BAD_EDIT: dict[str, tuple[list[str], str]] = {
    "missing file": (["fill", "nowhere.wav", "--start", "0.1", "--end", "0.4"], "no such file: nowhere.wav"),
    "folder for file": (["loop", "."], "no such file"),
    "no sound": (["transform", "text.wav", "rain"], "not a readable audio file"),
    "spoilt sound": (["fill", "nan.wav", "--start", "0.1", "--end", "0.4"], "nan.wav has samples that are no numbers"),
    "spoilt sound of the second": (["join", "sea.wav", "nan.wav"], "nan.wav has samples that are no numbers"),
    "spoilt sound to declip": (["declip", "nan.wav"], "nan"),
    "empty sound": (["extend", "empty.wav", "--after", "1"], "empty.wav has no samples"),
    "sound too short": (["transform", "tick.wav", "rain"], "tick.wav lasts 0.05 s; give a recording of 0.1 s"),
    "cutoff of 0": (["extend-bandwidth", "sea.wav", "--cutoff", "0"], "cutoff is 0.0"),
    "cutoff above Nyquist": (["extend-bandwidth", "sea.wav", "--cutoff", "5000"], "cutoff is 5,000.0"),
    "cutoff is no number": (["extend-bandwidth", "sea.wav", "--cutoff", "nan"], "cutoff is nan"),
    "level of 0": (["declip", "sea.wav", "--level", "0"], "level is 0.0"),
    "silence to declip": (["declip", "silence.wav"], "level is 0.0"),
    "all is clipped": (["declip", "square.wav"], "every sample is clipped"),
    "no gap": (["fill", "sea.wav"], "--start"),
    "no end": (["fill", "sea.wav", "--start", "0.1"], "--end"),
    "gap backwards": (["fill", "sea.wav", "--start", "0.5", "--end", "0.2"], "goes from 0.5 to 0.2 seconds"),
    "gap past the end": (["fill", "sea.wav", "--start", "0.5", "--end", "3"], "end is 3.0; accepted are 0.0 to 1.0"),
    "gap is all": (["fill", "sea.wav", "--start", "0", "--end", "1"], "the gap leaves less than 0.05 s"),
    "gap is no number": (["fill", "sea.wav", "--start", "nan", "--end", "0.5"], "start is nan"),
    "nothing to extend by": (["extend", "sea.wav"], "before is 0.0 and after 0.0"),
    "extended backwards": (["extend", "sea.wav", "--after", "-1"], "after is -1.0"),
    "extended without end": (["extend", "sea.wav", "--after", "600"], "seconds is 601.0"),
    "joined without a gap": (["join", "sea.wav", "bell.wav", "--gap", "0"], "gap is 0.0"),
    "joined with nothing": (["join", "sea.wav"], "issing argument"),
    "seam of 0": (["loop", "sea.wav", "--seam", "0"], "seam is 0.0"),
    "all seam": (["loop", "sea.wav", "--seam", "0.8"], "seam is 0.8"),
    "strength above 1": (["transform", "sea.wav", "rain", "--strength", "1.5"], "strength is 1.5"),
    "strength is no number": (["transform", "sea.wav", "rain", "--strength", "nan"], "strength is nan"),
    "transformed into nothing": (["transform", "sea.wav"], "issing argument"),
    "transformed into blanks": (["transform", "sea.wav", "  "], "prompt is empty"),
    "control characters": (["transform", "sea.wav", "rain\x07"], "control characters"),
    "amount above 1": (["morph", "sea.wav", "bell.wav", "--amount", "2"], "amount is 2.0"),
    "takes of a morph": (["morph", "sea.wav", "bell.wav", "--takes", "3"], "--takes"),
    "level above full scale": (["declip", "sea.wav", "--level", "1.2"], "level is 1.2; accepted are 0.001 to 1.0"),
    "next to no strength": (["transform", "sea.wav", "rain", "--strength", "0.0001"], "strength is 0.0001; give 0"),
    "beyond full scale": (["loop", "loud.wav"], "loud.wav goes beyond full scale (peak 1.3"),
    "morphed with nothing": (["morph", "sea.wav"], "issing argument"),
    "a recording to vary": (["vary", "sea.wav"], "carries no recipe"),
    "no takes": (["fill", "sea.wav", "--start", "0.1", "--end", "0.4", "--takes", "0"], "takes is 0"),
    "no steps": (["loop", "sea.wav", "--steps", "0"], "steps is 0"),
    "negative seed": (["loop", "sea.wav", "--seed", "-1"], "seed is -1"),
    "words for numbers": (["loop", "sea.wav", "--seam", "long"], "'--seam'"),
    "unknown option": (["loop", "sea.wav", "--seem", "1"], "--seem"),
    "unknown edit": (["reverse", "sea.wav"], "reverse"),
    "unknown model": (["loop", "sea.wav", "--model", "maxi"], "unknown model 'maxi'"),
    "unknown device": (["loop", "sea.wav", "--device", "abacus"], "device 'abacus'"),
    "unwritable folder": (["loop", "sea.wav", "--out", "/proc/sounds"], "cannot make folder /proc/sounds"),
}  # fmt: skip


def check_refusal(result, said: str, folder: Path, before: dict[str, bytes]) -> None:  # type: ignore[no-untyped-def]
    assert result.code == 2, result
    assert said in result.err
    assert result.err.startswith("soundctm: ") and len(result.err.splitlines()) == 1
    assert result.out == "" and "Traceback" not in result.err
    assert listing(folder) == before


@pytest.mark.parametrize("case", list(BAD_CONTROL))
def test_curves_that_cannot_be_followed(case: str, run, files: Path, tiny_folder: Path) -> None:
    arguments, said = BAD_CONTROL[case]
    before = listing(files)
    check_refusal(run("control", "rain", *arguments, "--model", tiny_folder), said, files, before)


@pytest.mark.parametrize("case", list(BAD_EDIT))
def test_edits_that_cannot_be_made(case: str, run, files: Path, tiny_folder: Path) -> None:
    arguments, said = BAD_EDIT[case]
    before = listing(files)
    own = [] if "--model" in arguments else ["--model", tiny_folder]
    check_refusal(run("edit", *arguments, *own), said, files, before)


@pytest.mark.parametrize(
    "bad", [["--gamma", "0"], ["--gamma", "1.5"], ["--gamma", "nan"], ["--steps", "1"], ["--takes", "0"]]
)
def test_takes_that_cannot_be_varied(bad: list[str], run, files: Path, tiny_folder: Path) -> None:
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    before = listing(files)
    check_refusal(run("edit", "vary", take["wav"], *bad), bad[0].strip("-"), files, before)


@pytest.mark.parametrize("prompt", ["", "  ", "rain\x07", "x" * 2000])
def test_prompts_that_cannot_be_heard(prompt: str, run, files: Path, tiny_folder: Path) -> None:
    before = listing(files)
    result = run("control", prompt, "--intensity", "rise", "--model", tiny_folder)
    check_refusal(result, "the prompt", files, before)


def test_a_negative_prompt_needs_nu(run, files: Path, tiny_folder: Path) -> None:
    before = listing(files)
    result = run("generate", "rain", "--negative", "a bell", "--model", tiny_folder)
    check_refusal(result, "no effect at nu = 1", files, before)


def test_a_morph_says_how_many_it_made(run, files: Path, tiny_folder: Path) -> None:
    result = run("edit", "morph", "sea.wav", "bell.wav", "--steps", "1", "--seed", "4", "--model", tiny_folder)
    written = [line for line in result.out.splitlines() if line.strip().endswith(".wav")]
    assert result.code == 0 and len(written) == 1 and "morph: 1 take in 1 step, seed 4" in result.out


@pytest.mark.parametrize("given", [["--prompt", "wind"], ["--seed", "1"]])
def test_a_morph_that_begins_with_a_take_is_given_no_other_words(
    given: list[str], run, files: Path, tiny_folder: Path
) -> None:
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    before = listing(files)
    result = run("edit", "morph", take["wav"], "sea.wav", *given, "--model", tiny_folder)
    check_refusal(result, "keeps its prompt, seed and guidance; leave them out", files, before)


def test_the_other_of_a_morph_has_a_prompt_of_its_own(run, files: Path, tiny_folder: Path) -> None:
    command = ["edit", "morph", "sea.wav", "bell.wav", "--amount", "1", "--seed", "4", "--steps", "1", "--json"]
    entries = [
        made(run(*command, "--model", tiny_folder, "--other-prompt", words, "--out", words[-4:]))[0]
        for words in ("a bell", "three slow knocks")
    ]
    assert [entry["recipe"]["edit"]["prompt"] for entry in entries] == ["a bell", "three slow knocks"]
    assert [entry["recipe"]["prompt"] for entry in entries] == ["", ""]
    assert len({Clip.load(files / entry["wav"]).digest for entry in entries}) == 2


# ---- loops of takes


def test_a_take_is_looped_from_its_noise(run, files: Path, tiny_folder: Path) -> None:
    """As if it had been generated as a loop, by the model of its recipe or where that lies now."""
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    command = ["edit", "loop", take["wav"], "--steps", "2", "--json"]
    (named,) = made(run(*command, "--out", "named"))
    shutil.copytree(tiny_folder, files / "moved")
    (moved,) = made(run(*command, "--model", "moved", "--out", "moved_out"))
    (direct,) = made(
        run("generate", "rain", "--takes", 1, "--seed", 4, "--steps", 2, "--loop", "--model", tiny_folder, "--json")
    )
    assert named["recipe"] == moved["recipe"] == direct["recipe"] and "seam" in named
    assert (files / named["wav"]).read_bytes() == (files / moved["wav"]).read_bytes()
    assert (files / named["wav"]).read_bytes() == (files / direct["wav"]).read_bytes()
    assert run(*command, "--model", "mini").code == 2  # another model is no place where this one lies


@pytest.mark.parametrize("given", [["--prompt", "wind"], ["--seed", "0"], ["--takes", "2"], ["--seam", "0.2"]])
def test_a_take_that_is_looped_keeps_its_words_and_noise(given: list[str], run, files: Path, tiny_folder: Path) -> None:
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    before = listing(files)
    check_refusal(run("edit", "loop", take["wav"], *given), "leave out --prompt, --seed, --takes", files, before)


# ---- files whose names look like points


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
