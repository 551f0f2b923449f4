"""Puts trained parts together into a model folder."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from soundctm.autoencoder.istft import SpectralConfig
from soundctm.backbones import DiTConfig
from soundctm.conditioning.mini import MiniTextConfig
from soundctm.config import ModelConfig
from soundctm.errors import UserError
from soundctm.folder import GOLDEN, PHRASES, pack, read_parts
from soundctm.training.learnt_phrases import collect, write_phrases
from soundctm.training.parts import TRAINING

MINI_OMEGA = 2.0  # of 1 to 4 the one at which most prompts are obeyed (docs/figures.md)
MINI_FIRST = 1.0  # refined takes stay within half of the distance between two seeds (docs/refining.md)
MINI_SECONDS = 5.0
MINI_LONGEST = 30.0
MINI_PHRASES = 3000
SIZE_LIMIT = 20_000_000  # bytes of all weights in the wheel


def assemble(autoencoder: Path, text: Path, teacher: Path, student: Path, captions: Path, out: Path) -> Path:
    """Write the embedded model's folder, weights as int8 rows, from the folders of its stages and the captions of its
    training set (a JSON list of lists); existing files are replaced."""
    spectral = SpectralConfig.model_validate_json((autoencoder / "autoencoder.json").read_text())
    config = ModelConfig(
        name="mini", seconds=MINI_SECONDS, max_seconds=MINI_LONGEST, omega=MINI_OMEGA, sigma_first=MINI_FIRST,
        autoencoder=spectral,
        text_encoder=MiniTextConfig.model_validate_json((text / "text_encoder.json").read_text()),
        student=DiTConfig.model_validate_json((student / "student.json").read_text()),
        teacher=DiTConfig.model_validate_json((teacher / "teacher.json").read_text()),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    sources = {"autoencoder": autoencoder, "text_encoder": text, "student": student, "teacher": teacher}
    for name, folder in sources.items():
        tensors = {
            k: v.float() if v.dtype == torch.float16 else v
            for k, v in load_file(folder / f"{name}.safetensors").items()
        }
        save_file(pack(tensors), out / f"{name}.safetensors")
    shutil.copy(text / "tokenizer.json", out / "tokenizer.json")
    write_phrases(collect(json.loads(captions.read_text()), MINI_PHRASES), out / PHRASES)
    (out / "config.json").write_text(config.model_dump_json(indent=1))
    shipped = sum((out / f"{name}.safetensors").stat().st_size for name in ("autoencoder", "text_encoder", "student"))
    if shipped > SIZE_LIMIT:
        raise UserError(f"the shipped weights take {shipped:,} bytes, more than {SIZE_LIMIT:,}; make a part smaller")
    return out


def assemble_model(base: Path, out: Path, name: str, trained: Mapping[str, Path]) -> Path:
    """A new model folder ``out``: that of ``base`` with the parts of ``trained`` (autoencoder, teacher, student, each
    a training's folder) in place of its own. The base's phrases say nothing of another student's words and are left
    out with its student. It is read back before it appears under its name.

    Raises UserError when ``out`` exists, a folder holds no such part, or the parts do not fit one another.
    """
    if out.exists():
        raise UserError(f"{out} exists; choose another --out, nothing is replaced")
    sizes = ModelConfig.read(base / "config.json").model_dump(mode="json") | {"name": name}
    for part, folder in trained.items():
        path = folder / f"{part}.json"
        if not path.is_file() or not (folder / f"{part}.safetensors").is_file():
            raise UserError(f"{folder} holds no trained {part}; give the --out folder of soundctm train {part}")
        sizes[part] = json.loads(path.read_text())
        training = folder / f"{part}{TRAINING}"
        if part == "student" and training.is_file():
            sizes |= {key: json.loads(training.read_text())[key] for key in ("sigma_min", "sigma_max", "rho")}
            if not sizes["sigma_min"] < (sizes["sigma_first"] or 0.0) < sizes["sigma_max"]:
                sizes["sigma_first"] = None  # the base's is none of this student's levels
    beside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        left = ("README.md", "config.json", GOLDEN, *([PHRASES] if "student" in trained else []))
        shutil.copytree(base, beside, ignore=shutil.ignore_patterns(*left))
        for part, folder in trained.items():
            shutil.copyfile(folder / f"{part}.safetensors", beside / f"{part}.safetensors")
        (beside / "config.json").write_text(ModelConfig.model_validate(sizes).model_dump_json(indent=1))
        read_parts(beside)
        os.replace(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return out
