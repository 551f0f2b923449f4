"""Held-out recordings: fold 5 of ESC-10, which no training has seen."""

from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np

from control_figures.place import Place
from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.sources import waveform
from soundctm.training.data.recordings import ESC10_CLASSES, Recording, find_recordings, fit_length, load_mono
from soundctm.training.data.recordings import SAMPLE_RATE as FILE_RATE

CAPTION = {class_name: captions[0] for class_name, captions in ESC10_CLASSES.values()}


@dataclass(frozen=True)
class Held:
    """A held-out recording at the model's rate and length, its class and what it is called."""

    name: str
    class_name: str
    clip: Clip

    @property
    def caption(self) -> str:
        """The first caption of its class."""
        return CAPTION[self.class_name]

    @property
    def next_class(self) -> str:
        """Another class, for edits that change what is heard."""
        names = list(CAPTION)
        return names[(names.index(self.class_name) + 1) % len(names)]

    @property
    def samples(self) -> np.ndarray:
        """Mono ``[length]``."""
        samples: np.ndarray = self.clip.samples[0]
        return samples


def by_turns(recordings: list[Recording]) -> list[Recording]:
    """One of each class, then the second of each, and so on."""
    classes = [[r for r in recordings if r.class_name == name] for name in CAPTION]
    return [r for r in chain.from_iterable(zip_longest(*classes)) if r is not None]


def held_out(place: Place, count: int, training: bool = False) -> list[Held]:
    """The first ``count`` held-out recordings, by turns over the ten classes; with ``training`` those of the other
    folds. Raises UserError where there are none."""
    found = [r for r in find_recordings(place.data) if r.class_name in CAPTION and r.held_out != training]
    if not found:
        raise UserError(f"no recordings of ESC-10 in {place.data}; give --data a folder that holds the folder esc10")
    return [_held(place, recording) for recording in by_turns(found)[:count]]


def _held(place: Place, recording: Recording) -> Held:
    samples = fit_length(load_mono(recording.path), round(place.seconds * FILE_RATE))
    rate = place.model.sample_rate
    moved = waveform(Clip(samples[None], FILE_RATE), rate)[0].numpy()
    return Held(recording.path.name, recording.class_name, Clip(moved, rate))


def prompts(count: int) -> list[tuple[str, str]]:
    """``(prompt, class)``: the first caption of each of the ten classes, then their second ones."""
    every = [[(caption, name) for caption in captions] for name, captions in ESC10_CLASSES.values()]
    return list(chain.from_iterable(zip(*every, strict=True)))[:count]
