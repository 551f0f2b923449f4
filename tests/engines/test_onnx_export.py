"""A folder of graphs holds all that is needed to make the same takes elsewhere."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.engines.onnx.export import export
from soundctm.errors import UserError
from soundctm.folder import Parts, read_parts
from soundctm.model import SoundCTM
from soundctm.takes import take_seed
from tests.oracles.folder import SPECTRAL

FILES = {
    "README.md", "core.onnx", "decoder.onnx", "encoder.onnx", "graphs.json", "levels.onnx", "text.onnx",
    "text_encoder.onnx", "tokenizer.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def exported(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Path:
    return export(read_parts(tiny_folder), tmp_path_factory.mktemp("graphs") / "tiny", say=said.append)


def page_code(folder: Path) -> list[str]:
    """The programs on the page beside the graphs."""
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_the_folder_holds_every_part_and_each_is_reported(exported: Path, said: list[str]) -> None:
    assert {path.name for path in exported.iterdir()} == FILES
    assert not list(exported.parent.glob(".*"))
    assert [line.split(":")[0] for line in said] == ["text_encoder", "text", "levels", "core", "decoder", "encoder"]
    assert all("deviates from torch by" in line for line in said)


@pytest.mark.slow
def test_the_manifest_is_true(exported: Path, tiny_folder: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    facts, parts = json.loads((exported / "graphs.json").read_text()), read_parts(tiny_folder)
    assert (facts["sample_rate"], facts["hop"], facts["channels"]) == (8000, 128, 8)
    assert facts["model_hash"] == parts.model_hash and facts["latent_std"] == parts.normalizer.std.tolist()
    for entry in facts["graphs"].values():
        session = runtime.InferenceSession(exported / entry["file"])
        for ports, found in ((entry["inputs"], session.get_inputs()), (entry["outputs"], session.get_outputs())):
            assert [(port["name"], port["shape"]) for port in ports] == [(port.name, port.shape) for port in found]
        assert 0 <= entry["error"] <= entry["accepted_error"]


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 5])
def test_the_page_makes_the_same_take(
    exported: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.chdir(exported)
    known: dict[str, Any] = {}
    exec(page_code(exported)[0], known)
    model = SoundCTM.from_pretrained(tiny_folder)
    (clip,) = model.generate("heavy rain", steps=steps, seed=9)
    assert clip.recipe is not None
    noise = model.engine.noise(clip.recipe)[0][None].numpy()
    white = torch.randn(noise.shape[-1] * 128, generator=torch.Generator().manual_seed(take_seed(clip.recipe)))
    ids = np.array(model.text_encoder.tokenize(["heavy rain"]))  # type: ignore[operator]
    waveform = known["take"](ids, noise, white[None].numpy(), steps=steps)
    wanted = clip.samples
    got = np.clip(waveform[0, :, : wanted.shape[-1]], -1, 1)
    assert np.square(got - wanted).mean() < 1e-6 * np.square(wanted).mean()


@pytest.mark.slow
def test_the_page_tokenises_and_draws_as_it_says(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported)
    known: dict[str, Any] = {}
    for code in page_code(exported):
        exec(code, known)
    assert known["waveform"].shape == (1, 1, 63 * 128) and np.abs(known["waveform"]).max() > 0


def test_a_folder_that_exists_is_left_alone(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="exists already"):
        export(read_parts(tiny_folder), tmp_path / "mine")
    assert not list((tmp_path / "mine").iterdir())


@pytest.mark.parametrize("opset", [19, 25])
def test_operators_out_of_range_are_refused(tiny_folder: Path, tmp_path: Path, opset: int) -> None:
    with pytest.raises(UserError, match=f"opset is {opset}; accepted are 20 to 24"):
        export(read_parts(tiny_folder), tmp_path / "new", opset)


def test_a_model_that_cannot_be_exported_leaves_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    parts: Parts = read_parts(tiny_folder)
    odd = SpectralAutoencoder(SPECTRAL.model_copy(update={"frame_hop": 48}))
    with pytest.raises(UserError, match="frame_hop 48 cannot be exported"):
        export(replace(parts, autoencoder=odd), tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        export(read_parts(tiny_folder), tmp_path / "file" / "new")
