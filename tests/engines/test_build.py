"""Laws of the engine that is taken unasked."""

from pathlib import Path

import pytest
import torch
from torch import nn

from soundctm.autoencoder import DACConfig, GaussianDAC
from soundctm.backbones import DiT
from soundctm.engines import compiled
from soundctm.engines.accelerated import AcceleratedStudent
from soundctm.engines.artefacts import Record
from soundctm.engines.build import build, compiled_already
from soundctm.engines.options import EngineOptions
from soundctm.engines.programs import PATIENCE
from tests.oracles.engines import CPU, ask, relative
from tests.oracles.tiny import MINI, tiny_dit

DAC = DACConfig(encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=4)
AUTO = EngineOptions("auto")


@pytest.fixture
def parts() -> tuple[DiT, GaussianDAC]:
    torch.manual_seed(0)
    return tiny_dit("student", **MINI), GaussianDAC(DAC).eval()


def test_nothing_is_taken_for_compiled_that_is_not(
    parts: tuple[DiT, GaussianDAC], gpu: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not compiled_already(AUTO, *parts, gpu)
    for device in (gpu, CPU):
        Record.of(*parts, "float32", device).note("core")
    assert compiled_already(AUTO, *parts, gpu)
    assert not compiled_already(AUTO, *parts, CPU)
    assert not compiled_already(EngineOptions("auto", "bfloat16"), *parts, gpu)
    assert not compiled_already(AUTO, tiny_dit("student", depth=3), parts[1], gpu)
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert not compiled_already(AUTO, *parts, gpu)


def test_unasked_nothing_is_compiled_on_a_cpu(parts: tuple[DiT, GaussianDAC], fresh_folder: Path) -> None:
    Record.of(*parts, "float32", CPU).note("core")
    assert build(AUTO, *parts, CPU) == parts


@torch.no_grad()
def test_unasked_a_gpu_runs_the_recorded_shapes_that_are_asked_for_often_and_waits_for_no_others(
    parts: tuple[DiT, GaussianDAC], gpu: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, dac = parts
    assert not isinstance(build(AUTO, *parts, gpu)[0], AcceleratedStudent)
    asked, z = ask(student, batch=4), torch.randn(1, 4, 20)
    earlier = build(EngineOptions("compiled"), *parts, gpu)
    earlier[0].core(*asked)
    hear(earlier[1], z)
    known = Record.of(*parts, "float32", gpu).names()
    assert len(known) == 3

    made: list[str] = []
    compiler = compiled.Programs
    monkeypatch.setattr(compiled, "Programs", lambda name, **options: counted(compiler(name, **options), made))
    quick, decoder = build(AUTO, *parts, gpu)
    assert isinstance(quick, AcceleratedStudent)
    for _ in range(PATIENCE):
        quick.core(*asked)
        hear(decoder, z)
    assert made == []  # no first take waits for a program to be loaded
    for batch, frames, fits in ((4, 24, True), (3, 24, True), (1, 24, False), (4, 26, False)):  # three are filled up
        made.clear()
        given = ask(student, batch=batch, frames=frames)
        assert relative(quick.core(*given), student.core(*given)) < 1e-6
        assert made == (["core"] if fits and batch == 4 else [])
    for frames, fits in ((20, True), (22, False)):
        made.clear()
        z = torch.randn(1, 4, frames)
        assert relative(hear(decoder, z), hear(dac, z)) < 1e-5
        assert made == (["decoder", "decoder"] if fits else [])
    assert Record.of(*parts, "float32", gpu).names() == known


def hear(decoder: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """The whole of a sound, and its first half again."""
    return torch.cat([decoder.decode(z), decoder.decode_part(z, 0, 10)], dim=-1)  # type: ignore[operator]


def counted(programs: compiled.Programs, made: list[str]) -> compiled.Programs:
    """Programs that say each time that the compiler works."""
    compile_ = programs._compiled
    programs._compiled = lambda function: made.append(programs.name) or compile_(function)  # type: ignore[method-assign]
    return programs
