"""The sets of sounds: procedural clips to train on, and fresh single-class clips to compare with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from reproduction.files import read_arrays, read_json, write_arrays, write_json
from reproduction.settings import SHARD, Settings
from soundctm import SoundCTM
from soundctm.audio.io import write_atomically
from soundctm.audio.resample import resample
from soundctm.metrics.evaluator import SAMPLE_RATE as HEARD_AT
from soundctm.metrics.evaluator import Listener
from soundctm.training.data.cache import LENGTH, procedural_clip
from soundctm.training.data.prepare.decode import FULL_SCALE
from soundctm.training.data.procedural import REGISTRY, single
from soundctm.training.data.procedural.base import Sample
from soundctm.training.data.procedural.primitives import SAMPLE_RATE as MADE_AT

# Training clips have the generators of the seeds 0, 1, ...; those of triples are never the same.
FRESH, FLOOR = 20_260_101, 20_260_102
BATCH = 16


def fitted(model: SoundCTM, samples: np.ndarray) -> np.ndarray:
    """Samples of the generator at the model's rate, cut to its default length: whole latent frames ``[length]``."""
    length = model.frames(model.config.seconds) * int(model.autoencoder.hop)  # type: ignore[arg-type]
    moved = resample(samples[None].astype(np.float32), MADE_AT, model.sample_rate)[0]
    return np.pad(moved[:length], (0, max(0, length - len(moved))))


@torch.inference_mode()
def encoded(model: SoundCTM, sounds: list[np.ndarray]) -> torch.Tensor:
    """Normalised latents ``[n, C, T]`` of sounds at the model's rate."""
    x = torch.from_numpy(np.stack(sounds))[:, None]
    return model.normalizer.normalize(model.autoencoder.encode(x).mode)  # type: ignore[operator]


def make_shard(model: SoundCTM, settings: Settings, index: int, path: Path) -> None:
    """Render and encode one shard of the training clips: ``path`` (float16 latents) and its captions beside it."""
    clips = [procedural_clip(seed) for seed in range(index * SHARD, min(settings.clips, (index + 1) * SHARD))]
    parts = []
    for start in range(0, len(clips), BATCH):
        sounds = [fitted(model, clip.samples / np.float32(FULL_SCALE)) for clip in clips[start : start + BATCH]]
        parts.append(encoded(model, sounds).half())
    words = {"captions": [clip.captions for clip in clips], "classes": [clip.classes for clip in clips]}
    write_json(path.with_suffix(".words.json"), words)
    write_arrays(path, {"latents": torch.cat(parts).numpy()})


def join_shards(shards: list[Path], folder: Path) -> None:
    """The folder that :class:`~soundctm.training.data.dataset.LatentDataset` reads; once ``latents.npy`` stands, the
    shards go."""
    final = folder / "latents.npy"
    if not final.exists():
        words = [read_json(path.with_suffix(".words.json")) for path in shards]
        for name in ("captions", "classes"):
            write_json(folder / f"{name}.json", [item for each in words for item in each[name]])
        latents = np.concatenate([read_arrays(path)["latents"] for path in shards])
        np.save(folder / "real.npy", np.zeros(len(latents), bool))
        write_atomically(final, lambda file: np.save(file, latents))
    for path in shards:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Reference:
    """Held-out clips as the evaluator hears them ``[n, D]``, their captions and class names. ``floor`` is a second set
    of the size of the takes, and ``reconstructed`` its first clips through the autoencoder and back."""

    embeddings: np.ndarray
    floor: np.ndarray
    reconstructed: np.ndarray
    captions: list[str]
    classes: list[str]


def held_out(stream: int, index: int) -> Sample:
    """The clip ``index`` of a stream of single-class clips: the classes in turn, five seconds at the generator's
    rate."""
    names = list(REGISTRY)
    # 17 has no factor in common with the number of classes: the first clips of a small run come from all families.
    name = names[17 * index % len(names)]
    return single(np.random.default_rng((stream, index, 0)), LENGTH, name)


def hear(model: SoundCTM, listener: Listener, sounds: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and class probabilities of sounds at the model's rate."""
    heard = [resample(x[None].astype(np.float32), model.sample_rate, HEARD_AT)[0] for x in sounds]
    return listener.hear(heard)


@torch.inference_mode()
def rebuilt(model: SoundCTM, sounds: list[np.ndarray]) -> list[np.ndarray]:
    """Sounds through the autoencoder and back."""
    z = model.normalizer.denormalize(encoded(model, sounds))
    return list(model.autoencoder.decode(z, seed=0)[:, 0].numpy())  # type: ignore[operator]


def make_reference(model: SoundCTM, listener: Listener, settings: Settings, path: Path) -> None:
    """Render the reference and the floor, listen to them and to reconstructions of the first ``takes`` clips."""
    parts: dict[str, list[np.ndarray]] = {"embeddings": [], "floor": [], "reconstructed": []}
    captions, classes, right = [], [], []
    for index in range(settings.reference):
        sample = held_out(FRESH, index)
        sounds = [fitted(model, sample.audio)]
        heard, probabilities = hear(model, listener, sounds)
        parts["embeddings"].append(heard)
        captions.append(sample.caption)
        classes.append(sample.classes[0])
        right.append(listener.classes[int(probabilities[0].argmax())] == sample.classes[0])
        if index < settings.takes:
            parts["reconstructed"].append(hear(model, listener, rebuilt(model, sounds))[0])
            floor = fitted(model, held_out(FLOOR, index).audio)
            parts["floor"].append(hear(model, listener, [floor])[0])
    share = float(np.mean(right))
    write_json(path.with_suffix(".words.json"), {"captions": captions, "classes": classes, "recognised": share})
    write_arrays(path, {name: np.concatenate(arrays) for name, arrays in parts.items()})


def read_reference(path: Path) -> Reference:
    """What :func:`make_reference` wrote."""
    words = read_json(path.with_suffix(".words.json"))
    return Reference(**read_arrays(path), captions=words["captions"], classes=words["classes"])
