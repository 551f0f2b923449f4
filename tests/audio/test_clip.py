"""Files: what is written is read back, by others too, and nothing is left half written."""

import os
import resource
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from soundctm.audio import Clip, Recipe
from soundctm.audio.io import audio_facts
from soundctm.audio.recipe import Steering
from soundctm.errors import UserError

RECIPE = Recipe(
    prompt="rain, dann Donner 雷", seed=7, take=2, steps=16, seconds=1.0, omega=3.0, nu=1.0, gamma=0.0, model="mini",
    model_hash="0" * 16, sample_rate=44100, version="0",
)  # fmt: skip


def sine(channels: int = 1, length: int = 4411) -> np.ndarray:
    t = np.arange(length) / 44100
    return np.stack([0.5 * np.sin(2 * np.pi * (440 + 110 * c) * t) for c in range(channels)]).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("length", [4410, 4411])
def test_samples_and_recipe_come_back(tmp_path: Path, channels: int, length: int) -> None:
    clip = Clip(sine(channels, length), 44100, RECIPE)
    again = Clip.load(clip.save(tmp_path / "a.wav"))
    assert again.recipe == RECIPE
    assert again.samples.shape == clip.samples.shape
    assert np.abs(again.samples - clip.samples).max() <= 2.0**-23


def test_riff_sizes_are_consistent(tmp_path: Path) -> None:
    data = (Clip(sine(1, 4411), 44100, RECIPE).save(tmp_path / "a.wav")).read_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    position, names = 12, []
    while position < len(data):
        names.append(data[position : position + 4])
        size = struct.unpack("<I", data[position + 4 : position + 8])[0]
        position += 8 + size + size % 2
    assert position == len(data)
    assert names[0] == b"fmt " and b"data" in names and names[-1] == b"sctm"


def test_others_read_it_as_24_bit(tmp_path: Path) -> None:
    info = soundfile.info(Clip(sine(), 44100, RECIPE).save(tmp_path / "a.wav"))
    assert (info.subtype, info.samplerate, info.frames) == ("PCM_24", 44100, 4411)


def test_a_recording_has_no_recipe(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "r.flac", sine()[0], 44100)
    assert Clip.load(tmp_path / "r.flac").recipe is None


def test_a_damaged_recipe_is_named(tmp_path: Path) -> None:
    path = Clip(sine(), 44100, RECIPE).save(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes().replace(b'"steps":16', b'"stops":16'))
    with pytest.raises(UserError, match=r"a\.wav carries a recipe that cannot be read"):
        Clip.load(path)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np\n"
        "from soundctm.audio import Clip\n"
        "from soundctm.errors import UserError\n"
        "try:\n"
        "    Clip(np.zeros((1, 100_000), np.float32), 44100).save(sys.argv[1])\n"
        "except UserError as error:\n"
        "    print(error); sys.exit(2)\n"
    )
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    command = [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + program]
    result = subprocess.run([*command, str(tmp_path / "a.wav")], preexec_fn=limit, capture_output=True, text=True)
    assert result.returncode == 2, result.stderr
    assert "cannot write" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    path = Clip(sine(1, 44100), 44100, RECIPE).plot(tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_names_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    Clip(sine(), 44100).save(tmp_path / "a.wav").rename(path)
    assert np.allclose(Clip.load(path).samples, sine(), atol=2.0**-23) and Clip.load(path).sample_rate == 44100
    assert audio_facts(path) == (44100, "PCM_24")
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="is not a readable audio file"):
        Clip.load(path)


@pytest.mark.parametrize("rate", [1, 2999, 768_001])
def test_odd_rates_are_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", sine()[0], rate)
    with pytest.raises(UserError, match=f"has a sample rate of {rate:,} Hz; accepted are 3,000 to 768,000"):
        Clip.load(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        ([[0.0, 1.0]], 44100, "samples are of type list; give a NumPy array"),
        (torch.zeros(1, 9), 44100, "samples are of type Tensor; give a NumPy array"),
        (np.zeros((1, 9)), 44100, r"samples are float64\[1, 9\]; give float32"),
        (np.zeros((0, 9), np.float32), 44100, r"samples are float32\[0, 9\]"),
        (sine(), 0, "sample_rate is 0; give a whole number of Hz"),
        (sine(), -44100, "sample_rate is -44100"),
        (sine(), None, "sample_rate is None"),
        (sine(), True, "sample_rate is True"),
        (sine(), 44100.0, "sample_rate is 44100.0"),
        (sine(), "44100", "sample_rate is '44100'"),
    ],
)
def test_what_is_no_sound_is_refused(samples: Any, rate: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Clip(samples, rate)


def test_a_recipe_of_another_version_says_so() -> None:
    newer = RECIPE.model_dump_json().replace('"version":"0"', '"version":"99.1","reverb":3')
    with pytest.raises(UserError, match=r"reverb.*soundctm '99.1' wrote it, and this is .*: take the newer"):
        Recipe.from_json(newer, "a.wav")
    mine = newer.replace("99.1", version("soundctm"))
    with pytest.raises(UserError) as told:
        Recipe.from_json(mine, "a.wav")
    assert "newer" not in str(told.value)


@pytest.mark.parametrize("given", [{"auditions": 2.5}, {"auditions": True}, {"auditions": "4"}, {"strength": "hard"}])
def test_steering_takes_nothing_for_a_number_that_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Steering"):
        Steering(**given)
    assert Steering.model_validate_json(Steering(auditions=4, strength=1).model_dump_json()).auditions == 4
