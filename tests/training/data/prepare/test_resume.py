"""Whatever interrupts a preparation, going on gives the bytes of an uninterrupted one, with any number of workers."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soundctm.errors import UserError
from soundctm.training.data.prepare import shards
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.prepare.shards import ShardReader, finished_shards, read_records
from tests.oracles.sounds import RATE, content, write_pairs

COUNT = 16
SETTINGS = Settings(seconds=0.2, sample_rate=RATE, shard_size=4, mixtures=5)

PROGRAM = """
import os, signal, sys
from pathlib import Path
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions

def progress(done, total):
    if done == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    settings = Settings.model_validate_json(sys.argv[3])
    source = open_source(Path(sys.argv[1]), SourceOptions())
    prepare(source, Path(sys.argv[2]), settings, SourceOptions(), workers=int(sys.argv[5]), progress=progress)
"""


class Interrupted(Exception):
    """Stands for the end of the process."""


def run(folder: Path, out: Path, settings: Settings = SETTINGS, workers: int = 1, stop: int | None = None) -> dict:
    def progress(done: int, total: int) -> None:
        assert total == COUNT + settings.mixtures or done <= total == settings.mixtures
        if done == stop:
            raise Interrupted

    source = open_source(folder, SourceOptions())
    return prepare(source, out, settings, SourceOptions(), workers=workers, progress=progress)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("resume") / "in", COUNT)


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, bytes]:
    run(folder, folder.parent / "whole")
    return content(folder.parent / "whole")


def test_what_the_whole_holds(folder: Path, whole: dict[str, bytes]) -> None:
    """16 sounds, 3 silent, 2 repeated: 11 clips in shards of 4, 4, 3, then 5 mixtures in 4, 1."""
    manifest = json.loads(whole["manifest.json"])
    assert (manifest["clips"], manifest["mixtures"], manifest["shards"]) == (16, 5, 5)
    assert manifest["left_out"] == {"total": 5, "duplicate": 2, "silent": 3}
    names = [row[0] for row in csv.reader(whole["left_out.csv"].decode().splitlines())]
    assert names == ["name", "004.wav", "006.wav", "009.wav", "013.wav", "014.wav"]
    clips = ShardReader(folder.parent / "whole" / "shards")
    records = [r for path in finished_shards(folder.parent / "whole" / "shards") for r in read_records(path)]
    for clip, record in list(enumerate(records))[11:]:
        assert record.mixed is not None
        first, second = record.mixed
        assert first != second and max(first, second) < 11
        assert record.caption == f"{clips.captions[first]} and {clips.captions[second]}"
        mixed = (clips.row(first).astype(float) + clips.row(second)) / np.sqrt(2)
        assert np.corrcoef(clips.row(clip), mixed)[0, 1] > 0.999  # tones of one level: p = 1/2


@pytest.mark.parametrize("stop", [1, 4, 11, 15, 16, 18, 21])
def test_interrupted_after_any_entry(stop: int, folder: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        run(folder, tmp_path, stop=stop)
    run(folder, tmp_path)
    assert content(tmp_path) == whole


@pytest.mark.parametrize("allowed", [0, 1, 2, 11, 12, 16])
def test_interrupted_between_any_files(
    allowed: int, folder: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of a shard appear one by one; halves of the next may be left."""
    write: Callable[..., None] = shards.write_atomically
    written = 0

    def interrupt(path: Path, fill: Callable[..., object]) -> None:
        nonlocal written
        if written == allowed:
            path.with_name(f".{path.name}.0123.partial").write_bytes(b"half")
            raise Interrupted
        written += 1
        write(path, fill)

    with monkeypatch.context() as patched, pytest.raises(Interrupted):
        patched.setattr(shards, "write_atomically", interrupt)
        run(folder, tmp_path)
    run(folder, tmp_path)
    assert content(tmp_path) == whole


def test_killed(folder: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    """SIGKILL, both times with two workers; nobody is left behind."""
    (tmp_path / "program.py").write_text(PROGRAM)
    arguments = [folder, tmp_path / "out", SETTINGS.model_dump_json(), 13, 2]
    command = [sys.executable, str(tmp_path / "program.py"), *map(str, arguments)]
    process = subprocess.Popen(command, start_new_session=True)
    assert process.wait(60) == -signal.SIGKILL
    run(folder, tmp_path / "out", workers=2)
    assert content(tmp_path / "out") == whole
    patience = time.monotonic() + 20
    while group_is_alive(process.pid):
        assert time.monotonic() < patience, "workers live on after their parent"
        time.sleep(0.1)


def group_is_alive(group: int) -> bool:
    """Whether any process of a group runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_finished_folder_stays_as_it_is(folder: Path, whole: dict[str, bytes]) -> None:
    assert run(folder, folder.parent / "whole") == json.loads(whole["manifest.json"])
    assert content(folder.parent / "whole") == whole


@pytest.mark.parametrize(("key", "value"), [("seconds", 0.3), ("channels", "stereo"), ("mixtures", 2), ("seed", 1)])
def test_other_settings_are_refused(key: str, value: object, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        run(folder, tmp_path, stop=6)
    other = SETTINGS.model_copy(update={key: value})
    with pytest.raises(UserError, match=f"was begun with {key} .*{getattr(SETTINGS, key)}"):
        run(folder, tmp_path, other)


def test_another_source_is_refused(folder: Path, tmp_path: Path) -> None:
    mine = write_pairs(tmp_path / "in", COUNT)
    with pytest.raises(Interrupted):
        run(mine, tmp_path / "out", stop=6)
    (mine / "new.wav").write_bytes(b"?")
    with pytest.raises(UserError, match="the source has changed"):
        run(mine, tmp_path / "out")


def test_mixtures_need_two_clips(tmp_path: Path) -> None:
    source = open_source(write_pairs(tmp_path / "in", 1), SourceOptions())
    with pytest.raises(UserError, match="--mixtures needs two usable clips"):
        prepare(source, tmp_path / "out", SETTINGS, SourceOptions())
