"""The tiny official-shaped networks of the reference folder, converted, and what the official code computes."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file
from torch import Tensor

from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from soundctm.convert.dit import convert_dit

TOLERANCE = 1e-5  # worst relative error that counts as the same computation in float32


@dataclass(frozen=True)
class Official:
    """Networks, conditionings of the three prompts, and the expected tensors by name."""

    student: DiT
    teacher: DiT
    conditioning: Conditioning
    unconditional: Conditioning
    expected: dict[str, Tensor]

    @property
    def jump_arguments(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Conditioning]:
        e = self.expected
        return e["jump.z_t"], e["jump.t"], e["jump.s"], e["jump.omega"], self.conditioning


def reference(shared_folder: Path) -> Path:
    return shared_folder / "reference" / "soundctm_dit"


def read_dit(path: Path, role: Literal["teacher", "student"]) -> DiT:
    config, weights = convert_dit(path, load_file(path), role)
    model = DiT(config)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def single_token(vectors: Tensor) -> Conditioning:
    return Conditioning(vectors[:, None], torch.ones(len(vectors), 1, dtype=torch.bool))


@cache
def load_official(shared_folder: Path) -> Official:
    folder = reference(shared_folder)
    expected = load_file(folder / "expected.safetensors")
    return Official(
        read_dit(folder / "official_student.safetensors", "student"),
        read_dit(folder / "official_teacher.safetensors", "teacher"),
        single_token(expected["text.embeddings"]),
        single_token(expected["text.unconditional"][None]),
        expected,
    )


def relative_error(found: Tensor, expected: Tensor) -> float:
    """The largest deviation over the largest expected magnitude."""
    return float((found - expected).abs().max() / expected.abs().max())
