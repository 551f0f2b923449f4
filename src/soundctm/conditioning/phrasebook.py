"""What a model has learnt to say: its words, and phrases that stand in for prompts with other words.

A backbone trained on a few thousand captions hears nothing in a token that it never saw, though the text encoder lays
"puppy" beside "dog". A prompt with such a word is therefore replaced by the nearest phrase that was learnt.
"""

import re
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.errors import UserError

WORD = re.compile(r"[a-z]+")  # another rule would give old recipes another sound
WRITTEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # of letters in any script, as people see a word


class Phrases(BaseModel):
    """``phrases.json`` of a model folder: every word of the training captions, and some of the captions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: tuple[str, ...]
    phrases: tuple[str, ...] = Field(min_length=1)


class Phrasebook:
    """Finds the learnt phrase that is nearest to a prompt, by the cosine of their sentence tokens."""

    def __init__(self, content: Phrases, encoder: MiniTextEncoder) -> None:
        self.content = content
        self.words = frozenset(content.words)
        self.encoder = encoder
        self._sentences: Tensor | None = None

    @classmethod
    def read(cls, path: Path, encoder: MiniTextEncoder) -> "Phrasebook":
        """From ``phrases.json``. A damaged file is a UserError."""
        try:
            return cls(Phrases.model_validate_json(path.read_bytes()), encoder)
        except ValidationError as error:
            raise UserError(f"{path} is no list of words and phrases; copy it again from its model") from error

    def unknown(self, prompt: str) -> list[str]:
        """Words of a prompt that no training caption holds, in order."""
        return [word for word in WORD.findall(prompt.lower()) if word not in self.words]

    def new_words(self, prompt: str) -> list[str]:
        """The words of a prompt that hold something :meth:`unknown`, each once, as they are written: "été" is read as
        "t", which nobody has written."""
        return [word for word in dict.fromkeys(WRITTEN.findall(prompt)) if self.unknown(word)]

    def understood(self, prompt: str) -> str:
        """The prompt itself when all its words are known, else the nearest learnt phrase."""
        if not self.unknown(prompt):
            return prompt
        if self._sentences is None:
            self._sentences = self._of(self.content.phrases)
        nearest = int((self._sentences @ self._of((prompt,))[0]).argmax())
        return self.content.phrases[nearest]

    @torch.inference_mode()
    def _of(self, prompts: tuple[str, ...]) -> Tensor:
        """Sentence tokens ``[B, dim]`` of unit length."""
        return F.normalize(self.encoder.sentences(prompts), dim=-1)
