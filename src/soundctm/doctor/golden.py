"""Stored references of a model: what fixed recipes come to in double precision.

``python -m soundctm.doctor.golden MODEL`` writes them into a model's folder; new weights need new ones.
"""

import hashlib
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from soundctm.audio import Recipe
from soundctm.audio.io import write_atomically
from soundctm.doctor.exact import decoded, exact, latents
from soundctm.errors import UserError
from soundctm.folder import GOLDEN, locate
from soundctm.model import SoundCTM

SEED = 7
SHORT = 1.0  # seconds of the courses of several steps
STRETCH = 0.5  # seconds of sound
# One at the length and in the steps that most takes have; a longer course; the doubled batch of nu.
COURSES: tuple[dict[str, Any], ...] = (
    {"prompt": "heavy rain on a tin roof", "steps": 1},
    {"prompt": "a dog barks twice", "steps": 4, "seconds": SHORT},
    {"prompt": "three slow knocks on a wooden door", "steps": 2, "nu": 2.0, "seconds": SHORT},
)


@dataclass(frozen=True, eq=False)
class Golden:
    """``latents``: the last ones ``[1, C, T]`` of each recipe; ``samples [length]``: the sound that the first
    ``frames`` of the first latents decode to. All float32, rounded from float64."""

    model_hash: str
    weights: str
    recipes: tuple[Recipe, ...]
    latents: tuple[Tensor, ...]
    samples: Tensor
    frames: int


def weights_digest(model: SoundCTM) -> str:
    """16 hex digits over all that the references depend on: sizes, weights, and what is read in their prompts. Unlike a
    model's hash it does not depend on how the weights are stored, so that a model that was loaded and saved keeps its
    references."""
    digest = hashlib.sha256(model.config.model_dump_json(exclude_defaults=True).encode())
    for part in (model.student, model.autoencoder, model.text_encoder, model.normalizer):
        for name, tensor in sorted(part.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.cpu().contiguous().flatten().view(torch.uint8).numpy())
    prompts = [model.understood(course["prompt"]) for course in COURSES]
    tokenize = getattr(model.text_encoder, "tokenize", None)  # CLAP's tokenizer is that of its version, and not a part
    digest.update(json.dumps([prompts, tokenize(prompts) if callable(tokenize) else None]).encode())
    return digest.hexdigest()[:16]


def compute_golden(model: SoundCTM) -> Golden:
    """The references of a model, which is copied in double precision for it."""
    engine = exact(model)
    recipes = tuple(
        model.recipes(seed=SEED, **{**course, "seconds": min(course.get("seconds", math.inf), model.config.seconds)})[0]
        for course in COURSES
    )
    found = tuple(latents(engine, recipe).float() for recipe in recipes)
    frames = min(engine.frames(STRETCH), found[0].shape[-1])
    samples = decoded(engine, recipes[0], found[0][..., :frames].double()).float()
    return Golden(model.model_hash, weights_digest(model), recipes, found, samples, frames)


def save_golden(golden: Golden, path: Path) -> Path:
    """Write references; an existing file is replaced."""
    tensors = {f"latents.{i}": z.contiguous() for i, z in enumerate(golden.latents)}
    facts = {
        "format_version": "1", "model_hash": golden.model_hash, "weights": golden.weights,
        "recipes": json.dumps([recipe.model_dump(mode="json") for recipe in golden.recipes]),
        "frames": str(golden.frames),
    }  # fmt: skip
    stored = save({**tensors, "samples": golden.samples.contiguous()}, facts)
    write_atomically(path, lambda file: file.write(stored))
    return path


def write_golden(model: SoundCTM, path: Path) -> Path:
    """Compute the references of a model and write them; an existing file is replaced."""
    return save_golden(compute_golden(model), path)


def read_golden(path: Path) -> Golden | None:
    """The references in a file, None where there is none. Raises :class:`UserError` for a damaged or foreign file."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata()
            recipes = tuple(Recipe.model_validate(each) for each in json.loads(facts["recipes"]))
            found = tuple(file.get_tensor(f"latents.{i}") for i in range(len(recipes)))
            samples = file.get_tensor("samples")
        return Golden(facts["model_hash"], facts["weights"], recipes, found, samples, int(facts["frames"]))
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError, ValidationError) as error:
        raise UserError(
            f"{path} is damaged or holds no references ({' '.join(str(error).split())[:200]}); write it anew with "
            "python -m soundctm.doctor.golden MODEL, or remove it"
        ) from error


def main(name: str = "mini") -> None:
    """Write the references of a model into its folder; a :class:`UserError` is one line on stderr."""
    try:
        path = write_golden(SoundCTM.from_pretrained(name), locate(name) / GOLDEN)
    except UserError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
