"""How the networks of a model are computed: by which engine, in which precision, by how many threads."""

from contextlib import AbstractContextManager

import torch
from torch import nn

from soundctm.audio import Recipe
from soundctm.backbones import parameters
from soundctm.crew import Crew
from soundctm.engines import EngineOptions, build
from soundctm.engines.threads import threads, within_share
from soundctm.errors import UserError
from soundctm.folder import CONVERTED, Parts
from soundctm.lanes import Batcher


class Computation:
    """The networks of ``parts``, which are on ``device``, as ``options`` say. ``converted`` names the precision that
    the student was loaded in, if it has no float32 weights any more. A crew has up to ``cores``, within the share of
    its container.

    Raises :class:`UserError` for what is not to be had here, or not with these parts.
    """

    def __init__(self, parts: Parts, device: torch.device, options: EngineOptions, cores: int) -> None:
        self.parts, self.device, self.options, self.cores = parts, device, options, within_share(cores)
        self.converted = parts.precision if parts.precision in CONVERTED else None
        if self.converted not in (None, options.precision):
            raise UserError(f"this model was loaded in {self.converted}; load it in float32 for {options.precision}")
        self.networks: tuple[nn.Module, nn.Module] = build(options, parts.student, parts.autoencoder, device)
        self.plain = build(EngineOptions("eager", "float32"), parts.student, parts.autoencoder, device)
        self.batcher = Batcher.of(device)
        self._parameters = parameters(parts.config.student)

    def crew(self, takes: int, seconds: float = 0.0, steps: int = 1) -> Crew:
        """Who makes so many takes of up to so many seconds and steps."""
        return Crew.of(self._parameters, self.device, self.cores, takes, seconds, steps)

    def arithmetic(self) -> AbstractContextManager[object]:
        """In which what belongs to a take is computed outside of its crew: with as many cores as there."""
        return threads(self.crew(1).cores)

    def networks_for(self, recipe: Recipe) -> tuple[nn.Module, nn.Module]:
        """Student and autoencoder; in float32 and layer by layer, so that gradients flow, where targets are to be
        reached."""
        return self.plain if recipe.targets else self.networks

    def in_precision(self, recipe: Recipe) -> Recipe:
        """The recipe with the precision in which it is going to be made."""
        if recipe.targets and self.converted:
            raise UserError(
                f"targets need gradients, which a model loaded in {self.converted} has none of; load float32"
            )
        precision = "float32" if recipe.targets else self.options.precision
        return recipe if recipe.precision == precision else recipe.model_copy(update={"precision": precision})
