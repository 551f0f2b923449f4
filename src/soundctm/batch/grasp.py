"""The meaning of texts to a model, and as what it understands a prompt with words that it never learnt."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.errors import UserError
from soundctm.model import SoundCTM


@dataclass
class Meaning:
    """The sentence vectors of texts by a model's text encoder, each computed alone and once."""

    model: SoundCTM
    _known: dict[str, np.ndarray] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        encoder = self.model.text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            raise UserError(
                "this model's text encoder suggests no categories; give a column catid, or leave out the list"
            )
        with torch.inference_mode():
            for text in texts:
                if text not in self._known:
                    self._known[text] = encoder.encode([text]).tokens[0, 0].float().cpu().numpy()
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class Grasp:
    """``text`` is what the model hears in a prompt; ``nearness`` the cosine of the sentence vectors of the two, None
    where they are the same or the model has no such vectors."""

    text: str
    nearness: float | None


def grasp(prompt: str, meaning: Meaning) -> Grasp:
    """How a model takes a prompt."""
    text = meaning.model.understood(prompt)
    if text == prompt or not isinstance(meaning.model.text_encoder, MiniTextEncoder):
        return Grasp(text, None)
    vectors = meaning([prompt, text]).astype(np.float64)
    one, other = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return Grasp(text, float(one @ other))
