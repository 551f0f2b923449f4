"""Every part of a model as a graph says what torch says, in lengths and batches that the export never saw."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.conditioning.clap import ClapTextConfig, ClapTextEncoder
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.engines.onnx import student as student_graphs
from soundctm.engines.onnx.codec import decoder_graph, encoder_graph
from soundctm.engines.onnx.graph import Graph, Sizes, energy_error, peak_error
from soundctm.engines.onnx.quantise import LARGEST_WHERE_SUMS_OVERFLOW, largest_weight, quantise
from soundctm.engines.onnx.runtime import session
from soundctm.engines.onnx.student import core_graph, levels_graph, text_graph
from soundctm.engines.onnx.text import text_encoder_graph
from soundctm.engines.onnx.write import check, save, translate
from soundctm.errors import UserError
from tests.oracles.folder import SPECTRAL, TEXT, stirred
from tests.oracles.tiny import MINI, tiny_dit

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a graph; the file."""

    def written(graph: Graph, opset: int = 23) -> Path:
        path = tmp_path / f"{graph.name}.onnx"
        save(translate(graph, opset), graph, path)
        return path

    return written


def mini_text() -> MiniTextEncoder:
    torch.manual_seed(0)
    encoder = MiniTextEncoder(TEXT)
    encoder.set_table(torch.randn(TEXT.vocabulary, TEXT.table_dim))
    return stirred(encoder, 3)  # type: ignore[return-value]


def clap_text(variant: str) -> nn.Module:
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "layers": 2, "heads": 2, "intermediate_size": 32, "positions": 82}
    return ClapTextEncoder(ClapTextConfig(variant=variant, joint_dim=8, **sizes)).eval()  # type: ignore[arg-type]


def spectral() -> nn.Module:
    torch.manual_seed(0)
    return stirred(SpectralAutoencoder(SPECTRAL), 2)


def dac() -> nn.Module:
    torch.manual_seed(0)
    sizes = {"encoder_dim": 4, "encoder_rates": (2, 4), "decoder_dim": 16, "decoder_rates": (4, 2), "latent_dim": 3}
    return stirred(GaussianDAC(DACConfig(**sizes)), 1)  # type: ignore[arg-type]


OFFICIAL = {"jump_embedding": "shared"}
SMALL_MINI = {**MINI, "depth": 1, "place_features": 8}
NEW: Sizes = {"batch": 4, "words": 11, "tokens": 7, "frames": 26}  # no trial has these
PARTS: dict[str, Callable[[], Graph]] = {
    "mini text": lambda: text_encoder_graph(mini_text()),
    "levels": lambda: levels_graph(tiny_dit("student", **SMALL_MINI)),
}
MORE: dict[str, Callable[[], Graph]] = {
    "clap text": lambda: text_encoder_graph(clap_text("projected")),
    "clap text, pooled": lambda: text_encoder_graph(clap_text("pooled")),
    "text": lambda: text_graph(tiny_dit("student", **SMALL_MINI), single=False),
    "text of one token": lambda: text_graph(tiny_dit("student", **OFFICIAL), single=True),
    "text of one token, pooled": lambda: text_graph(tiny_dit("student", pooled_context=True), single=True),
    "official levels": lambda: levels_graph(tiny_dit("student", **OFFICIAL)),
    "core": lambda: core_graph(tiny_dit("student", **SMALL_MINI), single=False),
    "core of one token": lambda: core_graph(tiny_dit("student", **OFFICIAL), single=True),
    "spectral encoder": lambda: encoder_graph(spectral()),
    "spectral decoder": lambda: decoder_graph(spectral()),
    "dac encoder": lambda: encoder_graph(dac()),
    "dac decoder": lambda: decoder_graph(dac()),
}


def says_the_same(graph: Graph, path: Path) -> None:
    """Within the tolerance, on the trials and on sizes that are in none of them; and torch's answer matters."""
    check(graph, path)
    check(replace(graph, trials=(NEW,)), path)
    with torch.no_grad():
        wanted = graph.reference(*graph.example(NEW))
    assert any(output.is_floating_point() and float(output.std()) > 0 for output in wanted)


@pytest.mark.parametrize("part", PARTS)
def test_a_graph_says_what_torch_says(part: str, write: Write) -> None:
    graph = PARTS[part]()
    says_the_same(graph, write(graph))


@pytest.mark.slow
@pytest.mark.parametrize("part", MORE)
def test_every_graph_says_what_torch_says(part: str, write: Write) -> None:
    graph = MORE[part]()
    says_the_same(graph, write(graph))


@pytest.mark.slow
@pytest.mark.parametrize("opset", [20, 24])
def test_older_and_newer_operators_say_the_same(opset: int, write: Write) -> None:
    graph = core_graph(tiny_dit("student", **SMALL_MINI), single=False)
    says_the_same(graph, write(graph, opset))


def test_a_written_graph_names_its_ports_and_no_file_of_its_maker(write: Write) -> None:
    graph = levels_graph(tiny_dit("student", **SMALL_MINI))
    path = write(graph)
    runtime = session(path, 1)
    assert [(port.name, list(port.shape)) for port in graph.inputs] == [(p.name, p.shape) for p in runtime.get_inputs()]
    assert [(p.name, list(p.shape)) for p in graph.outputs] == [(p.name, p.shape) for p in runtime.get_outputs()]
    content = path.read_bytes()
    assert b".py" not in content and str(Path(__file__).parents[2]).encode() not in content


def test_weights_beyond_a_limit_lie_beside_the_graph(tmp_path: Path) -> None:
    graph = levels_graph(tiny_dit("student", **SMALL_MINI))
    model = translate(graph)
    save(model, graph, tmp_path / "within.onnx")
    save(model, graph, tmp_path / "beyond.onnx", largest=1000)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"within.onnx", "beyond.onnx", "beyond.onnx.data"}
    assert (tmp_path / "beyond.onnx").stat().st_size < (tmp_path / "within.onnx").stat().st_size
    check(graph, tmp_path / "beyond.onnx")


def test_a_graph_that_deviates_is_refused(write: Write) -> None:
    student = tiny_dit("student", **SMALL_MINI)
    graph = levels_graph(student)
    path = write(graph)
    with torch.no_grad():
        for parameter in student.to_timestep_embed.parameters():
            parameter.mul_(1.01)
    with pytest.raises(UserError, match="graph levels deviates by"):
        check(graph, path)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_graph_that_gives_nan_once_is_refused(which: int, write: Write) -> None:
    """Whatever comes before or after it."""
    graph = levels_graph(tiny_dit("student", **SMALL_MINI))

    def error(got: torch.Tensor, wanted: torch.Tensor) -> float:
        return float("nan") if len(got) == graph.trials[which]["batch"] else peak_error(got, wanted)

    with pytest.raises(UserError, match="graph levels deviates by nan"):
        check(replace(graph, error=error), write(graph))


@pytest.mark.parametrize("single", [False, True])
def test_graphs_of_a_student_are_held_against_the_student(single: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not against the modules that they are traced from, which may be wrong themselves."""
    student = tiny_dit("student", **(OFFICIAL if single else SMALL_MINI))
    for name in ("Levels", "CoreOfKeys", "CoreOfConstants"):

        class Odd(getattr(student_graphs, name)):  # type: ignore[misc]
            def forward(self, *given: torch.Tensor) -> torch.Tensor:
                return 1.01 * super().forward(*given)

        monkeypatch.setattr(student_graphs, name, Odd)
    for graph in (levels_graph(student), core_graph(student, single)):
        given = graph.example(graph.trials[1])
        with torch.no_grad():
            (wanted,), odd = graph.reference(*given), graph.module(*given)
        assert 0.005 < peak_error(odd, wanted) < 0.015


def test_errors_of_nothing_of_something_and_of_nan() -> None:
    wanted = torch.tensor([3.0, -4.0])
    assert peak_error(wanted, wanted) == energy_error(wanted, wanted) == 0.0
    assert peak_error(torch.tensor([3.0, -3.0]), wanted) == pytest.approx(0.25)
    assert energy_error(torch.tensor([3.0, -3.0]), wanted) == pytest.approx(0.2)
    assert peak_error(torch.tensor([True]), torch.tensor([False])) == 1.0
    assert not peak_error(torch.tensor([torch.nan, 1.0]), wanted) <= 1.0


def test_a_part_of_an_unknown_class_is_refused() -> None:
    for build in (text_encoder_graph, encoder_graph, decoder_graph):
        with pytest.raises(ValueError, match="Linear is neither"):
            build(nn.Linear(2, 2))


@pytest.mark.slow
def test_products_in_int8_stay_near_and_only_those_of_blocks(tmp_path: Path) -> None:
    student = tiny_dit("student", **SMALL_MINI)
    graph = replace(core_graph(student, single=False), error=energy_error, tolerance=0.1)
    model = translate(graph)
    assert quantise(model, largest_weight()) == 6  # qkv, out, q and out across, both of the feed-forward
    save(model, graph, tmp_path / "core.onnx")
    assert 0 < check(graph, tmp_path / "core.onnx").error < 0.1
    with pytest.raises(ValueError, match="no products inside blocks"):
        quantise(model, LARGEST_WHERE_SUMS_OVERFLOW)  # saved: its labels are gone
    again = translate(graph)
    quantise(again, LARGEST_WHERE_SUMS_OVERFLOW)
    save(again, graph, tmp_path / "narrow.onnx")
    assert 0 < check(graph, tmp_path / "narrow.onnx").error < 0.1
