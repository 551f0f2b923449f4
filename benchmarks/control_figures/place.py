"""Where results lie, what they were made with, and the parts that all experiments share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reproduction.files import read_arrays, read_json, write_arrays, write_json
from reproduction.settings import file_hash, package_version

from soundctm import SoundCTM
from soundctm.audio import Clip
from soundctm.audio.resample import resample
from soundctm.errors import UserError
from soundctm.folder import folder_hash, locate
from soundctm.metrics.evaluator import SAMPLE_RATE as HEARD_AT
from soundctm.metrics.evaluator import SHIPPED, Listener, load_listener

Figures = dict[str, Any]

FORM = 1  # of the measurements: figures of another form are measured again


@dataclass(frozen=True)
class Sizes:
    """How much is measured; :func:`sizes_for` gives a share of :data:`FULL`."""

    prompts: int
    recordings: int
    edited: int
    takes: int
    loops: int
    hummed: int


FULL = Sizes(prompts=20, recordings=80, edited=40, takes=120, loops=120, hummed=6)


def sizes_for(scale: float) -> Sizes:
    """A share of everything, at least two of each. Raises UserError unless ``0 < scale <= 1``."""
    if not 0 < scale <= 1:
        raise UserError(f"--scale is {scale:g}; give a number above 0, at most 1")
    return Sizes(**{name: max(2, round(scale * count)) for name, count in vars(FULL).items()})


@lru_cache(maxsize=1)
def _model(name: str) -> SoundCTM:
    return SoundCTM.from_pretrained(name)


@lru_cache(maxsize=1)
def _listener() -> Listener:
    return load_listener()


@dataclass(frozen=True)
class Place:
    """A folder of results for one model. Small enough to be sent to other processes, which load the model once."""

    out: Path
    model_name: str
    data: Path
    sizes: Sizes

    @property
    def model(self) -> SoundCTM:
        return _model(self.model_name)

    @property
    def seconds(self) -> float:
        """The model's default length, to which recordings are cut."""
        return self.model.config.seconds

    @property
    def made_with(self) -> Figures:
        """What every figure depends on."""
        return {
            "form": FORM,
            "model_hash": folder_hash(locate(self.model_name)),
            "evaluator_hash": file_hash(SHIPPED / "evaluator.safetensors"),
            "versions": {"soundctm": package_version(), "torch": torch.__version__, "numpy": np.__version__},
        }

    def hear(self, sounds: list[np.ndarray]) -> tuple[np.ndarray, list[str]]:
        """The evaluator's embeddings ``[n, D]`` and names of mono sounds at the model's rate."""
        moved = [resample(x[None], self.model.sample_rate, HEARD_AT)[0] for x in sounds]
        embeddings, probabilities = _listener().hear(moved)
        return embeddings, [_listener().classes[i] for i in probabilities.argmax(1)]

    def note(self, piece: str) -> Path:
        """The file whose presence says that a piece is done; it holds the figures."""
        return self.out / "pieces" / f"{slug(piece)}.json"

    def keep(self, piece: str, name: str, clip: Clip) -> None:
        """Keep a sound of a piece, to be heard and pictured."""
        path = self.sound_path(piece, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        clip.save(path)

    def sound(self, piece: str, name: str) -> np.ndarray:
        """Mono samples of a kept sound."""
        samples: np.ndarray = Clip.load(self.sound_path(piece, name)).samples[0]
        return samples

    def sound_path(self, piece: str, name: str) -> Path:
        """Where a kept sound lies."""
        return self.out / "sounds" / slug(piece) / f"{name}.wav"

    def keep_arrays(self, piece: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays of a piece."""
        write_arrays(self.out / "arrays" / f"{slug(piece)}.safetensors", arrays)

    def arrays(self, piece: str) -> dict[str, np.ndarray]:
        """What :meth:`keep_arrays` kept."""
        return read_arrays(self.out / "arrays" / f"{slug(piece)}.safetensors")


def slug(name: str) -> str:
    """A name as a file's: ``intensity-start-gamma-0.2-rise``."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


@dataclass(frozen=True)
class Piece:
    """One unit of work. ``settings`` decide its figures, next to what :attr:`Place.made_with` names; ``cost`` is about
    what it takes on one thread, in seconds."""

    name: str
    cost: float
    settings: Figures
    run: Callable[[Place], Figures]


def piece(name: str, cost: float, run: Callable[..., Figures], /, **settings: object) -> Piece:
    """A piece whose settings are the arguments of its function, JSON-plain."""
    return Piece(name, cost, dict(settings), partial(run, **settings))


def key(place: Place, one: Piece) -> Figures:
    """What the figures of a piece stand for."""
    return {**place.made_with, "settings": one.settings}


def is_done(place: Place, one: Piece) -> bool:
    """Whether its figures exist for this model and these settings."""
    path = place.note(one.name)
    return path.exists() and read_json(path)["made_with"] == key(place, one)


def finish(place: Place, one: Piece, figures: Figures, seconds: float) -> None:
    """Note a piece's figures: the last thing that is written."""
    note = {"made_with": key(place, one), "seconds": round(seconds, 1), "figures": figures}
    write_json(place.note(one.name), note)


def figures_of(place: Place, one: Piece) -> Figures | None:
    """The figures of a piece; None where it is not done."""
    figures: Figures | None = read_json(place.note(one.name))["figures"] if is_done(place, one) else None
    return figures
