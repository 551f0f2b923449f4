"""The ways from a prompt to samples that are measured against each other."""

from contextlib import nullcontext
from typing import Protocol

import numpy as np
import torch
from torch import nn

from soundctm.autoencoder.chunks import LocalAutoencoder
from soundctm.benchmark.clock import REST, Stopwatch, marked
from soundctm.benchmark.naive import NaivePath
from soundctm.benchmark.settings import Name, Settings
from soundctm.model import SoundCTM


class Path(Protocol):
    """``make`` returns the samples ``[1, length]`` of every take, and marks its stages on the watch."""

    def make(self, prompt: str, seed: int, steps: int, watch: Stopwatch) -> list[np.ndarray]: ...


def multiplied(precision: str, autoencoder: nn.Module) -> dict[str, str]:
    """The numbers of most products of each stage of a model in a precision: text is always float32, the student is what
    was asked for, and a decoder is what its weights are.

    Weights do not show TF32, to which decoders of both kinds round their factors where it is asked for.
    """
    plain = "tf32" if precision == "tf32" else "float32"
    halved = any(weight.dtype == torch.bfloat16 for weight in autoencoder.parameters())
    return {"text": "float32", "sampler": precision, "decoder": "bfloat16" if halved else plain}


class Ours:
    """The public way, as everybody goes it."""

    def __init__(self, model: SoundCTM, settings: Settings) -> None:
        self.model, self.settings = model, settings
        self.multiplied = multiplied(settings.precision, model.engine.autoencoder)

    def make(self, prompt: str, seed: int, steps: int, watch: Stopwatch) -> list[np.ndarray]:
        """Stages are seen from outside: the text encoder and the decoder are watched, and what lies between them is the
        sampler."""
        autoencoder = self.model.engine.autoencoder
        pieces = isinstance(autoencoder, LocalAutoencoder)
        with (
            marked(self.model.text_encoder, "encode", watch, REST, "text"),
            marked(autoencoder, "decode", watch, "sampler", "decoder"),
            marked(autoencoder, "decode_part", watch, "sampler", "decoder") if pieces else nullcontext(),
        ):
            clips = self.model.generate(
                prompt, takes=self.settings.takes, steps=steps, seconds=self.settings.seconds, seed=seed
            )
        return [clip.samples for clip in clips]


class Naive:
    """What the official code does."""

    def __init__(self, model: SoundCTM, settings: Settings, alone: bool) -> None:
        self.path, self.settings = NaivePath(model, alone), settings

    def make(self, prompt: str, seed: int, steps: int, watch: Stopwatch) -> list[np.ndarray]:
        return self.path.generate(
            prompt, takes=self.settings.takes, steps=steps, seconds=self.settings.seconds, seed=seed, mark=watch.mark
        )


def open_path(name: Name, model: SoundCTM, settings: Settings, alone: bool = False) -> Path:
    """The path ``naive`` or ``ours`` over a model that nobody has optimised yet; ``alone``: no other path goes over
    it."""
    if name == "naive":
        return Naive(model, settings, alone)
    if settings.plain:
        return Ours(model, settings)
    return Ours(model.optimize(settings.options.engine, settings.options.precision), settings)
