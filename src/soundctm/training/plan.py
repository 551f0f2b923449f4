"""What a training is going to do, said before it begins."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.backbones.dit import DiT, parameters
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.autoencoder_objective import AutoencoderLossWeights
from soundctm.training.autoencoder_task import check_rate
from soundctm.training.config import Budget, StudentTraining, TeacherTraining, Training
from soundctm.training.data.source import LatentSource
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.discriminators import Discriminators
from soundctm.training.draws import training_grid
from soundctm.training.gan import Decoder
from soundctm.training.loop import Schedule
from soundctm.training.memory import ALONE, FLOAT, Memory, Spread, student_memory, teacher_memory
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.precision import Precision
from soundctm.training.spectral import check_training
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.spectral_start import taken_over
from soundctm.training.starting import check_start
from soundctm.training.task import check_fit

GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """``lines`` of label and text."""

    lines: list[tuple[str, str]]


def teacher_plan(
    config: TeacherTraining, source: LatentSource, spread: Spread = ALONE, first: DiT | None = None
) -> Plan:  # fmt: skip
    """The plan of a teacher's training; reads one batch of the data. What training would refuse is a UserError."""
    check_fit(config, config.backbone, source, spread.processes)
    check_start(config.start, config.backbone, first)
    frames, tokens, data = look(source, config.batch)
    memory = teacher_memory(config, frames, tokens, spread)
    low, high = (float(torch.exp(torch.tensor(config.noise.mean + k * config.noise.std))) for k in (-2, 2))
    lines = [
        ("data", data), ("teacher", f"{parameters(config.backbone):,} parameters, start: {config.start}"),
        ("schedule", schedule_words(config)),
        ("noise levels", f"95 % of them in {low:.3g} .. {high:.3g}"), ("memory", memory_words(memory, spread)),
    ]  # fmt: skip
    return Plan(lines)


def student_plan(
    config: StudentTraining, teacher: DiT, source: LatentSource, spread: Spread = ALONE, decode: Decoder | None = None,
    first: DiT | None = None,
) -> Plan:  # fmt: skip
    """The plan of a distillation; reads one batch of the data, and decodes a stretch where there is a GAN loss. What
    training would refuse is a UserError."""
    check_fit(config, teacher.config, source, spread.processes)
    frames, tokens, data = look(source, config.batch)
    student = teacher.config.student()
    check_start(config.start, student, first)
    memory = student_memory(config, teacher.config, frames, tokens, spread, decode)
    grid = training_grid(config.grid_points, config.sigma_min, config.sigma_max, config.rho)
    longest = -(-config.max_solver_steps // config.solver_stride)
    lines = [
        ("data", data),
        ("teacher", f"{parameters(teacher.config):,} parameters"),
        ("student", f"{parameters(student):,} parameters, start: {config.start}"),
        ("schedule", schedule_words(config)),
        ("grid", f"{config.grid_points} levels, {float(grid[0]):g} .. {float(grid[-1]):g}"),
        ("solver", f"1 to {longest} guided Heun steps, {config.solver_draw}, omega {config.omega_min:g} .. "
                   f"{config.omega_max:g}"),
        ("jumps", f"{config.from_top:.0%} from the highest level, {config.to_end:.0%} to the lowest, the others drawn"),
        ("losses", f"distance {config.distance}, layers {config.layers}, DSM {'on' if config.dsm else 'off'}, "
                   f"GAN {'on' if config.gan else 'off'}"),
        ("memory", memory_words(memory, spread)),
    ]  # fmt: skip
    return Plan(lines)


def autoencoder_plan(config: AutoencoderTraining, source: WaveformSource) -> Plan:
    """The plan of an autoencoder's training; reads one batch of the data. Sounds of another rate are a UserError."""
    check_rate(config.autoencoder.sample_rate, source)
    sizes = config.autoencoder
    counts = _count(lambda: GaussianDAC(sizes)), _count(lambda: Discriminators(config.discriminators))
    return Plan([
        ("data", _crops(source, config.batch, config.length)),
        ("autoencoder", f"{counts[0]:,} parameters"), ("discriminators", f"{counts[1]:,} parameters"),
        ("schedule", _crop_schedule(config)), ("losses", _weights(config.weights)), ("memory", _states(sum(counts))),
    ])  # fmt: skip


def spectral_plan(
    config: SpectralTraining, source: WaveformSource, start: Path | None = None, processes: int = 1
) -> Plan:  # fmt: skip
    """The plan of a spectral autoencoder's training; reads ``start`` and one batch of the data. What training would
    refuse is a UserError."""
    check_training(config, source, processes)
    codec = f"fitted on {config.fit_clips} crops of {config.fit_seconds:g} s"
    if start is not None:
        taken_over(start, config.autoencoder)
        codec = f"that of {start}, whose decoder goes on"
    adversary, count = config.adversary, _count(lambda: SpectralAutoencoder(config.autoencoder))
    lines = [
        ("data", _crops(source, config.batch, config.length)), ("codec", codec), ("decoder", f"{count:,} parameters"),
    ]  # fmt: skip
    losses = "spectral energy distance"
    if adversary is not None:
        critics = _count(lambda: Discriminators(adversary.discriminators))
        lines += [("discriminators", f"{critics:,} parameters, alone for {adversary.lead:.0%} of the budget")]
        losses, count = _weights(adversary.weights), count + critics
    return Plan([*lines, ("schedule", _crop_schedule(config)), ("losses", losses), ("memory", _states(count))])


def _count(build: Callable[[], nn.Module]) -> int:
    """Parameters of a module, which is not filled."""
    with torch.device("meta"):
        return sum(p.numel() for p in build().parameters())


def _crops(source: WaveformSource, batch: int, length: int) -> str:
    """Words about the first batch of crops."""
    level = 20 * math.log10(float(source.crops(0, batch, length).square().mean().sqrt()) + 1e-9)
    return f"crops of {length / source.sample_rate:.2f} s at {source.sample_rate} Hz, level {level:.1f} dBFS"


def _crop_schedule(config: AutoencoderTraining | SpectralTraining) -> str:
    words = f"{budget_words(config)} of {config.batch} crops, {_arithmetic(config.precision, config.optimizer)}"
    return f"{words}, {_rate(config.schedule, config.warmup)}" if isinstance(config, SpectralTraining) else words


def budget_words(config: Budget) -> str:
    """Steps or minutes."""
    return f"{config.steps:,} steps" if config.steps else f"{config.minutes:g} minutes"


def _arithmetic(precision: Precision, optimizer: OptimizerConfig) -> str:
    return f"{precision}, {optimizer.name} {optimizer.learning_rate:g}"


def _weights(weights: AutoencoderLossWeights) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in weights)


def _states(count: int) -> str:
    """Memory of so many parameters in training: weights, gradients and two moments."""
    return f"{size_words(FLOAT * 4 * count)} for weights and optimisers; activations come on top"


def look(source: LatentSource, size: int) -> tuple[int, int, str]:
    """Latent frames and text tokens of the first batch, and words about the data."""
    batch = source.batch(0, size, 0.0)
    frames, tokens = batch.z_0.shape[-1], batch.conditioning.tokens.shape[1]
    spread = f"mean {float(batch.z_0.mean()):.2f}, standard deviation {float(batch.z_0.std()):.2f}"
    words = f"latents {source.channels} x {frames}, {spread}; text {tokens} x {source.context_dim}"
    return frames, tokens, words


def schedule_words(config: Training) -> str:
    """Budget, batch, arithmetic and learning rate in words."""
    parts = f" in {config.accumulate} parts" if config.accumulate > 1 else ""
    steps = f"{budget_words(config)} of {config.batch} clips{parts}"
    return f"{steps}, {_arithmetic(config.precision, config.optimizer)}, {_rate(config.schedule, config.warmup)}"


def _rate(schedule: Schedule, warmup: float) -> str:
    """The learning rate's course in words."""
    return f"{schedule} after a warm-up over {100 * warmup:g} %" if warmup else f"{schedule} from the first step"


def memory_words(memory: Memory, spread: Spread) -> str:
    """Memory in words."""
    kinds = ", ".join(f"{name} {size_words(size)}" for name, size in vars(memory).items() if size)
    each = f" in each of {spread.processes} processes ({spread.strategy})" if spread.processes > 1 else ""
    return f"about {size_words(memory.total)}{each} beside the program itself ({kinds})"


def size_words(size: float) -> str:
    """Bytes in words."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:.0f} MiB"
