"""Trained parts on disk: what cannot be read is said in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from soundctm.backbones import DiT
from soundctm.errors import UserError
from soundctm.training.parts import load_backbone, save_part
from tests.oracles.latents import tiny_backbone

STUDENT = tiny_backbone("student")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_part(DiT(STUDENT), STUDENT, tmp_path, "student")
    return tmp_path


def test_a_backbone_comes_back(folder: Path) -> None:
    first, second = (load_backbone(folder, "student")[0] for _ in range(2))
    assert first.config == STUDENT and not first.training
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def deeper(sizes: Path, weights: Path) -> None:
    sizes.write_text(STUDENT.model_copy(update={"depth": STUDENT.depth + 1}).model_dump_json())


@pytest.mark.parametrize(
    "damage",
    [
        lambda sizes, weights: sizes.write_text("{"),
        lambda sizes, weights: sizes.write_text("{}"),
        lambda sizes, weights: sizes.write_bytes(b"\xff"),
        lambda sizes, weights: sizes.unlink(),
        lambda sizes, weights: weights.unlink(),
        lambda sizes, weights: weights.write_bytes(weights.read_bytes()[:-9]),
        deeper,
    ],
)
def test_what_cannot_be_read_is_one_line(damage: Callable[[Path, Path], object], folder: Path) -> None:
    damage(folder / "student.json", folder / "student.safetensors")
    with pytest.raises(UserError) as raised:
        load_backbone(folder, "student")
    assert str(folder) in str(raised.value) and "\n" not in str(raised.value)
