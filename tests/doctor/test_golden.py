"""References: what is in them, whose they are, and what becomes of them."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from soundctm import SoundCTM
from soundctm.config import ModelConfig
from soundctm.doctor.exact import exact, latents
from soundctm.doctor.golden import Golden, compute_golden, main, read_golden, save_golden, weights_digest
from soundctm.doctor.subject import find_golden, open_subject
from soundctm.errors import UserError
from soundctm.folder import GOLDEN, SHIPPED, pack
from soundctm.training.assemble import assemble_model


def test_references_are_double_precision_rounded_once(kind: tuple[SoundCTM, Golden]) -> None:
    model, golden = kind
    for recipe, stored in zip(golden.recipes, golden.latents, strict=True):
        found = latents(exact(model), recipe)
        assert found.dtype == torch.float64 and torch.equal(found.float(), stored)


def test_courses_differ_and_begin_with_an_ordinary_take(golden: Golden, model: SoundCTM) -> None:
    first = golden.recipes[0]
    assert (first.steps, first.nu, first.seconds, first.gamma) == (1, 1.0, model.config.seconds, 0.0)
    assert {(recipe.steps, recipe.nu) for recipe in golden.recipes} == {(1, 1.0), (4, 1.0), (2, 2.0)}
    assert len(golden.samples) == golden.frames * model.engine.hop


def test_they_come_back_from_a_file(golden: Golden, tmp_path: Path) -> None:
    back = read_golden(save_golden(golden, tmp_path / GOLDEN))
    assert back is not None
    assert (back.model_hash, back.weights, back.recipes, back.frames) == (
        golden.model_hash, golden.weights, golden.recipes, golden.frames,
    )  # fmt: skip
    assert all(map(torch.equal, back.latents, golden.latents)) and torch.equal(back.samples, golden.samples)


def test_a_folder_without_references_has_none(tiny_folder: Path) -> None:
    subject = open_subject(str(tiny_folder))
    assert subject.golden is None and subject.references.state == "missing"
    assert "nothing to compare with" in subject.references.words


@pytest.mark.parametrize("part", ["student", "autoencoder", "text_encoder"])
def test_other_weights_make_them_stale(part: str, model: SoundCTM, golden_folder: Path) -> None:
    assert find_golden(str(golden_folder), model)[1].state == "good"
    next(getattr(model, part).parameters()).mul_(1.001)
    found, references = find_golden(str(golden_folder), model)
    assert found is None and references.state == "stale"
    assert references.model_hash == model.model_hash and "soundctm.doctor.golden" in references.words


def test_a_saved_copy_keeps_them(golden_folder: Path, tmp_path: Path) -> None:
    """Weights are stored otherwise, so that the folder's hash is another, but they are the same numbers."""
    packed = shutil.copytree(golden_folder, tmp_path / "packed")
    student = packed / "student.safetensors"
    save_file(pack(load_file(student)), student)
    before = SoundCTM.from_pretrained(packed)
    save_golden(compute_golden(before), packed / GOLDEN)
    copy = SoundCTM.from_pretrained(before.save_pretrained(tmp_path / "copy"))
    assert copy.model_hash != before.model_hash and weights_digest(copy) == weights_digest(before)
    assert find_golden(str(tmp_path / "copy"), copy)[1].state == "good"


def test_a_model_with_a_new_part_does_not_inherit_them(golden_folder: Path, tmp_path: Path) -> None:
    student = tmp_path / "student"
    student.mkdir()
    shutil.copy(golden_folder / "student.safetensors", student)
    config = ModelConfig.read(golden_folder / "config.json")
    (student / "student.json").write_text(config.student.model_dump_json())
    assert (golden_folder / GOLDEN).exists()
    assert not (assemble_model(golden_folder, tmp_path / "new", "new", {"student": student}) / GOLDEN).exists()


def test_the_command_renews_them(golden_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(golden_folder, tmp_path / "mine")
    tensors = load_file(folder / "student.safetensors")
    save_file({name: 1.1 * value for name, value in tensors.items()}, folder / "student.safetensors")
    assert open_subject(str(folder)).references.state == "stale"
    main(str(folder))
    subject = open_subject(str(folder))
    assert subject.references.state == "good" and subject.references.model_hash == subject.facts.hash
    assert str(folder / GOLDEN) in capsys.readouterr().out


def test_the_command_refuses_an_unknown_model_in_one_line() -> None:
    with pytest.raises(SystemExit, match="unknown model 'maxi'"):
        main("maxi")


@pytest.mark.parametrize("content", [b"", b"no tensors at all"])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / GOLDEN
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"{GOLDEN} is damaged or holds no references"):
        read_golden(path)


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / GOLDEN)
    with pytest.raises(UserError, match="holds no references"):
        read_golden(tmp_path / GOLDEN)


def test_the_shipped_model_has_its_own_and_small_ones() -> None:
    subject = open_subject("mini")
    assert subject.references.state == "good", subject.references.words
    assert subject.references.model_hash == subject.facts.hash
    assert (SHIPPED / "mini" / GOLDEN).stat().st_size < 200_000
