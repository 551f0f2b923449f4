"""Model folders: strict about their config and files, with errors that name the remedy."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from soundctm import SoundCTM, UserError
from soundctm.engines import Precision
from soundctm.engines.abilities import multiplies_bfloat16, multiplies_int8
from soundctm.folder import CPU, folder_hash, locate, pack, read_parts, unpack

PRECISIONS: tuple[tuple[Precision, bool], ...] = (
    ("bfloat16", multiplies_bfloat16(CPU)), ("int8", multiplies_int8(CPU)),
)  # fmt: skip
CONVERSIONS = [precision for precision, here in PRECISIONS if here]


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))


def change_config(folder: Path, change: Callable[[dict], None]) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(omga=3), "omga is not a known key"),
        (lambda c: c["student"].update(widht=3), "student.widht is not a known key"),
        (lambda c: c["autoencoder"].update(bandz=3), r"autoencoder.*bandz is not a known key"),
        (lambda c: c["autoencoder"].update(kind="vocoder"), "autoencoder is wrong"),
        (lambda c: c.pop("student"), "student is wrong: Field required"),
        (lambda c: c.update(seconds=-1), "seconds is wrong"),
        (lambda c: c.update(sigma_data=1.0), "sigma_data is wrong"),
        (lambda c: c.update(format_version=2), "format_version is wrong"),
        (lambda c: c["student"].update(heads=7), "student is wrong"),
        (lambda c: c.update(sigma_min=90.0), "sigma_min 90.0 must be below sigma_max"),
        (lambda c: c.update(seconds=4.0), "seconds 4.0 must not exceed max_seconds"),
        (lambda c: c["student"].update(channels=6), r"student\.channels is 6, but the autoencoder gives 8"),
        (lambda c: c["student"].update(context_dim=32), r"student\.context_dim is 32, but the text_encoder gives 16"),
    ],
)
def test_a_wrong_config_is_named(folder: Path, change: Callable[[dict], None], said: str) -> None:
    change_config(folder, change)
    with pytest.raises(UserError, match=said) as caught:
        SoundCTM.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_a_config_that_is_no_json_is_named(folder: Path) -> None:
    (folder / "config.json").write_text('{"name": ')
    with pytest.raises(UserError, match=r"config\.json: the file is wrong: Invalid JSON"):
        SoundCTM.from_pretrained(folder)


@pytest.mark.parametrize("name", ["autoencoder", "text_encoder", "student", "teacher"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_truncated_weights_are_named(folder: Path, name: str, share: float) -> None:
    path = folder / f"{name}.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=rf"{name}\.safetensors is damaged or no safetensors file"):
        SoundCTM.from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "foreign"), [("student", "autoencoder"), ("text_encoder", "student"), ("student", "teacher")]
)
def test_foreign_weights_are_named(folder: Path, name: str, foreign: str) -> None:
    shutil.copy(folder / f"{foreign}.safetensors", folder / f"{name}.safetensors")
    with pytest.raises(UserError, match=rf"{name}\.safetensors does not belong to this config\.json") as caught:
        SoundCTM.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_an_autoencoder_without_statistics_is_named(folder: Path) -> None:
    shutil.copy(folder / "student.safetensors", folder / "autoencoder.safetensors")
    with pytest.raises(UserError, match="has no latent statistics"):
        SoundCTM.from_pretrained(folder)


@pytest.mark.parametrize(
    "name", ["autoencoder.safetensors", "text_encoder.safetensors", "student.safetensors", "tokenizer.json"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UserError, match=rf"{name} is missing"):
        SoundCTM.from_pretrained(folder)


def test_a_damaged_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer\.json is damaged"):
        SoundCTM.from_pretrained(folder)


def test_the_teacher_is_optional(folder: Path) -> None:
    assert SoundCTM.from_pretrained(folder).teacher is not None
    (folder / "teacher.safetensors").unlink()
    assert SoundCTM.from_pretrained(folder).teacher is None


def test_an_unknown_model_lists_what_is_accepted(tmp_path: Path) -> None:
    for name in ("maxi", str(tmp_path / "nowhere"), "../nowhere", "~/model", "a/b/c"):
        with pytest.raises(UserError, match=r"unknown model '.*'; accepted are .*a model folder, or a hub id"):
            locate(name)
    with pytest.raises(UserError, match=r"is not a model folder: it has no config\.json"):
        SoundCTM.from_pretrained(tmp_path)


def test_the_hash_covers_what_makes_the_sound(folder: Path) -> None:
    before = folder_hash(folder)
    (folder / "README.md").write_text("a card")
    (folder / "teacher.safetensors").unlink()
    assert folder_hash(folder) == before and len(before) == 16
    for name in ("student.safetensors", "autoencoder.safetensors", "text_encoder.safetensors", "tokenizer.json"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert folder_hash(folder) != before
        (folder / name).write_bytes(data)


def test_half_precision_on_disk_is_single_in_memory(folder: Path) -> None:
    path = folder / "student.safetensors"
    save_file({name: value.half() for name, value in load_file(path).items()}, path)
    assert {p.dtype for p in read_parts(folder).student.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("student", "blocks.0.ff.proj.weight"), ("teacher", "project_in.weight"), ("text_encoder", "table_scale"),
        ("autoencoder", "to_free.bias"), ("autoencoder", "normalizer.std"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool, torch.complex64])
def test_weights_that_are_no_floating_point_numbers_are_named(
    folder: Path, name: str, key: str, dtype: torch.dtype
) -> None:
    """Not assigned as they are, and found out, or not, in the middle of a take."""
    path = folder / f"{name}.safetensors"
    tensors = load_file(path)
    assert tensors[key].dtype == torch.float32
    save_file({**tensors, key: torch.ones_like(tensors[key]).to(dtype)}, path)
    said = rf"{name}\.safetensors.*: {key} is {str(dtype).removeprefix('torch.')}; accepted are float16, bfloat16"
    with pytest.raises(UserError, match=said) as caught:
        SoundCTM.from_pretrained(folder)
    assert "\n" not in str(caught.value)
    if name == "student" and CONVERSIONS:
        with pytest.raises(UserError, match=said):
            SoundCTM.from_pretrained(folder, precision=CONVERSIONS[0])


def test_a_table_of_integers_is_not_read_from_floats(folder: Path) -> None:
    path = folder / "text_encoder.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "table": tensors["table"].float()}, path)
    with pytest.raises(UserError, match="table is float32; accepted is int8"):
        SoundCTM.from_pretrained(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_numbers_of_any_width_are_read(folder: Path, dtype: torch.dtype) -> None:
    path = folder / "autoencoder.safetensors"
    save_file({name: value.to(dtype) for name, value in load_file(path).items()}, path)
    parts = read_parts(folder)
    found = {value.dtype for part in (parts.autoencoder, parts.normalizer) for value in part.state_dict().values()}
    assert found == {torch.float32}


@given(st.integers(1, 80), st.integers(64, 100), st.integers(0, 1000))
def test_packed_rows_err_by_half_a_step_at_most(rows: int, columns: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(rows, columns, generator=generator) * torch.logspace(-3, 3, rows)[:, None]
    small = torch.randn(10, generator=generator)
    stored = pack({"w": matrix, "b": small})
    again = unpack(stored)
    assert stored["w"].dtype == (torch.int8 if matrix.numel() >= 4096 else torch.float32)
    assert bool(((again["w"] - matrix).abs() <= matrix.abs().amax(1, keepdim=True) / 254 * 1.001).all())
    assert torch.equal(again["b"], small) and again.keys() == {"w", "b"}


def test_a_full_disk_leaves_no_folder(tiny_folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from soundctm import SoundCTM, UserError\n"
        "model = SoundCTM.from_pretrained(sys.argv[1])\n"
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try:\n"
        "    model.save_pretrained(sys.argv[2])\n"
        "except UserError as error:\n"
        "    print(error)\n"
    )
    target = tmp_path / "full" / "model"
    command = [sys.executable, "-c", program, str(tiny_folder), str(target)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "cannot write" in result.stdout, result.stdout + result.stderr
    assert list((tmp_path / "full").iterdir()) == []
