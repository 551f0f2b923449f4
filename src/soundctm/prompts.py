"""From words to what the student reads, once per prompt."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning, Match
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.conditioning.phrasebook import Phrasebook
from soundctm.conditioning.spelling import legible
from soundctm.errors import UserError, shown
from soundctm.trajectory.leap import prepared

REMEMBERED = 256  # prompts


class Prompts:
    """Encodes prompts for a student and remembers the last of them, so that a change of the encoder's weights is heard
    only in prompts that it has not met. ``arithmetic`` says with how many cores, as other numbers round otherwise."""

    def __init__(
        self, text_encoder: nn.Module, phrasebook: Phrasebook | None, student: nn.Module, device: torch.device,
        arithmetic: Callable[[], AbstractContextManager[object]],
    ) -> None:  # fmt: skip
        self.text_encoder, self.phrasebook, self.student = text_encoder, phrasebook, student
        self.device, self.arithmetic = device, arithmetic
        self._lock = threading.Lock()  # several takes of a new prompt begin at once, and one of them encodes it
        self._remembered: OrderedDict[str, Conditioning] = OrderedDict()

    def encode(self, prompt: str) -> Conditioning:
        """Conditioning of a prompt, as it is :meth:`understood`."""
        with self._lock:
            if prompt not in self._remembered:
                self._remembered[prompt] = self._encode(prompt)
            self._remembered.move_to_end(prompt)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
            return self._remembered[prompt]

    def understood(self, prompt: str) -> str:
        """The prompt, or where it has words that the model never learnt, the learnt phrase that is nearest to it."""
        return prompt if self.phrasebook is None else self.phrasebook.understood(prompt)

    def check_read(self, *prompts: str) -> None:
        """Raise UserError where the text encoder can read nothing in a prompt that is not empty: all of these would be
        one and the same sound."""
        unread = next((prompt for prompt in prompts if prompt and not legible(prompt)), None)
        if unread is not None and isinstance(self.text_encoder, MiniTextEncoder):
            raise UserError(
                f"{shown(unread)} holds no word that this model can read; write the prompt in English words"
            )

    @property
    def match(self) -> Match | None:
        """How well normalised latents fit a prompt; None where the text encoder reads only."""
        encoder = self.text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            return None

        def fits(prompt: str, latents: Tensor) -> float:
            with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
                return float(encoder.score([self.understood(prompt)], latents))

        return fits

    def _encode(self, prompt: str) -> Conditioning:
        plain = torch.autocast(self.device.type, enabled=False)
        with torch.inference_mode(False), torch.no_grad(), plain, self.arithmetic():
            text: Conditioning = self.text_encoder.encode([self.understood(prompt)])  # type: ignore[operator]
            return prepared(self.student, text.to(self.device))
