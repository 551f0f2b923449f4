"""Between two starts and between two texts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from soundctm.conditioning import Conditioning
from soundctm.control.morphing import blend, slerp
from tests.oracles.tiny import random_text

AMOUNTS = st.floats(0.0, 1.0)
SEEDS = st.integers(0, 1000)


def noise(seed: int, batch: int = 2) -> Tensor:
    return 80 * torch.randn(batch, 3, 5, generator=torch.Generator().manual_seed(seed))


def norm(z: Tensor) -> Tensor:
    return z.flatten(1).double().norm(dim=1)


def angle(a: Tensor, b: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(a.flatten(1).double(), b.flatten(1).double()).clamp(-1, 1).acos()


@given(SEEDS, SEEDS)
def test_the_ends_are_the_two_themselves(i: int, j: int) -> None:
    a, b = noise(i), noise(j + 2000)
    assert torch.equal(slerp(a, b, 0.0), a) and torch.equal(slerp(a, b, 1.0), b)


@given(SEEDS, AMOUNTS)
def test_the_level_goes_evenly_from_one_to_the_other(seed: int, amount: float) -> None:
    a, b = noise(seed), 0.5 * noise(seed + 2000)
    assert torch.allclose(norm(slerp(a, b, amount)), (1 - amount) * norm(a) + amount * norm(b), rtol=1e-6)


@given(SEEDS, AMOUNTS)
def test_the_angle_is_shared(seed: int, amount: float) -> None:
    a, b = noise(seed), noise(seed + 2000)
    between = slerp(a, b, amount)
    assert torch.allclose(angle(a, between), amount * angle(a, b), atol=1e-3)
    assert torch.allclose(angle(between, b), (1 - amount) * angle(a, b), atol=1e-3)


@given(SEEDS, AMOUNTS)
def test_back_is_the_same_way(seed: int, amount: float) -> None:
    a, b = noise(seed), noise(seed + 2000)
    assert torch.allclose(slerp(a, b, amount), slerp(b, a, 1 - amount), rtol=1e-5, atol=1e-4)


def test_noise_keeps_its_level_where_a_line_would_sink() -> None:
    a, b = (torch.randn(1, 8, 500, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert float(slerp(a, b, 0.5).std()) == pytest.approx(1.0, abs=0.03)
    assert float((0.5 * a + 0.5 * b).std()) < 0.75


@pytest.mark.parametrize("amount", [0.0, 0.25, 0.5, 1.0])
def test_between_sounds_of_one_direction_is_a_line(amount: float) -> None:
    a = noise(0)
    assert torch.allclose(slerp(a, a, amount), a, rtol=1e-6)
    assert torch.allclose(slerp(a, 3 * a, amount), (1 + 2 * amount) * a, rtol=1e-6)
    nearly = a * (1 + 1e-7 * torch.randn(a.shape, generator=torch.Generator().manual_seed(1)))
    assert torch.allclose(slerp(a, nearly, amount), a, rtol=1e-5)


def test_items_turn_by_their_own_angles() -> None:
    a, b = noise(0, 3), noise(1, 3)
    together = slerp(a, b, 0.3)
    for i in range(3):
        assert torch.equal(together[i : i + 1], slerp(a[i : i + 1], b[i : i + 1], 0.3))


def test_texts_at_the_ends_are_themselves() -> None:
    a, b = random_text(1, 4, seed=1, real=[3]), random_text(1, 6, seed=2)
    assert blend(a, b, 0.0) is a and blend(a, b, 1.0) is b


@given(AMOUNTS.filter(lambda amount: 0 < amount < 1))
def test_texts_are_mixed_token_by_token(amount: float) -> None:
    a, b = random_text(1, 4, seed=1), random_text(1, 4, seed=2)
    mixed = blend(a, b, amount)
    assert mixed.mask.all() and torch.allclose(mixed.tokens, (1 - amount) * a.tokens + amount * b.tokens, atol=1e-6)
    assert torch.allclose(blend(b, a, 1 - amount).tokens, mixed.tokens, atol=1e-6)


def test_the_shorter_text_repeats_its_last_token() -> None:
    a, b = random_text(1, 2, seed=1), random_text(1, 5, seed=2)
    held = torch.cat([a.tokens, a.tokens[:, -1:].expand(-1, 3, -1)], dim=1)
    for mixed, amount in ((blend(a, b, 0.3), 0.3), (blend(b, a, 0.7), 0.3)):
        assert torch.allclose(mixed.tokens, (1 - amount) * held + amount * b.tokens, atol=1e-6)
        assert mixed.mask.shape == (1, 5) and mixed.mask.all()


def test_padding_is_not_mixed_in() -> None:
    a, b = random_text(1, 6, seed=1, real=[3]), random_text(1, 4, seed=2)
    spoilt = Conditioning(torch.where(a.mask[..., None], a.tokens, torch.tensor(torch.nan)), a.mask)
    mixed = blend(spoilt, b, 0.4)
    assert mixed.tokens.shape[1] == 4 and torch.isfinite(mixed.tokens).all()
    short = Conditioning(a.tokens[:, :3], a.mask[:, :3])
    assert torch.equal(mixed.tokens, blend(short, b, 0.4).tokens)


def test_a_text_mixed_with_itself_is_itself() -> None:
    a = random_text(1, 4, seed=1)
    assert torch.allclose(blend(a, a, 0.37).tokens, a.tokens, atol=1e-6)
