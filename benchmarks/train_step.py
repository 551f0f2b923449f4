"""Steps per second and peak memory of a student's training step, with each way to compute it:
`python benchmarks/train_step.py --preset paper-44k-dit-1b --depth 4 --out docs/figures/train_step.json`.

Each variant runs in a process of its own, on random weights and random clips: speed does not depend on values. The
paper's backbone has 24 blocks; on a machine with less than 40 GB, `--depth` takes fewer.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch
from reproduction.memory import peak_mib

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextConfig, ClapTextEncoder
from soundctm.training.config import StudentTraining, TeacherTraining, read_config
from soundctm.training.data.source import Batch
from soundctm.training.student import StudentTask
from soundctm.training.world import World

VARIANTS = {
    "cached": {},
    "encoders in the step": {},
    "cached, checkpointing": {"checkpointing": True},
    "cached, compiled": {"compiled": True},
}
SHAPES = {"paper-44k-dit-1b": (432, 1), "mini": (216, 12), "smoke": (216, 12)}  # latent frames, text tokens


class Cached:
    """Latents and tokens that were encoded beforehand."""

    def __init__(self, channels: int, context_dim: int, frames: int, tokens: int) -> None:
        self.channels, self.context_dim, self.frames, self.tokens = channels, context_dim, frames, tokens
        self.identity = "random"
        self.seconds = 0.0  # spent in making batches

    def batch(self, step: int, size: int, drop: float) -> Batch:
        start = time.perf_counter()
        made = self.make(torch.Generator().manual_seed(step), size)
        self.seconds += time.perf_counter() - start
        return made

    def make(self, generator: torch.Generator, size: int) -> Batch:
        z_0 = 0.5 * torch.randn(size, self.channels, self.frames, generator=generator)
        return Batch(z_0, self.text(torch.randn(size, self.tokens, self.context_dim, generator=generator)))

    @staticmethod
    def text(tokens: torch.Tensor) -> Conditioning:
        return Conditioning(tokens, torch.ones(tokens.shape[:2], dtype=torch.bool))

    def unconditional(self) -> Conditioning:
        return self.text(torch.zeros(1, self.tokens, self.context_dim))

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        return {"captions": [""] * size}


class Encoding(Cached):
    """The same from waveforms and words in every step, through the paper's DAC and CLAP's text branch."""

    def __init__(self, channels: int, context_dim: int, frames: int, tokens: int) -> None:
        super().__init__(channels, context_dim, frames, tokens)
        self.autoencoder = GaussianDAC(DACConfig()).requires_grad_(False).eval()
        self.clap = ClapTextEncoder(ClapTextConfig(variant="projected")).requires_grad_(False).eval()

    @torch.no_grad()
    def make(self, generator: torch.Generator, size: int) -> Batch:
        x = 0.1 * torch.randn(size, 1, self.frames * self.autoencoder.hop, generator=generator)
        ids = torch.randint(5, 50000, (size, PROMPT_TOKENS), generator=generator)
        self.clap.text_projection(self.clap.text_branch(input_ids=ids).pooler_output)
        z = self.autoencoder.encode(x).mode
        cached = super().make(generator, size)
        return Batch(z[:, : self.channels], cached.conditioning) if z.shape[1] >= self.channels else cached


def measure(preset: str, variant: str, depth: int | None, batch: int, steps: int, threads: int) -> dict[str, float]:
    """Median seconds of a step after a first one, its share in making batches, and the peak memory of this process."""
    torch.set_num_threads(threads)
    backbone = read_config(f"{preset}/teacher", TeacherTraining).backbone
    if depth is not None:
        backbone = backbone.model_copy(update={"depth": depth})
    settings = read_config(f"{preset}/student", StudentTraining).model_dump()
    changes = {"batch": batch, "accumulate": 1, "checkpointing": False, **VARIANTS[variant]}
    config = StudentTraining.model_validate(settings | changes)
    source = (Encoding if "encoders" in variant else Cached)(backbone.channels, backbone.context_dim, *SHAPES[preset])
    task = StudentTask(config, DiT(backbone), source, World())
    task.step(0, 0.5)
    source.seconds = 0.0
    times = []
    for index in range(1, steps + 1):
        start = time.perf_counter()
        task.step(index, 0.5)
        times.append(time.perf_counter() - start)
    return {
        "seconds_per_step": round(median(times), 3), "steps_per_second": round(1 / median(times), 3),
        "share_in_batches": round(source.seconds / sum(times), 4), "peak_gib": round(peak_mib() / 2**10, 2),
    }  # fmt: skip


def main() -> None:
    """Measure every variant in a process of its own, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=tuple(SHAPES), default="mini")
    parser.add_argument("--depth", type=int, help="blocks, instead of the preset's")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--variant", choices=tuple(VARIANTS), help="this one alone, in this process")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.variant:
        given = (arguments.preset, arguments.variant, arguments.depth)
        print(json.dumps(measure(*given, arguments.batch, arguments.steps, arguments.threads)))
        return
    results: dict[str, Any] = {name: value for name, value in vars(arguments).items() if name not in ("variant", "out")}
    for variant in VARIANTS:
        command = [sys.executable, __file__, *sys.argv[1:], "--variant", variant]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[variant] = json.loads(done.stdout.splitlines()[-1])
        print(f"{variant}: {results[variant]}", file=sys.stderr)
    text = json.dumps(results, indent=1)
    if arguments.out:
        arguments.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
