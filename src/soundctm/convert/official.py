"""A whole official model -> a model folder."""

from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.backbones import DiT
from soundctm.conditioning.clap import ClapTextEncoder
from soundctm.config import ModelConfig
from soundctm.convert.autoencoder import convert_autoencoder, convert_statistics
from soundctm.convert.checkpoints import read_checkpoint, tensors_of
from soundctm.convert.clap import convert_clap
from soundctm.convert.dit import convert_dit
from soundctm.folder import Parts, write_parts

OFFICIAL_FRAMES = 432  # latent frames of the official 10.03 s
OFFICIAL_OMEGA = 5.0  # what the paper's full-band figures use (Table 3)


M = TypeVar("M", bound=nn.Module)


def _filled(module: M, tensors: dict[str, torch.Tensor]) -> M:
    module.load_state_dict(tensors)
    return module.eval()


def convert_official(
    student: Path, autoencoder: Path, latent_stats: Path, clap: Path, out: Path, teacher: Path | None = None,
    clap_heads: int | None = None,
) -> Path:  # fmt: skip
    """Write the model folder ``out`` from official checkpoint files; nothing is written unless all of them fit."""
    student_config, student_weights = convert_dit(student, tensors_of(read_checkpoint(student)), "student")
    dac_config, dac_weights = convert_autoencoder(autoencoder, read_checkpoint(autoencoder))
    mean, std = convert_statistics(latent_stats, read_checkpoint(latent_stats), dac_config.latent_dim)
    clap_state = tensors_of(read_checkpoint(clap))
    clap_config, clap_weights = convert_clap(clap, clap_state, student_config.context_dim, clap_heads)
    guide = None if teacher is None else convert_dit(teacher, tensors_of(read_checkpoint(teacher)), "teacher")
    decoder = _filled(GaussianDAC(dac_config), dac_weights)
    seconds = OFFICIAL_FRAMES * decoder.hop / dac_config.sample_rate
    config = ModelConfig(
        name=out.name, seconds=seconds, max_seconds=seconds, omega=OFFICIAL_OMEGA, autoencoder=dac_config,
        text_encoder=clap_config, student=student_config, teacher=None if guide is None else guide[0],
    )  # fmt: skip
    text = ClapTextEncoder(clap_config)
    text.load_state_dict(clap_weights, strict=False)  # its integer buffers are made by the library
    parts = Parts(
        config, _filled(DiT(student_config), student_weights), decoder, text.eval(), Normalizer(mean, std),
        None if guide is None else _filled(DiT(guide[0]), guide[1]), "", out,
    )  # fmt: skip
    return write_parts(parts, out)
