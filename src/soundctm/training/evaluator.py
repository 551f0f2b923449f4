"""Trains the evaluator on single sounds of the training set: real recordings and procedural ones, nothing generated."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundctm.metrics.evaluator import Evaluator, EvaluatorConfig, Listener, evaluator_filters, log_mel, save_evaluator
from soundctm.training.data.prepare.decode import FULL_SCALE
from soundctm.training.data.procedural import REGISTRY, single
from soundctm.training.data.recordings import ESC10_CLASSES, find_recordings, fit_length, load_mono
from soundctm.training.ema import EMA
from soundctm.training.loop import Loop, cosine_rate

BATCH = 64
LEARNING_RATE = 2e-3
REAL_SHARE = 0.4
MIX = 0.5  # share of batches whose items are mixed in pairs
LENGTH = 220500


def features(data: Path) -> np.ndarray:
    """Log-mels of all clips, float16 ``[n, mels, frames]``, computed once into ``data/mels.npy``."""
    path = data / "mels.npy"
    if not path.exists():
        audio, filters = np.load(data / "audio.npy", mmap_mode="r"), evaluator_filters()
        parts = []
        for start in range(0, len(audio), 64):
            x = torch.from_numpy(audio[start : start + 64].astype(np.float32) / FULL_SCALE)
            parts.append(log_mel(x, filters).numpy().astype(np.float16))
        np.save(path, np.concatenate(parts))
    return np.asarray(np.load(path, mmap_mode="r"))


def augment(mel: Tensor, rng: torch.Generator) -> Tensor:
    """Level, tilt, a shift in time, and masked stripes of time and frequency."""
    batch, mels, frames = mel.shape
    level = 0.5 * torch.randn(batch, 1, 1, generator=rng)
    tilt = 0.3 * torch.randn(batch, 1, 1, generator=rng) * torch.linspace(-1, 1, mels)[None, :, None]
    out = mel + level + tilt + 0.05 * torch.randn(mel.shape, generator=rng)
    floor = out.amin(dim=(1, 2))
    for i in range(batch):
        shift, width, start = (int(torch.randint(0, n, (1,), generator=rng)) for n in (60, 30, frames - 30))
        out[i] = torch.roll(out[i], shift - 30, dims=-1)
        out[i, :, start : start + width] = floor[i]
        row, height = (int(torch.randint(0, n, (1,), generator=rng)) for n in (mels - 10, 10))
        out[i, row : row + height] = floor[i]
    return out


class Clips:
    """Single-class clips by class, ESC-10 recordings in a fixed share."""

    def __init__(self, data: Path, names: list[str]) -> None:
        self.mels = features(data)
        classes = json.loads((data / "classes.json").read_text())
        real = np.load(data / "real.npy")
        known = {name: i for i, name in enumerate(names)}
        usable = [i for i, several in enumerate(classes) if len(several) == 1 and several[0] in known]
        self.rows = np.asarray(usable)
        self.labels = np.asarray([known[classes[i][0]] for i in usable])
        weights = np.where(
            real[usable], REAL_SHARE / max(1, real[usable].sum()), (1 - REAL_SHARE) / (~real[usable]).sum()
        )
        self.weights = weights / weights.sum()

    def batch(self, seed: int, step: int) -> tuple[Tensor, Tensor]:
        """Mels and labels of a step."""
        rng = np.random.default_rng((seed, step))
        chosen = rng.choice(len(self.rows), BATCH, p=self.weights)
        return torch.from_numpy(self.mels[self.rows[chosen]]).float(), torch.from_numpy(self.labels[chosen])


def mixed_loss(model: Evaluator, mel: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
    """Cross-entropy with label smoothing; half of the time on pairs mixed in the mel domain (mixup)."""
    if float(torch.rand(1, generator=rng)) > MIX:
        return F.cross_entropy(model(mel), labels, label_smoothing=0.1)
    share = 0.5 + 0.5 * float(torch.rand(1, generator=rng))
    order = torch.randperm(len(mel), generator=rng)
    logits = model(share * mel + (1 - share) * mel[order])
    loss = F.cross_entropy(logits, labels, label_smoothing=0.1, reduction="none")
    other = F.cross_entropy(logits, labels[order], label_smoothing=0.1, reduction="none")
    return (share * loss + (1 - share) * other).mean()


def accuracy(evaluator: Evaluator, recordings: Path | None) -> dict[str, float]:
    """Share recognised of held-out real clips, and of fresh procedural clips, four a class."""
    listener = Listener(evaluator)
    figures: dict[str, float] = {}
    if recordings:
        held_out = [r for r in find_recordings(recordings) if r.held_out]
        heard = listener.names([fit_length(load_mono(r.path), LENGTH) for r in held_out])
        figures["real"] = float(np.mean([name == r.class_name for name, r in zip(heard, held_out, strict=True)]))
    fresh = [
        (name, single(np.random.default_rng((987654321, i)), LENGTH, name).audio) for name in REGISTRY for i in range(4)
    ]
    heard = listener.names([sound for _, sound in fresh])
    figures["procedural"] = float(np.mean([name == wanted for name, (wanted, _) in zip(heard, fresh, strict=True)]))
    return figures


def train(data: Path, recordings: Path | None, out: Path, minutes: float, seed: int = 0) -> None:
    """Train for ``minutes`` and write the averaged evaluator and its figures."""
    torch.manual_seed(seed)
    names = sorted({*REGISTRY, *(name for name, _ in ESC10_CLASSES.values())})
    clips = Clips(data, names)
    model = Evaluator(EvaluatorConfig(classes=tuple(names)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    ema = EMA(model, 0.995, warmup=True)
    loop = Loop({"model": model, "optimizer": optimizer, "ema": ema}, out, minutes)

    def step(index: int, progress: float) -> dict[str, float]:
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * cosine_rate(progress)
        rng = torch.Generator().manual_seed(seed * 1_000_003 + index)
        mel, labels = clips.batch(seed, index)
        loss = mixed_loss(model, augment(mel, rng), labels, rng)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        ema.update(model)
        return {"loss": loss.item()}

    if loop.run(step) and isinstance(ema.module, Evaluator):
        save_evaluator(ema.module, out)
        figures = accuracy(ema.module, recordings)
        (out / "figures.json").write_text(json.dumps(figures))
        print(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache")
    parser.add_argument("--recordings", type=Path, help="folder with esc10, for the accuracy on its held-out fold")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.recordings, arguments.out, arguments.minutes)
