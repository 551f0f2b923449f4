"""The evaluator: a small network over log-mel spectrograms, trained on real and procedural sounds only.

It shares nothing with the model it judges: other features, other weights, other training.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from soundctm.audio.mel import mel_filters

SAMPLE_RATE = 44100
FRAME, HOP, MELS = 2048, 1024, 64
FLOOR = 1e-4
SHIPPED = Path(__file__).parent / "listener"


class EvaluatorConfig(BaseModel):
    """Class names in the order of the logits, and the widths of the convolutions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    widths: tuple[int, ...] = (24, 48, 96, 160)
    embedding: int = 256


def evaluator_filters() -> Tensor:
    """Triangular filters ``[MELS, FRAME / 2 + 1]`` from 40 Hz to 20 kHz."""
    return torch.from_numpy(mel_filters(FRAME // 2 + 1, MELS, SAMPLE_RATE, 40.0, 20000.0))


def log_mel(x: Tensor, filters: Tensor) -> Tensor:
    """Log-mel magnitudes ``[B, MELS, frames]`` of waveforms ``[B, length]``, about zero mean and unit spread."""
    window = torch.hann_window(FRAME, device=x.device)
    frames = F.pad(x, (FRAME // 2, FRAME // 2)).unfold(-1, FRAME, HOP)
    magnitude = torch.fft.rfft(frames * window).abs() / (FRAME / 4)
    return (torch.log(magnitude @ filters.T + FLOOR).transpose(1, 2) + 5.0) / 2.5


class Evaluator(nn.Module):
    """``[B, MELS, frames]`` (any number of frames from 16) -> embedding ``[B, D]`` and logits ``[B, classes]``."""

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        before = 1
        for width in config.widths:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.GELU()]
            layers += [nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, width, 1, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.GELU()]
            before = width
        self.convolutions = nn.Sequential(*layers)
        rows = MELS // 2 ** len(config.widths)
        self.to_embedding = nn.Linear(2 * before * rows, config.embedding)
        self.dropout = nn.Dropout(0.3)
        self.to_logits = nn.Linear(config.embedding, len(config.classes))

    def embed(self, mel: Tensor) -> Tensor:
        """Embedding ``[B, D]``: mean and maximum over time, per frequency row."""
        h = self.convolutions(mel[:, None]).flatten(1, 2)
        return F.gelu(self.to_embedding(torch.cat([h.mean(-1), h.amax(-1)], dim=-1)))

    def forward(self, mel: Tensor) -> Tensor:
        logits: Tensor = self.to_logits(self.dropout(self.embed(mel)))
        return logits


class Listener:
    """An evaluator with its features: from samples to embeddings and class names."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator.eval()
        self.filters = evaluator_filters()
        self.classes = evaluator.config.classes

    @torch.inference_mode()
    def hear(self, sounds: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings ``[n, D]`` and class probabilities ``[n, classes]`` of mono sounds at 44.1 kHz."""
        embeddings, probabilities = [], []
        for samples in sounds:
            mel = log_mel(torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))[None], self.filters)
            embedding = self.evaluator.embed(mel)
            embeddings.append(embedding)
            probabilities.append(self.evaluator.to_logits(embedding).softmax(-1))
        return torch.cat(embeddings).numpy(), torch.cat(probabilities).numpy()

    def names(self, sounds: list[np.ndarray], among: list[str] | None = None) -> list[str]:
        """The most probable class of each sound, of all or among some."""
        _, probabilities = self.hear(sounds)
        columns = list(range(len(self.classes))) if among is None else [self.classes.index(name) for name in among]
        return [self.classes[columns[int(i)]] for i in probabilities[:, columns].argmax(1)]


def save_evaluator(evaluator: Evaluator, folder: Path) -> None:
    """Write ``evaluator.safetensors`` and ``evaluator.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in evaluator.state_dict().items()}
    save_file(tensors, folder / "evaluator.safetensors")
    (folder / "evaluator.json").write_text(evaluator.config.model_dump_json(indent=1))


def load_listener(folder: Path = SHIPPED) -> Listener:
    """Read what :func:`save_evaluator` wrote; without a folder, the evaluator that comes with the package."""
    evaluator = Evaluator(EvaluatorConfig.model_validate(json.loads((folder / "evaluator.json").read_text())))
    tensors = load_file(folder / "evaluator.safetensors")
    evaluator.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    return Listener(evaluator)
