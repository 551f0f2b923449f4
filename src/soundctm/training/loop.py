"""One training loop: a wall-clock budget, atomic checkpoints, resumption, progress with time left."""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch


class Stateful(Protocol):
    """Anything that a checkpoint holds: modules, optimisers, averages."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state_dict: Any) -> Any: ...


class NonFiniteLoss(RuntimeError):
    """A loss became NaN or infinite. Training stops: such a loss is a fact to look at, not to hide."""


def cosine_rate(progress: float, warmup: float = 0.02, floor: float = 0.02) -> float:
    """Learning-rate factor over ``progress`` in [0, 1]: linear warm-up, then half a cosine down to ``floor``."""
    if progress < warmup:
        return max(progress / warmup, 1e-3)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup))))


class Loop:
    """Runs ``step(index, progress) -> figures`` until ``minutes`` of training time are spent, over all runs together.

    Everything in ``parts`` and the random state is saved to ``out/checkpoint.pt`` (written beside, then renamed) every
    ``save_seconds`` and at the end; an existing checkpoint is taken up again. Figures go to ``out/log.jsonl``.
    """

    def __init__(self, parts: Mapping[str, Stateful], out: Path, minutes: float, save_seconds: float = 120.0) -> None:
        self.parts = parts
        self.out = out
        self.minutes = minutes
        self.save_seconds = save_seconds
        self.step = 0
        self.elapsed = 0.0
        self._stopping = False
        out.mkdir(parents=True, exist_ok=True)
        if (out / "checkpoint.pt").exists():
            self._load()

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, in [0, 1]."""
        return min(1.0, self.elapsed / (60.0 * self.minutes))

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt", weights_only=True)
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        self.step, self.elapsed = state["step"], state["elapsed"]
        torch.set_rng_state(state["rng"])

    def save(self) -> None:
        """Write the checkpoint beside its place, then rename."""
        state = {
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "step": self.step,
            "elapsed": self.elapsed,
            "rng": torch.get_rng_state(),
        }
        beside = self.out / "checkpoint.pt.partial"
        torch.save(state, beside)
        os.replace(beside, self.out / "checkpoint.pt")

    def _stop(self, signum: int, frame: object) -> None:
        self._stopping = True

    def run(self, step: Callable[[int, float], dict[str, float]], log_every: int = 50) -> bool:
        """Train. True when the budget is spent, False when interrupted (Ctrl-C or SIGTERM) with a clean checkpoint."""
        previous = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        sums: dict[str, float] = {}
        last_save = time.monotonic()
        try:
            while self.progress < 1.0 and not self._stopping:
                start = time.monotonic()
                figures = step(self.step, self.progress)
                if not all(math.isfinite(value) for value in figures.values()):
                    raise NonFiniteLoss(f"step {self.step}: {figures}; the last checkpoint is in {self.out}")
                self.step += 1
                self.elapsed += time.monotonic() - start
                for name, value in figures.items():
                    sums[name] = sums.get(name, 0.0) + value
                if self.step % log_every == 0:
                    self._log({name: value / log_every for name, value in sums.items()})
                    sums = {}
                if time.monotonic() - last_save > self.save_seconds:
                    self.save()
                    last_save = time.monotonic()
            self.save()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return not self._stopping

    def _log(self, means: dict[str, float]) -> None:
        left = self.minutes - self.elapsed / 60
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": self.step, "elapsed": round(self.elapsed, 1), **means}) + "\n")
        numbers = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        rate = self.step / max(self.elapsed, 1e-9)
        print(f"step {self.step:6d}  {rate:5.2f}/s  {left:5.1f} min left  {numbers}", file=sys.stderr, flush=True)
