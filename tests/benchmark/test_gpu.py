"""The one command for GPUs, here on the processor with a tiny model."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import gpu

from soundctm.benchmark.settings import Settings

Figures = dict[str, Any]


@pytest.fixture
def measure(tiny_folder: Path, tmp_path: Path) -> Callable[..., Figures]:
    """Runs the command, and reads its figures."""

    def command(*options: str) -> Figures:
        out = tmp_path / "gpu.json"
        where = ("--model", str(tiny_folder), "--device", "cpu", "--engines", "eager", "--repeats", "1")
        gpu.main([*where, "--out", str(out), *options])
        found: Figures = json.loads(out.read_text())
        return found

    return command


def test_every_combination_is_measured_and_shown(
    measure: Callable[..., Figures], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = measure("--precisions", "float32", "tf32")
    assert list(figures) == ["eager, float32, 1 at once", "eager, float32, 8 at once"]
    for takes, report in zip((1, 8), figures.values(), strict=True):
        assert report["settings"]["takes"] == takes and report["settings"]["steps"] == [1, 4, 16]
        assert [variant["steps"] for variant in report["variants"]] == [1, 4, 16]
    one, eight, *missing = capsys.readouterr().out.splitlines()[2:]
    median = 1000 * figures["eager, float32, 1 at once"]["variants"][0]["spread"]["median"]
    over = figures["eager, float32, 1 at once"]["variants"][0]["over_floor"]
    assert one.startswith(f"| eager, float32, 1 at once | {median:.1f} ({over:.1f} x), aim 8 | ")
    assert one.endswith(" x), aim 45 |")
    assert "aim" not in eight and len(missing) == 2
    assert all(
        f"eager, tf32, {n} at once: precision is 'tf32', but the device is cpu" in missing[n > 1] for n in (1, 8)
    )


def test_it_goes_on_where_it_was_stopped(measure: Callable[..., Figures], tmp_path: Path) -> None:
    first = measure("--precisions", "float32")
    assert measure("--precisions", "float32") == first
    kept = {"eager, float32, 8 at once": first["eager, float32, 8 at once"]}
    (tmp_path / "gpu.json").write_text(json.dumps(kept))
    again = measure("--precisions", "float32")
    assert again.keys() == first.keys() and again | kept == again
    assert again["eager, float32, 1 at once"] != first["eager, float32, 1 at once"]


def test_other_settings_are_measured_anew(measure: Callable[..., Figures]) -> None:
    first, second = measure("--precisions", "float32"), measure("--precisions", "float32", "--repeats", "2")
    assert first.keys() == second.keys()
    assert all(len(variant["times"]) == 2 for report in second.values() for variant in report["variants"])


def test_figures_of_other_versions_are_measured_anew(measure: Callable[..., Figures], tmp_path: Path) -> None:
    first = measure("--precisions", "float32")
    first["eager, float32, 1 at once"]["machine"]["versions"]["torch"] = "1.0"
    (tmp_path / "gpu.json").write_text(json.dumps(first))
    second = measure("--precisions", "float32")
    one, eight = ("eager, float32, 1 at once", "eager, float32, 8 at once")
    assert second[one]["machine"]["versions"]["torch"] == torch.__version__ and second[eight] == first[eight]


def test_what_fails_does_not_keep_the_others_from_being_measured(
    measure: Callable[..., Figures], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = gpu.run

    def small(settings: Settings, **options: Any) -> Any:
        if settings.takes == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate much.")
        return plain(settings, **options)

    monkeypatch.setattr(gpu, "run", small)
    with pytest.raises(SystemExit) as ended:
        measure("--precisions", "float32")
    assert ended.value.code == 1
    assert list(json.loads((tmp_path / "gpu.json").read_text())) == ["eager, float32, 8 at once"]
    *_, eight, one = capsys.readouterr().out.splitlines()
    assert eight.startswith("| eager, float32, 8 at once | ")
    assert one.startswith("eager, float32, 1 at once: failed: OutOfMemoryError: CUDA out of memory. Tried")


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    with pytest.raises(SystemExit) as ended:
        gpu.main(given)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_figures_of_others_are_left_alone(
    measure: Callable[..., Figures], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, place = tmp_path / "gpu.json", ("--device", "cpu", "--out", str(tmp_path / "gpu.json"))
    for text in ("[]", "{", '{"a": {}}'):
        out.write_text(text)
        assert "holds no figures of this program" in refused(capsys, *place) and out.read_text() == text
    out.unlink()
    figures = measure("--precisions", "float32")
    figures["eager, float32, 1 at once"]["machine"]["device_name"] = "abacus"
    out.write_text(json.dumps(figures))
    assert "another device, abacus" in refused(capsys, *place)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "device 'cuda' is not available here" in refused(capsys, "--out", str(tmp_path / "gpu.json"))
    assert list(tmp_path.iterdir()) == []


def test_figures_that_could_not_be_written_are_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot write nowhere/gpu.json" in refused(capsys, "--device", "cpu", "--out", "nowhere/gpu.json")
