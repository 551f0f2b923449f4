"""The training set on disk: waveforms, captions and classes in flat arrays that are memory-mapped.

``audio.npy`` int16 ``[n, length]``; ``captions.json`` a list of caption lists; ``classes.json`` a list of class lists;
``real.npy`` bool ``[n]``. Later stages add ``latents.npy`` float16 ``[n, channels, frames]``.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundctm.training.data.prepare.decode import to_int16 as quantised
from soundctm.training.data.procedural import make
from soundctm.training.data.recordings import Recording, find_recordings, load_mono, vary

SECONDS = 5.0
LENGTH = 216 * 1024  # five seconds, filled up to whole latent frames of the embedded model


@dataclass(frozen=True)
class Clip:
    """One training clip: int16 samples ``[LENGTH]``, its captions and classes."""

    samples: np.ndarray
    captions: tuple[str, ...]
    classes: tuple[str, ...]
    real: bool


def to_int16(samples: np.ndarray) -> np.ndarray:
    """Float samples in [-1, 1] as int16 ``[LENGTH]``, zero-padded or cut."""
    fitted = np.pad(samples[:LENGTH], (0, max(0, LENGTH - len(samples))))
    return quantised(fitted)


def procedural_clip(seed: int) -> Clip:
    """The procedural training clip of a seed."""
    sample = make(np.random.default_rng(seed), seconds=SECONDS)
    return Clip(to_int16(sample.audio), (sample.caption,), tuple(sample.classes), real=False)


def real_clips(recording: Recording, variants: int, seed: int) -> list[Clip]:
    """``variants`` clips of a recording; the first is the recording as it is but for its length."""
    samples = load_mono(recording.path)
    rng = np.random.default_rng(seed)
    moved = [samples, *(vary(recording, samples, rng, LENGTH) for _ in range(variants - 1))]
    return [Clip(to_int16(clip), recording.captions, (recording.class_name,), real=True) for clip in moved]


def _real_task(task: tuple[Recording, int, int]) -> list[Clip]:
    return real_clips(*task)


def build(data: Path | None, out: Path, procedural: int, variants: int, processes: int) -> None:
    """Render and store the training set. Without ``data`` it is procedural only."""
    recordings = [r for r in find_recordings(data) if not r.held_out] if data else []
    esc = [(r, variants, i) for i, r in enumerate(recordings) if r.path.suffix == ".ogg"]
    other = [(r, max(1, variants // 3), i) for i, r in enumerate(recordings) if r.path.suffix != ".ogg"]
    count = sum(task[1] for task in esc + other) + procedural
    out.mkdir(parents=True, exist_ok=True)
    audio = np.lib.format.open_memmap(out / "audio.npy.partial", "w+", np.int16, (count, LENGTH))
    captions: list[tuple[str, ...]] = []
    classes: list[tuple[str, ...]] = []
    real: list[bool] = []

    def store(clip: Clip) -> None:
        audio[len(captions)] = clip.samples
        captions.append(clip.captions)
        classes.append(clip.classes)
        real.append(clip.real)

    start = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for group in pool.imap(_real_task, esc + other, chunksize=4):
            for clip in group:
                store(clip)
        for index, clip in enumerate(pool.imap(procedural_clip, range(procedural), chunksize=16)):
            store(clip)
            if index % 500 == 499:
                left = (time.monotonic() - start) / len(captions) * (count - len(captions))
                print(f"{len(captions)} of {count} clips, {left / 60:.1f} min left", file=sys.stderr, flush=True)
    (out / "captions.json").write_text(json.dumps(captions))
    (out / "classes.json").write_text(json.dumps(classes))
    np.save(out / "real.npy", np.asarray(real))
    audio.flush()
    os.replace(out / "audio.npy.partial", out / "audio.npy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with esc10, sonic_pi, kenney_interface")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--procedural", type=int, default=9000)
    parser.add_argument("--variants", type=int, default=6, help="clips made of each ESC-10 recording")
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    arguments = parser.parse_args()
    build(arguments.data, arguments.out, arguments.procedural, arguments.variants, arguments.processes)
