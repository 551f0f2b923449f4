"""The audio tower: shapes, unit length, and gradients that reach the sound."""

import pytest
import torch

from soundctm.conditioning.tower import AudioTower


@pytest.mark.parametrize("frames", [1, 7, 54, 216])
def test_any_length_gives_one_unit_vector(frames: int) -> None:
    torch.manual_seed(0)
    out = AudioTower(8, 16, width=32)(torch.randn(3, 8, frames))
    assert out.shape == (3, 16)
    torch.testing.assert_close(out.norm(dim=1), torch.ones(3))


def test_clips_do_not_mix() -> None:
    torch.manual_seed(0)
    tower, latents = AudioTower(8, 16, width=32), torch.randn(3, 8, 40)
    torch.testing.assert_close(tower(latents)[1:2], tower(latents[1:2]))


@pytest.mark.parametrize("frames", [37, 38, 39, 40])
def test_every_frame_counts(frames: int) -> None:
    torch.manual_seed(0)
    latents = torch.randn(1, 8, frames, requires_grad=True)
    AudioTower(8, 16, width=32)(latents)[0, 0].backward()
    assert latents.grad is not None and (latents.grad.abs().sum(1) > 0).all()


def test_the_embedded_models_tower_is_small() -> None:
    assert 0.3e6 < sum(p.numel() for p in AudioTower(64, 128).parameters()) < 0.5e6
