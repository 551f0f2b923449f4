"""``soundctm data prepare`` as it is typed."""

import json
from pathlib import Path

import pytest

from soundctm.training.data.prepared import PreparedDataset
from tests.oracles.sounds import write_pairs


def test_from_a_folder_to_batches(run, tiny_folder: Path, tmp_path: Path) -> None:
    write_pairs(tmp_path / "in", 8)
    command = ["data", "prepare", "in", "--out", "out", "--latents", tiny_folder, "--mixtures", 2, "--workers", 1]
    result = run(*command)
    assert result.code == 0, result.err
    for said in ("8 clips of 1 s, mono, 8000 Hz", "2 of them are mixtures", "left out: 2 (1 duplicate, 1 silent)",
                 "left_out.csv", "ready for training"):  # fmt: skip
        assert said in result.out
    assert PreparedDataset(tmp_path / "out").batch(0, 4, 0.1).z_0.shape == (4, 8, 63)
    again = json.loads(run(*command, "--json").out)
    assert again["clips"] == 8 and again["folder"] == "out"


def test_help_has_an_example(run) -> None:
    result = run("data", "prepare", "--help")
    assert result.code == 0 and "soundctm data prepare captions.csv" in result.out.replace("\n", " ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere"], "no such file or folder: nowhere"),
        (["in", "--seconds", "0"], "seconds: got 0"),
        (["in", "--seconds", "nan"], "seconds: got nan"),
        (["in", "--sample-rate", "1"], "sample_rate: got 1"),
        (["in", "--folds", "one"], "--folds takes numbers"),
        (["in", "--format", "zip"], "--format"),
        (["in", "--channels", "quad"], "--channels"),
        (["in", "--workers", "0"], "--workers"),
        (["in", "--latents", "nobody"], "unknown model 'nobody'"),
        (["in", "--mixtures", "-1"], "mixtures: got -1"),
    ],
)
def test_wrong_options_end_in_one_line(options: list[str], said: str, refused, tmp_path: Path) -> None:
    write_pairs(tmp_path / "in", 2)
    refused(said, "data", "prepare", *options, "--out", "out")
