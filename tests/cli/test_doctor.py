"""``soundctm doctor``: what it prints, how it ends, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from soundctm import SoundCTM
from soundctm.cli.doctor_table import show
from soundctm.doctor.golden import read_golden, save_golden, weights_digest, write_golden
from soundctm.doctor.results import Diagnosis
from soundctm.folder import GOLDEN
from tests.oracles.commands import Result

Run = Callable[..., Result]
PLAIN = ("--device", "cpu", "--engine", "eager", "--precision", "float32")


@pytest.fixture
def mine(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder with its references."""
    folder = shutil.copytree(tiny_folder, tmp_path / "mine")
    write_golden(SoundCTM.from_pretrained(folder), folder / GOLDEN)
    return folder


def disturb(folder: Path) -> None:
    """Other weights than those of the references."""
    path = folder / "student.safetensors"
    save_file({name: 1.05 * value for name, value in load_file(path).items()}, path)


def words(result: Result) -> str:
    return " ".join(result.out.split())


def test_json_has_everything(run: Run, mine: Path) -> None:
    result = run("doctor", "--model", mine, "--quick", "--json", *PLAIN)
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == 1 and json.loads(result.out).keys() == {
        "format_version", "command", "healthy", "model", "host", "references", "rows", "warnings", "advice",
    }  # fmt: skip
    diagnosis = Diagnosis.model_validate_json(result.out)
    assert diagnosis.healthy and diagnosis.references.state == "good"
    assert diagnosis.command[:3] == ("soundctm", "doctor", "--model")
    (row,) = diagnosis.rows
    assert (row.device, row.engine, row.precision, row.verdict) == ("cpu", "eager", "float32", "pass")
    assert all(check.ok for check in row.checks) and row.times is None and row.fit is None


def test_all_rows_are_listed_and_explained(run: Run, mine: Path) -> None:
    """Whatever engines there are: every one passes, or says why it is not to be had."""
    result = run("doctor", "--model", mine, "--quick", "--device", "cpu", "--precision", "tf32")
    assert result.code == 0, result.err
    assert "This machine" in result.out and "Is it right?" in result.out
    for engine in ("eager", "compiled", "onnx"):
        assert f"{engine} tf32 on cpu" in words(result)


def test_columns_without_an_entry_are_left_out(run: Run, mine: Path, tiny_folder: Path) -> None:
    quick = words(run("doctor", "--model", mine, "--quick", *PLAIN))
    assert "latents levels, dB samples" in quick and "in a batch" not in quick and "on all cores" not in quick
    unchecked = words(run("doctor", "--model", tiny_folder, "--quick", *PLAIN))
    assert "eager float32 on cpu unchecked" in unchecked and "samples" not in unchecked


def test_disturbed_weights_end_with_1_and_say_how_far(run: Run, mine: Path) -> None:
    """References that claim to be of these weights, but are of others."""
    disturb(mine)
    golden = read_golden(mine / GOLDEN)
    assert golden is not None
    save_golden(replace(golden, weights=weights_digest(SoundCTM.from_pretrained(mine))), mine / GOLDEN)
    result = run("doctor", "--model", mine, "--quick", *PLAIN)
    assert result.code == 1 and "eager float32 on cpu off" in words(result)
    assert "latents, 4 steps 0." in words(result) and "away where 0.0001 is allowed" in words(result)


def test_stale_references_are_reported(run: Run, mine: Path) -> None:
    disturb(mine)
    result = run("doctor", "--model", mine, "--quick", *PLAIN)
    assert result.code == 1 and "stored references are stale" in words(result)
    assert "eager float32 on cpu unchecked" in words(result) and "soundctm.doctor.golden" in words(result)


def test_without_references_there_is_all_the_rest(
    run: Run, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run("doctor", "--model", tiny_folder, "--json", *PLAIN)
    assert result.code == 0, result.err
    diagnosis = Diagnosis.model_validate_json(result.out)
    assert diagnosis.references.state == "missing" and "nothing to compare with" in diagnosis.warnings[0]
    (row,) = diagnosis.rows
    assert row.verdict == "unchecked" and row.checks == ()
    assert row.bits is not None and row.bits.batch
    assert row.times is not None and row.fresh is not None and row.fit is not None
    assert row.fresh.ready > 0 and row.fit.base == row.fresh.memory
    assert row.fit.limit is None or (row.fit.seconds or 0) > 1 < (row.fit.takes or 0)
    show(diagnosis)
    said = " ".join(capsys.readouterr().out.split())
    assert "in a batch" in said and "levels" not in said
    assert "How long, and how much?" in said and "Use --engine eager --precision float32: " in said


REFUSED = {
    "unknown device": (["--device", "abacus"], "device 'abacus' is not available"),
    "unknown model": (["--model", "maxi"], "unknown model 'maxi'"),
    "no device": (["--device", "meta"], "device 'meta' is not available"),
    "unknown engine": (["--engine", "steam"], "engine is 'steam'; accepted are all, eager, compiled, onnx"),
    "no engine of its own": (["--engine", "auto"], "engine is 'auto'; accepted are all, eager, compiled, onnx; auto "),
    "unknown precision": (["--precision", "float3"], "precision is 'float3'; accepted are all, float32, tf32"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_bad_input(case: str, refused: Callable[..., Result]) -> None:
    arguments, said = REFUSED[case]
    refused(said, "doctor", "--quick", *arguments)


def test_damaged_references(refused: Callable[..., Result], mine: Path) -> None:
    (mine / GOLDEN).write_bytes(b"not tensors")
    refused("golden.safetensors is damaged", "doctor", "--quick", "--model", mine, *PLAIN)


def test_help(run: Run) -> None:
    result = run("doctor", "--help")
    assert result.code == 0 and "soundctm doctor --quick" in words(result)
