"""The plain networks against the official code, and against ours in every variant."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from soundctm.backbones import DiT, DiTConfig
from soundctm.benchmark.plain import PlainDiT
from soundctm.benchmark.plain_decoder import PlainDecoder
from soundctm.conditioning import Conditioning
from soundctm.convert.autoencoder import convert_autoencoder
from soundctm.convert.checkpoints import read_checkpoint
from soundctm.diffusion.precond import c_in, c_noise, column
from tests.oracles.folder import STUDENT, stirred
from tests.oracles.official import TOLERANCE, load_official, reference, relative_error

VARIANTS = {
    "shipped": STUDENT.model_copy(update={"pooled_context": True, "place_features": 12}),
    "plain adaln": STUDENT.model_copy(update={"jump_embedding": "shared", "qk_norm": False, "patch": 1}),
    "token": STUDENT.model_copy(update={"time_conditioning": "token"}),
    "token of patches": STUDENT.model_copy(update={"time_conditioning": "token", "patch": 3, "kv_heads": 2}),
}


@torch.no_grad()
@pytest.mark.parametrize("name", list(VARIANTS))
@pytest.mark.parametrize("tokens", [1, 5])
def test_the_plain_student_computes_what_ours_does(name: str, tokens: int) -> None:
    config: DiTConfig = VARIANTS[name]
    student = stirred(DiT(config), 1)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(3, config.channels, 17, generator=generator)
    text = torch.randn(3, tokens, config.context_dim, generator=generator)
    t, s, omega = (torch.rand(3, generator=generator) for _ in range(3))
    mask = torch.ones(3, tokens, dtype=torch.bool)
    mask[1, 2:] = False
    expected = student(x, t, Conditioning(text, mask), c_noise_s=s, omega=omega)
    plain = PlainDiT(config, student.state_dict())
    found = plain(x, t, s, omega, text, None if tokens == 1 else mask)
    assert relative_error(found, expected) < TOLERANCE


@torch.no_grad()
def test_the_plain_student_computes_what_the_official_code_does(shared_folder: Path) -> None:
    official = load_official(shared_folder)
    z, t, s, omega, text = official.jump_arguments
    plain = PlainDiT(official.student.config, official.student.state_dict())
    found = plain(column(c_in(t)) * z, c_noise(t), c_noise(s), omega, text.tokens)
    assert relative_error(found, official.expected["jump.network_output"]) < TOLERANCE


@torch.no_grad()
def test_the_plain_decoder_computes_what_the_official_code_does(shared_folder: Path) -> None:
    expected = load_file(reference(shared_folder) / "expected.safetensors")
    path = reference(shared_folder) / "official_vae.pth"
    config, weights = convert_autoencoder(path, read_checkpoint(path))
    found = PlainDecoder(config, weights)(expected["vae.latent"])
    assert relative_error(found, expected["vae.decoded"]) < TOLERANCE
