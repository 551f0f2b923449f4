"""Figures of a take, as gates judge it."""

import threading
from dataclasses import dataclass

import numpy as np
import torch

from soundctm.audio import Clip
from soundctm.audio.io import STEP_16
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.control.codec import Codec
from soundctm.engines.threads import threads
from soundctm.metrics.likeness import Likeness
from soundctm.model import SoundCTM

FRAME = 0.05  # seconds
QUIETEST = -200.0  # dB, what digital silence reads


@dataclass(frozen=True)
class Heard:
    """``loudest`` RMS of the loudest 50 ms, dB full scale; ``clipped`` share of samples at full scale; ``dc`` their
    mean; ``seconds`` and those ``wanted``; ``match`` to the prompt, None where the model cannot tell; ``embedding``
    of unit length, by which takes are alike, None for silence. Of samples that are no numbers (``finite`` False)
    nothing else is said."""

    finite: bool
    loudest: float
    clipped: float
    dc: float
    seconds: float
    wanted: float
    match: float | None
    embedding: np.ndarray | None


def likeness(a: np.ndarray | None, b: np.ndarray | None) -> float:
    """How alike two sounds are, the cosine of their embeddings; silence is like silence and like nothing else."""
    if a is None or b is None:
        return 1.0 if a is b else 0.0
    return float(np.dot(a.astype(np.float64), b.astype(np.float64)))


def loudest_frame(samples: np.ndarray, sample_rate: int) -> float:
    """RMS of the loudest 50 ms of ``[channels, length]`` in dB full scale, -200 for silence."""
    power = np.square(samples.astype(np.float64)).mean(axis=0)
    size = max(1, min(round(FRAME * sample_rate), len(power)))
    total = np.concatenate([[0.0], np.cumsum(power)])
    highest = float((total[size:] - total[:-size]).max(initial=0.0)) / size
    return max(QUIETEST, 10 * float(np.log10(highest))) if highest > 0 else QUIETEST


class Ear:
    """Listens to takes of one model. Safe from several threads; each take is heard on one core, so that its figures
    are the same to the last bit however many are."""

    def __init__(self, model: SoundCTM) -> None:
        self.model = model
        self._likeness = Likeness()
        self._codec = Codec(model.autoencoder, model.normalizer)
        self._texts: dict[str, torch.Tensor] = {}
        self._lock = threading.Lock()

    def __call__(self, clip: Clip) -> Heard:
        """The figures of a take."""
        if clip.recipe is None:
            raise ValueError("only a take has a prompt to be held against")
        samples, length = clip.samples, clip.samples.shape[1]
        wanted = round(clip.recipe.seconds * clip.sample_rate) / clip.sample_rate
        if not np.isfinite(samples).all():
            return Heard(False, QUIETEST, 0.0, 0.0, clip.duration, wanted, None, None)
        with threads(1), torch.inference_mode():
            embedding = self._likeness(clip)
            match = self._match(clip, clip.recipe.prompt)
        return Heard(
            finite=True, loudest=loudest_frame(samples, clip.sample_rate),
            clipped=float((np.abs(samples) >= 1.0 - STEP_16).sum()) / max(1, samples.size),
            dc=float(samples.mean(dtype=np.float64)) if length else 0.0,
            seconds=clip.duration, wanted=wanted, match=match,
            embedding=None if embedding is None else (embedding / np.linalg.norm(embedding)).astype(np.float32),
        )  # fmt: skip

    def _match(self, clip: Clip, prompt: str) -> float | None:
        """Cosine of a take and its prompt, as the model understood it."""
        encoder = self.model.text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            return None
        with self._lock:
            if prompt not in self._texts:
                self._texts[prompt] = encoder.embed([self.model.understood(prompt)])[0].cpu()
            text = self._texts[prompt]
        mono = torch.from_numpy(clip.samples.mean(axis=0, keepdims=True))[None].to(self.model.device)
        sound = encoder.tower(self._codec.encode(mono))[0].cpu()
        return float(torch.dot(text.double(), sound.double()))
