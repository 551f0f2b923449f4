"""Takes of a student or the teacher for the captions of the reference set, as the evaluator hears them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from reproduction.files import read_arrays, write_arrays
from reproduction.sets import Reference, hear
from reproduction.variants import TEACHER_STEPS, Setting
from soundctm import SoundCTM
from soundctm.conditioning import Conditioning
from soundctm.diffusion import guided_denoiser, heun, sigma_grid
from soundctm.metrics.evaluator import Listener
from soundctm.training.draws import generator_of
from soundctm.trajectory import sample

BATCH = 16
CHUNK = 64  # takes to a file: what a killed run may have to make again
# Noises ``[B, C, T]``, of which the first is the start, and captions; to latents.
Sampler = Callable[[list[Tensor], Conditioning], Tensor]


def noises(model: SoundCTM, seed: int, index: int, count: int) -> list[Tensor]:
    """``count`` unit noises ``[C, T]`` of a take. Only ``(seed, index)`` matter: every student and every number of
    steps starts from the same noise."""
    generator = generator_of(seed, index)
    shape = (int(model.autoencoder.channels), model.frames(model.config.seconds))  # type: ignore[arg-type]
    return [torch.randn(shape, generator=generator) for _ in range(count)]


def student_sampler(model: SoundCTM, student: nn.Module, setting: Setting) -> Sampler:
    """The sampler of a student under a setting."""
    config = model.config
    unconditional = model.encode("")
    omega = config.omega if setting.omega is None else setting.omega

    def run(noise: list[Tensor], conditioning: Conditioning) -> Tensor:
        return sample(
            student, config.sigma_max * noise[0], conditioning, unconditional, steps=setting.steps, omega=omega,
            nu=setting.nu, gamma=setting.gamma, noise=noise[1:], sigma_min=config.sigma_min,
            sigma_max=config.sigma_max, rho=config.rho,
        )  # fmt: skip

    return run


def teacher_sampler(model: SoundCTM) -> Sampler:
    """40 Heun steps with guidance at the model's default omega."""
    config, teacher = model.config, model.teacher
    if teacher is None:
        raise ValueError("the model has no teacher")
    grid = sigma_grid(TEACHER_STEPS, config.sigma_min, config.sigma_max, config.rho)
    unconditional = model.encode("")

    def run(noise: list[Tensor], conditioning: Conditioning) -> Tensor:
        null = unconditional.expand(len(noise[0]))
        return heun(guided_denoiser(teacher, conditioning, null, config.omega), config.sigma_max * noise[0], grid)

    return run


@torch.inference_mode()
def batch_of_takes(
    model: SoundCTM, sampler: Sampler, captions: list[str], seed: int, first: int, count: int
) -> list[np.ndarray]:
    """Samples of the takes ``first``, ``first + 1``, ..., one for each caption, each from ``count`` noises."""
    each = [noises(model, seed, first + i, count) for i in range(len(captions))]
    conditioning: Conditioning = model.text_encoder.encode(captions)  # type: ignore[operator]
    z = sampler([torch.stack(several) for several in zip(*each, strict=True)], conditioning)
    seeds = [first + i for i in range(len(captions))]
    x = model.autoencoder.decode(model.normalizer.denormalize(z), seed=seeds)  # type: ignore[operator]
    return list(x[:, 0].clamp(-1.0, 1.0).numpy())


def take_files(setting: Setting, count: int) -> list[str]:
    """The files that ``count`` takes under a setting lie in."""
    return [f"{setting.name}-{start:04d}.safetensors" for start in range(0, count, CHUNK)]


def make_takes(
    model: SoundCTM, listener: Listener, reference: Reference, sampler: Sampler, setting: Setting, seed: int,
    count: int, folder: Path,
) -> None:  # fmt: skip
    """Embeddings and class probabilities of ``count`` takes, in the files :func:`take_files` of a folder."""
    needed = setting.steps if setting.gamma > 0 else 1
    for start, name in zip(range(0, count, CHUNK), take_files(setting, count), strict=True):
        if (folder / name).exists():
            continue
        embeddings, probabilities = [], []
        stop = min(start + CHUNK, count)
        for first in range(start, stop, BATCH):
            captions = reference.captions[first : min(first + BATCH, stop)]
            heard = hear(model, listener, batch_of_takes(model, sampler, captions, seed, first, needed))
            embeddings.append(heard[0])
            probabilities.append(heard[1])
        write_arrays(folder / name, {"embeddings": np.concatenate(embeddings), "p": np.concatenate(probabilities)})


def read_takes(folder: Path, setting: Setting) -> dict[str, np.ndarray]:
    """All takes under a setting: ``embeddings [n, D]``, ``p [n, classes]``."""
    parts = [read_arrays(path) for path in sorted(folder.glob(f"{setting.name}-[0-9]*.safetensors"))]
    return {name: np.concatenate([part[name] for part in parts]) for name in ("embeddings", "p")}
