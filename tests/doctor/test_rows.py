"""Rows: what is to be had, what is off, what breaks."""

from pathlib import Path

import pytest
import torch

from soundctm import SoundCTM
from soundctm.doctor.golden import Golden
from soundctm.doctor.results import Row
from soundctm.doctor.rows import PLAIN, examine_row, remedy
from soundctm.engines import EngineOptions


def test_a_right_row_has_everything(model: SoundCTM, golden: Golden) -> None:
    row = examine_row(model, "cpu", PLAIN, golden, thorough=True)
    assert row.verdict == "pass" and row.available and row.words == "" and len(row.checks) == 5
    assert row.bits is not None and row.times is not None
    assert 0 < row.times.one <= row.times.sixteen and row.times.measured == 16


def test_quickly_there_are_checks_alone(model: SoundCTM, golden: Golden) -> None:
    row = examine_row(model, "cpu", PLAIN, golden, thorough=False)
    assert row.checks and row.bits is None and row.times is None


def test_without_references_it_is_unchecked(model: SoundCTM) -> None:
    row = examine_row(model, "cpu", PLAIN, None, thorough=False)
    assert row.verdict == "unchecked" and row.available and row.checks == ()


def test_off_says_how_far_and_what_to_do(model: SoundCTM, golden: Golden) -> None:
    for parameter in model.student.parameters():
        parameter.mul_(1.05)
    row = examine_row(model, "cpu", PLAIN, golden, thorough=False)
    error = next(check.error for check in row.checks if check.name == "latents, 4 steps")
    assert row.verdict == "off" and row.available
    assert f"latents, 4 steps {error:.1g} away where 0.0001 is allowed" in row.words and "install" in row.words


def test_what_is_not_to_be_had_says_why(model: SoundCTM, golden: Golden) -> None:
    row = examine_row(model, "cpu", EngineOptions("onnx", "tf32"), golden, thorough=False)
    assert row.verdict == "unavailable" and not row.available and row.words and row.checks == ()


def test_what_breaks_is_reported(tiny_folder: Path, golden: Golden) -> None:
    """A part whose sizes do not fit raises in the middle of a take; the examination goes on."""
    model = SoundCTM.from_pretrained(tiny_folder)
    model.student.project_out.weight = torch.nn.Parameter(torch.zeros(3, 5), requires_grad=False)
    row = examine_row(model, "cpu", PLAIN, golden, thorough=False)
    assert row.verdict == "failed" and "RuntimeError" in row.words and not row.available


@pytest.mark.parametrize(
    ("device", "engine", "precision", "said"),
    [
        ("cpu", "eager", "float32", "install"),
        ("cuda", "eager", "float32", "--device cpu"),
        ("cuda", "eager", "bfloat16", "--precision float32"),
        ("cpu", "compiled", "bfloat16", "--engine eager"),
    ],
)
def test_a_remedy_changes_what_may_be_wrong(device: str, engine: str, precision: str, said: str) -> None:
    row = Row.model_validate({"device": device, "engine": engine, "precision": precision, "verdict": "off"})
    assert said in remedy(row)
