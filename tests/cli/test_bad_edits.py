"""What ``soundctm edit`` refuses: one line that names the remedy, and nothing written."""

from pathlib import Path

import pytest

BAD_EDIT: dict[str, tuple[list[str], str]] = {
    "missing file": (["fill", "nowhere.wav", "--start", "0.1", "--end", "0.4"], "no such file: nowhere.wav"),
    "folder for file": (["loop", "."], "this is a folder: ."),
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
    "silence to declip": (["declip", "silence.wav"], "nothing in silence.wav looks clipped"),
    "nothing to declip": (["declip", "sea.wav"], "give --level if you know better"),
    "channels that cancel": (["loop", "apart.wav"], "the channels of apart.wav cancel each other"),
    "channels that nearly cancel": (["join", "sea.wav", "nearly.wav"], "give one of them"),
    "a file without its end, beyond it": (["fill", "cut.wav", "--start", "0.1", "--end", "0.9"], "end is 0.9"),
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
    "gamma above 1": (["loop", "sea.wav", "--gamma", "1.5"], "gamma is 1.5"),
    "omega below 0": (["loop", "sea.wav", "--omega", "-1"], "omega is -1"),
    "nu is no number": (["loop", "sea.wav", "--nu", "nan"], "nu is nan"),
    "negative of nothing": (["loop", "sea.wav", "--negative", "wind"], "no effect at nu = 1"),
    "negative of blanks": (["loop", "sea.wav", "--negative", " ", "--nu", "2"], "prompt is empty"),
    "guidance of relatives": (["vary", "sea.wav", "--omega", "2"], "--omega"),
    "words for numbers": (["loop", "sea.wav", "--seam", "long"], "--seam is 'long'; give a number"),
    "unknown option": (["loop", "sea.wav", "--seem", "1"], "--seem"),
    "unknown edit": (["reverse", "sea.wav"], "reverse"),
    "unknown model": (["loop", "sea.wav", "--model", "maxi"], "unknown model 'maxi'"),
    "unknown device": (["loop", "sea.wav", "--device", "abacus"], "device 'abacus'"),
    "unwritable folder": (["loop", "sea.wav", "--out", "/proc/sounds"], "cannot make folder /proc/sounds"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD_EDIT))
def test_edits_that_cannot_be_made(case: str, refused, files: Path, tiny_folder: Path) -> None:
    arguments, said = BAD_EDIT[case]
    own = [] if "--model" in arguments else ["--model", tiny_folder]
    refused(said, "edit", *arguments, *own)


@pytest.mark.parametrize(
    "bad",
    [
        ["--gamma", "0"], ["--gamma", "1.5"], ["--gamma", "nan"], ["--steps", "1"], ["--takes", "0"],
        ["--turn", "0"], ["--turn", "1.5"], ["--turn", "0.2", "--gamma", "0.3"],
        ["--first", "0"], ["--first", "2147483647"],
    ],
)  # fmt: skip
def test_takes_that_cannot_be_varied(bad: list[str], refused, take: str) -> None:
    refused(bad[0].strip("-"), "edit", "vary", take, *bad)


GUIDANCE = [["--omega", "2"], ["--nu", "2"], ["--nu", "2", "--negative", "wind"]]


@pytest.mark.parametrize("given", [["--prompt", "wind"], ["--seed", "1"], *GUIDANCE])
def test_a_morph_that_begins_with_a_take_is_given_no_other_words(
    given: list[str], refused, files: Path, take: str, tiny_folder: Path
) -> None:
    said = "keeps its prompt, seed and guidance; leave them out"
    refused(said, "edit", "morph", take, "sea.wav", *given, "--model", tiny_folder)


@pytest.mark.parametrize(
    "given",
    [["--prompt", "wind"], ["--seed", "0"], ["--takes", "2"], ["--seam", "0.2"], *GUIDANCE, ["--gamma", "0.2"]],
)
def test_a_take_that_is_looped_keeps_its_words_and_noise(given: list[str], refused, take: str) -> None:
    refused("leave out --prompt, --seed, --takes", "edit", "loop", take, *given)
