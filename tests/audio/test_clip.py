"""Files: what is written is read back, by others too, and nothing is left half written."""

import resource
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm.audio import Clip, Recipe
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
