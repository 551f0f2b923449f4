"""What a discriminator says of a batch of waveforms."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

SLOPE = 0.1  # of the leaky rectifiers


@dataclass(frozen=True)
class Judgement:
    """``features``: the activations of every hidden layer, first to last, batch first. ``logits``: one number per
    place that was judged, batch first; real sounds are trained towards 1, generated ones towards 0."""

    features: tuple[Tensor, ...]
    logits: Tensor

    def split(self, sizes: list[int]) -> list["Judgement"]:
        """One judgement per group of a batch that was put together from several."""
        parts = [feature.split(sizes) for feature in self.features]
        return [
            Judgement(tuple(part[i] for part in parts), logits) for i, logits in enumerate(self.logits.split(sizes))
        ]


def rectify(x: Tensor) -> Tensor:
    """The leaky rectifier of every hidden layer."""
    return F.leaky_relu(x, SLOPE)
