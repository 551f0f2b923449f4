"""``soundctm export``: what it writes, and what it refuses in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracles.commands import Result


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("format is 'tflite'; accepted is onnx", ("mini", "--format", "tflite", "--out", "new")),
        ("opset is 3; accepted are 20 to 24", ("mini", "--opset", 3, "--out", "new")),
        ("unknown model 'minus'", ("minus", "--out", "new")),
        ("Missing option '--out'", ("mini",)),
    ],
)
def test_a_wrong_wish_is_refused(refused: Callable[..., Result], said: str, arguments: tuple[object, ...]) -> None:
    refused(said, "export", *arguments)


def test_a_folder_that_exists_is_refused(refused: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    refused("old exists already", "export", "mini", "--out", "old")


@pytest.mark.slow
def test_a_model_is_exported(run: Callable[..., Result], tiny_folder: Path, tmp_path: Path) -> None:
    result = run("export", tiny_folder, "--format", "onnx", "--out", "graphs", "--opset", 20)
    assert result.code == 0, result.err
    assert result.out.splitlines()[-1].startswith("wrote graphs")
    assert len([line for line in result.out.splitlines() if "deviates from torch by" in line]) == 6
    assert {path.suffix for path in (tmp_path / "graphs").iterdir()} == {".onnx", ".json", ".md"}
