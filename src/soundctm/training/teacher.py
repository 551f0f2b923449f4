"""Trains the teacher: EDM denoising score matching on latents (Karras et al. 2022; appendix D.2 of the paper)."""

import argparse
from pathlib import Path
from typing import get_args

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import denoise
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.data.recordings import ESC10_CLASSES
from soundctm.training.draws import log_normal
from soundctm.training.ema import EMA
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.optimizers import OptimizerName, build_optimizers
from soundctm.training.parts import load_text_encoder, save_part
from soundctm.training.precision import Precision, arithmetic

SIGMA_DATA = 0.5


class TeacherTraining(BaseModel):
    """What a teacher's training is made of. ``log_sigma_*`` are the mean and spread of ``ln sigma``: the latents of the
    embedded model are strongly correlated in time, so what happens when is decided at sigma of 1 to 10, far above the
    -1.2 and 1.2 of the paper's latents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = 64
    precision: Precision = "bf16"
    optimizer: OptimizerName = "muon"
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    log_sigma_mean: float = 0.4
    log_sigma_std: float = 1.5
    drop_caption: float = 0.1
    ema: float = 0.999
    clip: float = 1.0
    seed: int = 0


def mini_backbone(context_dim: int = 192, channels: int = 64) -> DiTConfig:
    """The embedded model's backbone: 54 tokens of 93 ms for five seconds."""
    return DiTConfig(
        channels=channels,
        width=256,
        depth=6,
        heads=4,
        context_dim=context_dim,
        kv_heads=4,
        patch=4,
        ff_mult=4,
        qk_norm=True,
        time_conditioning="adaln",
        jump_embedding="separate",
        pooled_context=True,
        role="teacher",
    )


def dsm_loss(denoised: Tensor, z_0: Tensor, sigma: Tensor) -> Tensor:
    """``lambda(sigma) |z_0 - D|^2`` averaged over all elements, ``lambda = (sigma^2 + sd^2) / (sigma sd)^2``."""
    weight = (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2
    return (weight * (denoised - z_0).square().mean((1, 2))).mean()


def noised(z_0: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
    """``z_t = z_0 + sigma eps`` with ``sigma [B]``."""
    return z_0 + sigma[:, None, None] * torch.randn(z_0.shape, generator=generator)


def train(data: Path, text: Path, out: Path, minutes: float, config: TeacherTraining, backbone: DiTConfig) -> None:
    """Train for ``minutes`` and write the averaged weights to ``out/teacher.safetensors``."""
    torch.manual_seed(config.seed)
    dataset = LatentDataset(data, load_text_encoder(text), config.seed, frozenset(c for c, _ in ESC10_CLASSES.values()))
    model = DiT(backbone)
    optimizer = build_optimizers(model, config.optimizer, config.weight_decay)
    ema = EMA(model, config.ema, warmup=True)
    loop = Loop({"model": model, "optimizer": optimizer, "ema": ema}, out, minutes)

    def step(index: int, progress: float) -> dict[str, float]:
        optimizer.set_learning_rate(config.learning_rate * cosine_rate(progress))
        generator = torch.Generator().manual_seed(hash((config.seed, index)) & 0x7FFFFFFF)
        batch = dataset.batch(index, config.batch, config.drop_caption)
        sigma = log_normal(config.batch, config.log_sigma_mean, config.log_sigma_std, generator)
        with arithmetic(config.precision):
            loss = teacher_loss(model, batch.z_0, sigma, batch.conditioning, generator)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        ema.update(model)
        return {"loss": loss.item(), "grad": float(norm)}

    if loop.run(step):
        save_part(ema.module, backbone, out, "teacher")


def teacher_loss(
    model: nn.Module, z_0: Tensor, sigma: Tensor, conditioning: Conditioning, generator: torch.Generator
) -> Tensor:
    """The DSM loss of one batch."""
    return dsm_loss(denoise(model, noised(z_0, sigma, generator), sigma, conditioning), z_0, sigma)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
    parser.add_argument("--text", type=Path, required=True, help="folder of a trained text encoder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--optimizer", choices=get_args(OptimizerName), default=TeacherTraining().optimizer)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TeacherTraining(optimizer=arguments.optimizer)
    train(arguments.data, arguments.text, arguments.out, arguments.minutes, settings, mini_backbone())
