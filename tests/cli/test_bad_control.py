"""What ``soundctm control`` refuses: one line that names the remedy, and nothing written."""

from pathlib import Path

import pytest

BAD_CONTROL: dict[str, tuple[list[str], str]] = {
    "nothing to follow": ([], "nothing to follow"),
    "times out of order": (["--intensity", "0:-40, 0.8:-12, 0.5:-20"], "times must rise"),
    "the same time twice": (["--intensity", "0:-40, 0.5:-12, 0.5:-20"], "times must rise"),
    "past the end": (
        ["--intensity", "0:-40, 1.5:-12"],
        "point at 1.5 s; the clip lasts from 0 to 1 s\n",
    ),
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
    "band range without a band": (["--intensity", "rise", "--band-range", "200", "800"], "there is no --band"),
    "weight given twice": (
        ["--intensity", "rise", "--weight", "intensity=1", "--weight", "intensity=2"], "given twice for intensity"
    ),
    "a table that is no csv": (["--intensity", "points.txt"], "a table of points is a .csv"),
    "weight of nothing": (["--intensity", "rise", "--weight", "pitch=2"], "a weight is given for pitch"),
    "weight of an unknown": (["--intensity", "rise", "--weight", "warmth=2"], "--weight names 'warmth'"),
    "weight without a number": (["--intensity", "rise", "--weight", "intensity"], "write FEATURE=NUMBER"),
    "weight of 0": (["--intensity", "rise", "--weight", "intensity=0"], "weight of the intensity target is 0"),
    "weight is no number": (["--intensity", "rise", "--weight", "intensity=nan"], "the intensity target is nan"),
    "negative strength": (["--intensity", "rise", "--strength", "-1"], "strength is -1"),
    "strength is no number": (["--intensity", "rise", "--strength", "nan"], "strength is nan"),
    "more than a fader has": (["--intensity", "rise", "--fader", "61"], "fader is 61"),
    "fader is no number": (["--intensity", "rise", "--fader", "nan"], "fader is nan"),
    "no auditions": (["--intensity", "rise", "--auditions", "0"], "auditions is 0"),
    "a shortlist of more than is heard": (
        ["--intensity", "rise", "--auditions", "3", "--shortlist", "4"], "shortlist is 4; accepted are 1 to 3"
    ),
    "auditions of a start": (
        ["--intensity", "rise", "--method", "start", "--auditions", "4"],
        "--auditions is 4, which only --method guidance uses; leave it out with start",
    ),
    "fader of a start": (
        ["--intensity", "rise", "--method", "start", "--fader", "6"],
        "--fader is 6, which only --method guidance uses; leave it out with start",
    ),
    "strength of a start": (
        ["--intensity", "rise", "--method", "start", "--strength", "0.2"],
        "--strength is 0.2, which only --method guidance uses; leave it out with start",
    ),
    "strength in one step": (
        ["--intensity", "rise", "--strength", "0.2", "--steps", "1"],
        "a single step is not corrected; give 2 steps or more",
    ),
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


@pytest.mark.parametrize("case", list(BAD_CONTROL))
def test_curves_that_cannot_be_followed(case: str, refused, files: Path, tiny_folder: Path) -> None:
    arguments, said = BAD_CONTROL[case]
    refused(said, "control", "rain", *arguments, "--model", tiny_folder)


@pytest.mark.parametrize("prompt", ["", "  ", "rain\x07", "x" * 2000])
def test_prompts_that_cannot_be_heard(prompt: str, refused, files: Path, tiny_folder: Path) -> None:
    refused("the prompt", "control", prompt, "--intensity", "rise", "--model", tiny_folder)
