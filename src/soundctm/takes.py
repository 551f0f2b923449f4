"""What a take starts from: the parts of a model, and the noise that a recipe names."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from soundctm.audio import Recipe
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.conditioning import Conditioning, Match
from soundctm.config import ModelConfig
from soundctm.control.codec import Codec


@dataclass(frozen=True)
class Engine:
    """What turns recipes into samples: the parts of a model on one device. ``match`` is None for a model that cannot
    hear how well a sound fits its words."""

    student: nn.Module
    autoencoder: nn.Module
    normalizer: Normalizer
    config: ModelConfig
    device: torch.device
    encode: Callable[[str], Conditioning]
    match: Match | None = None

    @property
    def hears(self) -> bool:
        """Whether it can tell how well a sound fits words."""
        return self.match is not None

    @property
    def hop(self) -> int:
        """Samples of a latent frame."""
        return int(self.autoencoder.hop)  # type: ignore[arg-type]

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return int(self.autoencoder.sample_rate)  # type: ignore[arg-type]

    def frames(self, seconds: float) -> int:
        """Latent frames that hold so many seconds."""
        return -(-round(seconds * self.sample_rate) // self.hop)

    def whole_frames(self, seconds: float, longest: float) -> float:
        """The seconds of the whole frames that hold so many, within ``longest``: those of a circle."""
        return min(self.frames(seconds), int(longest * self.sample_rate) // self.hop) * self.hop / self.sample_rate

    def noise(self, recipe: Recipe) -> list[Tensor]:
        """Unit-variance noise ``[C, T]`` of a take: the start, then one for each jump that adds some.

        Drawn on the CPU from ``(seed, take)`` alone, and from ``variation`` for what follows the start where it is
        above 0; an ``audition`` other than the take's own has another start, and ``turns`` turn all of it. A take of
        more steps starts from the same noise.
        """
        shape = (int(self.autoencoder.channels), self.frames(recipe.seconds))  # type: ignore[arg-type]
        generator = _seeded(take_seed(recipe))
        start = torch.randn(shape, generator=generator)
        if recipe.audition:
            start = torch.randn(shape, generator=_seeded(take_seed(recipe, 0, recipe.audition)))
        if recipe.variation:
            generator.manual_seed(take_seed(recipe, recipe.variation))
        later = recipe.steps - 1 if recipe.gamma > 0 else 0
        return self.turned(recipe, [start, *(torch.randn(shape, generator=generator) for _ in range(later))])

    def turned(self, recipe: Recipe, noises: Sequence[Tensor]) -> list[Tensor]:
        """Unit-variance noises ``[C, T]``, each turned as the recipe's ``turns`` say, to a side of its own."""
        found = list(noises)
        for number, turn in enumerate(recipe.turns, 1):
            generator, angle = _seeded(take_seed(recipe, turn.variation, number)), turn.share * math.pi / 2
            for i, noise in enumerate(found):
                if i == 1 and recipe.variation:  # relatives by gamma have one start, and each a course of its own
                    generator.manual_seed(take_seed(recipe, turn.variation, number, recipe.variation))
                aside = torch.randn(noise.shape, generator=generator).to(noise)
                found[i] = math.cos(angle) * noise + math.sin(angle) * aside
        return found

    def codec(self, recipe: Recipe) -> Codec:
        """The autoencoder with the texture noise of a take."""
        return Codec(self.autoencoder, self.normalizer, take_seed(recipe))


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def take_seed(recipe: Recipe, variation: int = 0, number: int = 0, course: int = 0) -> int:
    """A 63-bit seed for the pair ``(seed, take)``, or with ``variation`` and ``number`` (of an audition, where
    ``variation`` is 0, or of a turn, there with a ``course`` where it has its own) for all of them, well mixed.

    The seed enters as two words of 32 bits: words of a varying number would give distinct pairs the same noise.
    """
    more = (variation, number) if number else (variation,) if variation else ()
    words = (recipe.seed & 0xFFFFFFFF, recipe.seed >> 32, recipe.take, *more, *([course] if course else []))
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> 1)
