"""Takes by ONNX Runtime are those of torch, whatever shares their batch; graphs are made once and kept."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm.audio import Clip
from soundctm.backbones import DiT
from soundctm.backbones.text import TextMemory
from soundctm.conditioning import Conditioning
from soundctm.engines.onnx import build
from soundctm.engines.onnx.cache import cache_folder, kept, key
from soundctm.engines.onnx.engine import OnnxCore
from soundctm.errors import UserError
from soundctm.folder import read_parts
from soundctm.model import SoundCTM
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield cache_folder()


@pytest.fixture(scope="module")
def student(tiny_folder: Path) -> DiT:
    return read_parts(tiny_folder).student


@pytest.fixture(scope="module")
def core(student: DiT, cache: Path) -> OnnxCore:
    return OnnxCore(student)


def text_of(student: DiT, items: int, tokens: int = 4) -> TextMemory:
    """Texts of several lengths, filled up."""
    generator = torch.Generator().manual_seed(5)
    tokens_of = torch.randn(items, tokens, student.config.context_dim, generator=generator)
    text = random_text(items, tokens, real=[1 + i % tokens for i in range(items)])
    return student.prepare(Conditioning(tokens_of, text.mask)).memory


def rows(student: DiT, items: int, frames: int) -> tuple[torch.Tensor, torch.Tensor, TextMemory]:
    generator = torch.Generator().manual_seed(frames)
    memory = text_of(student, items)
    t, omega = torch.rand(items, generator=generator), 1 + torch.rand(items, generator=generator)
    level = student.embed(t, t - 0.5, omega, memory.pooled)
    return torch.randn(items, student.config.channels, frames, generator=generator), level, memory


def item(memory: TextMemory, i: int) -> TextMemory:
    parts = ((x if x is None else x[:, i : i + 1]) for x in (memory.keys, memory.values))
    return TextMemory(*parts, None if memory.mask is None else memory.mask[i : i + 1], None, None)


def deviation(got: list[Clip], wanted: list[Clip]) -> float:
    """Energy of the deviation as a share, the largest of all takes."""
    return max(
        float(np.square(a.samples - b.samples).mean() / np.square(b.samples).mean()) ** 0.5
        for a, b in zip(got, wanted, strict=True)
    )


def check_alone_is_in_company(core: OnnxCore, student: DiT) -> None:
    for frames in (1, 2, 7, 40):
        x, level, memory = rows(student, 3, frames)
        together = core(x, level, memory)
        for i in range(3):
            assert torch.equal(core(x[i : i + 1], level[i : i + 1], item(memory, i))[0], together[i])


def test_a_core_says_what_torch_says(core: OnnxCore, student: DiT) -> None:
    for items, frames in ((1, 1), (2, 5), (4, 33)):
        x, level, memory = rows(student, items, frames)
        wanted = student.core(x, level, memory)
        assert torch.allclose(core(x, level, memory), wanted, atol=1e-5 * float(wanted.abs().max()))


def test_texts_without_padding_need_no_mask(core: OnnxCore, student: DiT) -> None:
    x, level, _ = rows(student, 2, 6)
    generator = torch.Generator().manual_seed(6)
    text = random_text(2, 3)
    tokens = torch.randn(2, 3, student.config.context_dim, generator=generator)
    memory = student.prepare(Conditioning(tokens, text.mask)).memory
    assert memory.mask is None
    wanted = student.core(x, level, memory)
    assert torch.allclose(core(x, level, memory), wanted, atol=1e-5 * float(wanted.abs().max()))


def test_a_take_alone_is_a_take_in_company(core: OnnxCore, student: DiT) -> None:
    check_alone_is_in_company(core, student)


def test_a_whole_take_is_that_of_torch(tiny_folder: Path, core: OnnxCore) -> None:
    model = SoundCTM.from_pretrained(tiny_folder)
    settings = {"takes": 2, "steps": 4, "seed": 3, "gamma": 0.3}
    fast = model.optimize("onnx").generate("heavy rain", **settings)  # type: ignore[arg-type]
    plain = model.generate("heavy rain", **settings)  # type: ignore[arg-type]
    assert 0 < deviation(fast, plain) < 1e-3


def test_a_graph_is_made_once(student: DiT, core: OnnxCore, cache: Path) -> None:
    path = core.ready(single=False).path
    before = {file: file.stat().st_mtime_ns for file in cache.rglob("*")}
    assert OnnxCore(student).ready(single=False).path == path
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*")} == before


def test_other_weights_sizes_or_wishes_have_another_key() -> None:
    student, other = tiny_dit("student"), tiny_dit("student")
    assert key(student, "core") == key(other, "core") != key(other, "text")
    with torch.no_grad():
        other.project_out.weight[0, 0] += 1e-6
    wider = tiny_dit("student", ff_mult=5)
    assert len({key(student, "core"), key(other, "core"), key(wider, "core")}) == 3


def test_half_a_graph_is_never_seen(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        kept("never", fail)
    assert not list(cache.glob("*never*"))

    def slow(folder: Path) -> None:
        assert not (cache / "twice").exists()
        kept("twice", lambda other: (other / "whole").write_text("first") and None)
        (folder / "whole").write_text("second")

    assert (kept("twice", slow) / "whole").read_text() == "first"
    assert not list(cache.glob(".*"))


def test_a_cache_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"cannot keep graphs in .* a folder to write into"):
        kept("core", lambda folder: None)


def test_each_thread_computes_with_its_own_number_of_cores(core: OnnxCore, student: DiT) -> None:
    x, level, memory = rows(student, 2, 9)
    wanted, found = core(x, level, memory), []

    def work(threads: int) -> None:
        torch.set_num_threads(threads)
        found.append((core.ready(single=False).here(), core(x, level, memory)))

    for threads in (1, 2):
        thread = threading.Thread(target=work, args=(threads,))
        thread.start()
        thread.join()
    (one, a), (two, b) = found
    assert one is not two and core.ready(single=False).here() is one
    assert torch.equal(a, wanted) and torch.allclose(b, wanted, atol=1e-5 * float(wanted.abs().max()))


@pytest.mark.parametrize(
    ("precision", "device", "said"),
    [("bfloat16", "cpu", "not in bfloat16"), ("tf32", "cpu", "not in tf32"), ("float32", "meta", "not on meta")],
)
def test_what_it_cannot_do_is_said(student: DiT, precision: str, device: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        build(student, student, precision, torch.device(device))  # type: ignore[arg-type]


@pytest.mark.parametrize("package", ["onnx", "onnx_ir", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_named(student: DiT, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=r"pip install 'soundctm\[onnx\]'"):
        build(student, student, "float32", CPU)


@pytest.mark.slow
def test_texts_of_one_token_have_a_graph_of_their_own(cache: Path) -> None:
    student = tiny_dit("student", jump_embedding="shared")
    accelerated, _ = build(student, student, "float32", CPU)
    text = random_text(2, 1)
    level = torch.tensor([0.9, 0.4])
    x = random_latents(2, 9)
    given = {"c_noise_s": level - 0.5, "omega": torch.tensor([2.0, 3.0])}
    wanted = student(x, level, text, **given)
    assert torch.allclose(accelerated(x, level, text, **given), wanted, atol=1e-5 * float(wanted.abs().max()))


@pytest.mark.slow
def test_a_span_reaches_the_core(cache: Path) -> None:
    student = tiny_dit("student", **MINI, place_features=8, depth=1)
    core = OnnxCore(student)
    x, level, memory = rows(student, 2, 9)
    spans = torch.tensor([[0.0, 0.5], [0.25, 1.0]])
    for span in (None, spans):
        wanted = student.core(x, level, memory, span)
        assert torch.allclose(core(x, level, memory, span), wanted, atol=1e-5 * float(wanted.abs().max()))
    assert not torch.allclose(core(x, level, memory), core(x, level, memory, spans), atol=1e-3)


@pytest.mark.slow
def test_int8_is_near_and_keeps_takes_apart(tiny_folder: Path, student: DiT, cache: Path) -> None:
    core = OnnxCore(student, int8=True)
    x, level, memory = rows(student, 2, 33)
    wanted = student.core(x, level, memory)
    error = float((core(x, level, memory) - wanted).square().mean().sqrt() / wanted.square().mean().sqrt())
    assert 1e-5 < error < 0.05
    check_alone_is_in_company(core, student)
