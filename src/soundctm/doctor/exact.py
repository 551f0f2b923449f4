"""A model in double precision on the CPU: what all other ways to compute it are held against."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from soundctm.audio import Recipe
from soundctm.conditioning import Conditioning
from soundctm.model import SoundCTM
from soundctm.performance import Performance
from soundctm.takes import Engine


@dataclass(frozen=True)
class ExactEngine(Engine):
    """The plain parts of a model, and its noise, in float64. Constants that the networks make in float32 stay as they
    are: they belong to the model."""

    def noise(self, recipe: Recipe) -> list[Tensor]:
        return [each.double() for each in super().noise(recipe)]


def exact(model: SoundCTM) -> ExactEngine:
    """A copy of the parts of a model, twice their size."""
    student, autoencoder, text_encoder = (
        deepcopy(part).cpu().double() for part in (model.student, model.autoencoder, model.text_encoder)
    )
    normalizer = deepcopy(model.normalizer).cpu().double()

    def encode(prompt: str) -> Conditioning:
        return text_encoder.encode([model.understood(prompt)])  # type: ignore[operator]

    return ExactEngine(student, autoencoder, normalizer, model.config, torch.device("cpu"), encode)


@torch.no_grad()
def latents(engine: Engine, recipe: Recipe) -> Tensor:
    """The last latents ``[1, C, T]`` of a take."""
    return Performance(engine, recipe, {}, lambda: None).begin().run()


@torch.no_grad()
def decoded(engine: Engine, recipe: Recipe, z: Tensor) -> Tensor:
    """Samples ``[length]`` of latents ``[1, C, T]``, with the texture noise of a take."""
    return engine.codec(recipe).decode(z.to(engine.device))[0, 0]
