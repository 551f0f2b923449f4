"""What the tests of this room share: a take, and programs of other people that read what is delivered (a test that
needs one skips where it is missing)."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from math import log10
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from soundctm import Clip, SoundCTM
from tests.delivery.making import TAKE


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: its reading is compared only where it is")
    return found


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., str]:
    """Runs ffmpeg; what it says on both streams."""
    program = _program("ffmpeg")

    def run(*arguments: object) -> str:
        command = [program, "-y", "-hide_banner", "-nostats", *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        return result.stdout + result.stderr

    return run


@pytest.fixture(scope="session")
def by_ffmpeg(ffmpeg: Callable[..., str]) -> Callable[[Path], tuple[float, float]]:
    """LUFS and dBTP of a file to three decimals, by ffmpeg's filter ``ebur128``."""

    def measured(path: Path) -> tuple[float, float]:
        chain = "ebur128=peak=true:metadata=1:framelog=verbose,ametadata=print:file=-"
        said = ffmpeg("-i", path, "-af", chain, "-f", "null", "-")
        peaks = [float(value) for value in re.findall(r"true_peaks_ch\d=(\S+)", said)]
        return float(re.findall(r"r128\.I=(\S+)", said)[-1]), 20 * log10(max(peaks))

    return measured


@pytest.fixture(scope="session")
def ffprobe() -> Callable[[Path], dict[str, Any]]:
    """What ffprobe says of a file: its tags, wherever they stand, and facts of the stream. It warns of nothing."""
    program = _program("ffprobe")

    def run(path: Path) -> dict[str, Any]:
        command = [program, "-v", "warning", "-show_format", "-show_streams", "-of", "json", str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        assert result.stderr == ""
        said = json.loads(result.stdout)
        (stream,) = said["streams"]
        return {"tags": {**stream.get("tags", {}), **said["format"].get("tags", {})}, "stream": stream}

    return run


@pytest.fixture(scope="session")
def soxi() -> Callable[[Path], dict[str, str]]:
    """What soxi says of a file, by its headings. It warns of nothing."""
    program = _program("soxi")

    def run(path: Path) -> dict[str, str]:
        result = subprocess.run([program, str(path)], capture_output=True, text=True, check=True)
        assert result.stderr == ""
        lines = [line.partition(":") for line in result.stdout.splitlines() if ":" in line]
        return {name.strip(): text.strip() for name, _, text in lines}

    return run


@pytest.fixture
def through(ffmpeg: Callable[..., str], tmp_path: Path) -> Callable[..., tuple[np.ndarray, int]]:
    """Samples and rate of a sound after ffmpeg has written it as another kind of file and back."""

    def convert(samples: np.ndarray, rate: int, suffix: str, *options: object) -> tuple[np.ndarray, int]:
        before, after, back = tmp_path / "before.wav", tmp_path / f"after.{suffix}", tmp_path / "back.wav"
        soundfile.write(before, samples.T, rate, subtype="FLOAT")
        ffmpeg("-i", before, *options, after)
        ffmpeg("-i", after, "-c:a", "pcm_f32le", back)
        found, rate = soundfile.read(back, dtype="float32", always_2d=True)
        return np.ascontiguousarray(found.T), int(rate)

    return convert


@pytest.fixture(params=[False, True], ids=["one shot", "loop"])
def made(request: pytest.FixtureRequest) -> Any:
    return TAKE.model_copy(update={"loop": request.param})


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def take(model: SoundCTM) -> Clip:
    (clip,) = model.generate("rain", seed=4)
    return clip
