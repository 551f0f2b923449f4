"""Laws of the compiled engine."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from functorch.compile import make_boxed_func
from torch import Tensor, nn
from torch._dynamo.backends.common import aot_autograd

from soundctm.autoencoder import DACConfig, GaussianDAC, SpectralAutoencoder
from soundctm.engines import compiled, eager
from soundctm.engines.accelerated import AcceleratedStudent
from soundctm.engines.artefacts import Record
from soundctm.engines.compiled import CompiledCore, CompiledDecoder, build, compiled_before
from soundctm.engines.options import Precision
from soundctm.engines.programs import Programs
from soundctm.errors import UserError
from tests.oracles.engines import CONVERTED, CPU, ask, fp32_settings, relative
from tests.oracles.folder import SPECTRAL
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

DAC = DACConfig(encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=4)


def programs(folder: Path) -> Programs:
    """Made by the compiler's first half alone, which needs no C++."""
    return Programs("test", Record(folder), backend="aot_eager", kept=20)


@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize("options", [{}, MINI])
def test_a_program_answers_as_the_student(tmp_path: Path, options: dict[str, Any], tokens: int) -> None:
    student = tiny_dit("student", **options)
    core = CompiledCore(student.core, programs(tmp_path))
    asked = ask(student, tokens=tokens)
    assert relative(core(*asked), student.core(*asked)) < 1e-6
    span = torch.tensor([[0.0, 0.5]]).expand(3, 2)
    assert relative(core(*asked, span), student.core(*asked, span)) < 1e-6


@pytest.mark.parametrize(("tokens", "spanned"), [(1, False), (5, True)])
def test_batches_of_many_sizes_share_a_few_programs(tmp_path: Path, tokens: int, spanned: bool) -> None:
    """Batches are filled up to the next power of two, and what fills them is cut off again."""
    student = tiny_dit("student", **MINI, place_features=2)
    core = CompiledCore(student.core, programs(tmp_path))
    for batch in range(1, 9):
        asked = ask(student, batch=batch, tokens=tokens)
        span = torch.tensor([[0.0, 0.5]]) * torch.linspace(0.5, 1, batch)[:, None] if spanned else None
        found = core(*asked, span)
        assert found.shape == asked.x.shape and relative(found, student.core(*asked, span)) < 1e-6
    assert sorted(case.sizes[0][0] for case in core.programs.made if case.sizes[0]) == [1, 2, 4, 8]


def test_a_student_with_a_program_is_one_in_stages(tmp_path: Path) -> None:
    student = tiny_dit("student", **MINI)
    core = CompiledCore(student.core, programs(tmp_path))
    quick = AcceleratedStudent(student, core)
    inputs: dict[str, Any] = {"c_noise_s": -torch.ones(2), "omega": torch.ones(2)}
    x, text = random_latents(2, 8), random_text(2, 3)
    assert relative(quick(x, torch.zeros(2), text, **inputs), student(x, torch.zeros(2), text, **inputs)) < 1e-6
    assert len(core.programs.made) == 1


@torch.no_grad()
def test_parts_in_the_middle_of_a_sound_share_a_program(tmp_path: Path) -> None:
    torch.manual_seed(0)
    dac = GaussianDAC(DAC).eval()
    decoder, z = CompiledDecoder(dac, programs(tmp_path)), torch.randn(1, 4, 100)
    expected = dac.decode(z)
    assert relative(decoder.decode(z, 5), expected) < 1e-6
    parts = [decoder.decode_part(z, start, start + 20) for start in range(0, 100, 20)]
    assert relative(torch.cat(parts, -1), expected) < 1e-5
    assert dac.context_frames < 20
    assert len(decoder.programs.made) == 1 + 3  # the whole; the first part, those in the middle, the last


@torch.no_grad()
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_on_a_gpu_there_are_programs_in_every_precision(
    gpu: torch.device, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    student, dac, z = tiny_dit("student"), GaussianDAC(DAC).eval(), torch.randn(1, 4, 20)
    seen, run = [], Programs.run
    monkeypatch.setattr(Programs, "run", lambda *given: seen.append(fp32_settings()) or run(*given))
    (quick, decoder), (plain, eager_decoder) = (each.build(student, dac, precision, gpu) for each in (compiled, eager))
    asked, tolerance = ask(student), 0.01 if precision == "bfloat16" else 1e-5
    assert relative(quick.core(*asked), plain.core(*asked)) < tolerance
    assert relative(decoder.decode(z), eager_decoder.decode(z)) < tolerance
    assert relative(decoder.decode_part(z, 0, 10), eager_decoder.decode_part(z, 0, 10)) < tolerance
    assert seen == 3 * [("tf32", "tf32") if precision == "tf32" else ("ieee", "ieee")]
    assert len(Record.of(student, dac, precision, gpu).names()) == 3


def test_without_a_compiler_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parts = (tiny_dit("student"), nn.Identity())
    with pytest.raises(UserError, match="'compiled' on mps; accepted are cuda and cpu, so choose eager"):
        build(*parts, "float32", torch.device("mps"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(UserError, match=r"no C\+\+ compiler '(g\+\+|clang\+\+|cl)'; install it, .* or choose eager"):
        build(*parts, "float32", CPU)


def test_a_gpu_needs_what_starts_its_kernels(
    gpu: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled.need_compiler(gpu)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UserError, match=r"no C compiler, .* install gcc, name another one in CC, or choose eager"):
        compiled.need_compiler(gpu)
    monkeypatch.delenv("CC")
    with pytest.raises(UserError, match="no C compiler"):
        compiled.need_compiler(gpu)
    (tmp_path / "clang").touch(mode=0o755)
    compiled.need_compiler(gpu)


@torch.no_grad()
@pytest.mark.parametrize(("options", "precision"), [({}, "float32"), (MINI, "bfloat16")])
def test_a_graph_copies_what_it_is_asked_and_never_weights(
    gpu: torch.device, tmp_path: Path, options: dict[str, Any], precision: Precision
) -> None:
    """Before each replay of a CUDA graph, whatever does not lie where it lay is copied: weights must be known to."""
    student, dac = tiny_dit("student", **options), GaussianDAC(DAC).eval()
    plain, decoder = eager.converted(student, dac, precision, gpu)
    copied: list[list[tuple[int, ...]]] = []

    def look(graph: torch.fx.GraphModule, inputs: Sequence[Tensor]) -> Any:
        context = torch._guards.TracingContext.get()
        assert context.fw_metadata is not None
        held = set(context.fw_metadata.static_input_indices)
        copied.append([tuple(value.shape) for i, value in enumerate(inputs) if i not in held])
        return make_boxed_func(graph.forward)

    watched = Programs("test", Record(tmp_path), backend=aot_autograd(fw_compiler=look, inference_compiler=look))
    asked, z = ask(student, batch=4), torch.randn(1, 4, 20)
    CompiledCore(plain.core, watched)(*asked)
    assert isinstance(decoder, GaussianDAC)
    CompiledDecoder(decoder, watched).decode(z)
    assert asked.text.mask is not None and asked.text.keys is not None
    given = [asked.x, asked.level, asked.text.keys, asked.text.keys, asked.text.mask]  # values are as large as keys
    assert [sorted(each) for each in copied] == [sorted(tuple(value.shape) for value in given), [z.shape]]


def test_programs_that_nothing_can_run_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch, fresh_folder: Path) -> None:
    student, spectral = tiny_dit("student", **MINI), SpectralAutoencoder(SPECTRAL)
    Record.of(student, spectral, "float32", CPU).note("core")
    monkeypatch.setenv("CXX", sys.executable)
    assert compiled_before(student, spectral, "float32", CPU)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert not compiled_before(student, spectral, "float32", CPU)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", *CONVERTED])
def test_compiled_takes_are_those_of_the_eager_engine(fresh_folder: Path, precision: Precision) -> None:
    compiled.need_compiler(CPU)
    student, spectral = tiny_dit("student", **MINI), SpectralAutoencoder(SPECTRAL)
    assert not compiled_before(student, spectral, precision, CPU)
    quick, same = build(student, spectral, precision, CPU)
    plain, _ = eager.build(student, spectral, precision, CPU)
    asked = ask(student)
    together = quick.core(*asked)
    assert relative(together, plain.core(*asked)) < {"float32": 1e-6, "bfloat16": 0.02, "int8": 0.05}[precision]
    assert all(torch.equal(quick.core(*asked.one(i)), together[[i]]) for i in range(3))
    assert same is spectral
    assert compiled_before(student, spectral, precision, CPU)
    assert any(fresh_folder.rglob("*.so"))


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("precision", ["float32", *CONVERTED])
def test_a_compiled_dac_decodes_as_the_eager_one(fresh_folder: Path, precision: Precision) -> None:
    torch.manual_seed(0)
    dac, z = GaussianDAC(DAC).eval(), torch.randn(1, 4, 8)
    _, quick = build(tiny_dit("student"), dac, precision, CPU)
    _, plain = eager.build(tiny_dit("student"), dac, precision, CPU)
    assert isinstance(quick, GaussianDAC)
    assert relative(quick.decode(z), plain.decode(z)) < (1e-5 if precision == "float32" else 0.02)
