"""What a training is going to do, said before it begins."""

import math
from dataclasses import dataclass

import torch

from soundctm.autoencoder.dac import GaussianDAC
from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.config import StudentTraining, TeacherTraining, Training
from soundctm.training.dac import check_rate
from soundctm.training.data.source import LatentSource
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.discriminators import Discriminators
from soundctm.training.draws import training_grid
from soundctm.training.memory import FLOAT, Memory, parameters, student_memory, teacher_memory
from soundctm.training.task import check_fit

GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """``lines`` of label and text."""

    lines: list[tuple[str, str]]


def teacher_plan(config: TeacherTraining, source: LatentSource, processes: int = 1) -> Plan:
    """The plan of a teacher's training; reads one batch of the data. What training would refuse is a UserError."""
    check_fit(config, config.backbone, source, processes)
    frames, tokens, data = _look(config, source)
    memory = teacher_memory(config, frames, tokens, processes)
    low, high = (float(torch.exp(torch.tensor(config.noise.mean + k * config.noise.std))) for k in (-2, 2))
    lines = [
        ("data", data), ("teacher", f"{parameters(config.backbone):,} parameters"), ("schedule", _schedule(config)),
        ("noise levels", f"95 % of them in {low:.3g} .. {high:.3g}"), ("memory", _memory(memory, processes)),
    ]  # fmt: skip
    return Plan(lines)


def student_plan(config: StudentTraining, teacher: DiT, source: LatentSource, processes: int = 1) -> Plan:
    """The plan of a distillation; reads one batch of the data. What training would refuse is a UserError."""
    check_fit(config, teacher.config, source, processes)
    frames, tokens, data = _look(config, source)
    memory = student_memory(config, teacher.config, frames, tokens, processes)
    student = DiTConfig(**{**teacher.config.model_dump(), "role": "student"})
    grid = training_grid(config.grid_points, config.sigma_min, config.sigma_max, config.rho)
    longest = -(-config.max_solver_steps // config.solver_stride)
    lines = [
        ("data", data),
        ("teacher", f"{parameters(teacher.config):,} parameters"),
        ("student", f"{parameters(student):,} parameters, start: {config.start}"),
        ("schedule", _schedule(config)),
        ("grid", f"{config.grid_points} levels, {float(grid[0]):g} .. {float(grid[-1]):g}"),
        ("solver", f"1 to {longest} guided Heun steps, {config.solver_draw}, omega {config.omega_min:g} .. "
                   f"{config.omega_max:g}"),
        ("losses", f"distance {config.distance}, layers {config.layers}, DSM {'on' if config.dsm else 'off'}, "
                   f"GAN {'on' if config.gan else 'off'}"),
        ("memory", _memory(memory, processes)),
    ]  # fmt: skip
    return Plan(lines)


def autoencoder_plan(config: AutoencoderTraining, source: WaveformSource) -> Plan:
    """The plan of an autoencoder's training; reads one batch of the data. Sounds of another rate are a UserError."""
    check_rate(config, source)
    x = source.crops(0, config.batch, config.length)
    sizes = config.autoencoder
    with torch.device("meta"):
        counts = [
            sum(p.numel() for p in module.parameters())
            for module in (GaussianDAC(sizes), Discriminators(config.discriminators))
        ]
    budget = f"{config.steps:,} steps" if config.steps else f"{config.minutes:g} minutes"
    seconds, level = config.length / sizes.sample_rate, 20 * math.log10(float(x.square().mean().sqrt()) + 1e-9)
    weights = ", ".join(f"{name} {value:g}" for name, value in config.weights)
    states = _size(FLOAT * 4 * sum(counts))  # weights, gradients and two moments
    return Plan([
        ("data", f"crops of {seconds:.2f} s at {sizes.sample_rate} Hz, level {level:.1f} dBFS"),
        ("autoencoder", f"{counts[0]:,} parameters"), ("discriminators", f"{counts[1]:,} parameters"),
        ("schedule", f"{budget} of {config.batch} crops, {config.precision}, {config.optimizer.name} "
                     f"{config.optimizer.learning_rate:g}"),
        ("losses", weights), ("memory", f"{states} for weights and optimisers; activations come on top"),
    ])  # fmt: skip


def _look(config: Training, source: LatentSource) -> tuple[int, int, str]:
    """Latent frames and text tokens of the first batch, and words about the data."""
    batch = source.batch(0, config.batch, 0.0)
    frames, tokens = batch.z_0.shape[-1], batch.conditioning.tokens.shape[1]
    spread = f"mean {float(batch.z_0.mean()):.2f}, standard deviation {float(batch.z_0.std()):.2f}"
    words = f"latents {source.channels} x {frames}, {spread}; text {tokens} x {source.context_dim}"
    return frames, tokens, words


def _schedule(config: Training) -> str:
    budget = f"{config.steps:,} steps" if config.steps else f"{config.minutes:g} minutes"
    parts = f" in {config.accumulate} parts" if config.accumulate > 1 else ""
    optimizer = config.optimizer
    return f"{budget} of {config.batch} clips{parts}, {config.precision}, {optimizer.name} {optimizer.learning_rate:g}"


def _memory(memory: Memory, processes: int) -> str:
    kinds = ", ".join(f"{name} {_size(size)}" for name, size in vars(memory).items() if size)
    each = " in each process" if processes > 1 else ""
    return f"about {_size(memory.total)}{each} beside the program itself ({kinds})"


def _size(size: float) -> str:
    """Bytes in words."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:.0f} MiB"
