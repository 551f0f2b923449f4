"""How alike sounds are to a listener that learnt to tell sounds apart."""

import threading

import numpy as np

from soundctm.audio import Clip
from soundctm.audio.resample import resample
from soundctm.metrics.evaluator import HOP, SAMPLE_RATE, load_listener

SHORTEST = 16 * HOP  # samples that the evaluator needs
LONGEST = 60 * SAMPLE_RATE  # samples that it listens to
MARGIN = 1  # seconds after them that their last samples are resampled with
SILENCE = 1e-5  # peak below which there is nothing to hear


class Likeness:
    """Embeddings of clips by the evaluator of the package; their cosine says how alike two sounds are.

    Safe from several threads.
    """

    def __init__(self) -> None:
        self._listener = load_listener()
        self._lock = threading.Lock()

    def __call__(self, clip: Clip) -> np.ndarray | None:
        """Float32 ``[D]`` of the first minute of a clip, its channels averaged; None for silence."""
        heard = clip.samples[:, : (LONGEST // SAMPLE_RATE + MARGIN) * clip.sample_rate]
        if not heard.size or np.abs(heard).max() < SILENCE:
            return None
        mono = resample(heard.mean(axis=0, keepdims=True), clip.sample_rate, SAMPLE_RATE)[0, :LONGEST]
        padded = np.pad(mono, (0, max(0, SHORTEST - len(mono))))
        with self._lock:
            embedding: np.ndarray = self._listener.hear([padded])[0][0]
        return embedding
