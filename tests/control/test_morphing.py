"""Between two starts and between two texts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from soundctm.conditioning import Conditioning
from soundctm.control.morphing import blend, slerp
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

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


def heard(conditioning: Conditioning, *, adaln: bool = True) -> Tensor:
    """What a student makes of one noise under a text, by attention and, in the adaLN form, by a mean over tokens."""
    student = tiny_dit("student", **(MINI if adaln else {}))
    level = torch.zeros(1)
    return student(random_latents(1, 8), level, conditioning, c_noise_s=level - 1, omega=level + 3)


@pytest.mark.parametrize("adaln", [True, False])
def test_texts_at_the_ends_act_as_themselves(adaln: bool) -> None:
    a, b = random_text(1, 4, seed=1, real=[3]), random_text(1, 5, seed=2)
    for amount, end in ((0.0, a), (1.0, b)):
        assert torch.allclose(heard(blend(a, b, amount), adaln=adaln), heard(end, adaln=adaln), atol=1e-5)
    assert not torch.allclose(heard(a, adaln=adaln), heard(b, adaln=adaln), atol=1e-2)


@pytest.mark.parametrize("at", [0.0, 0.3, 1.0 - 1e-6])
@pytest.mark.parametrize("sizes", [(3, 5), (4, 6), (2, 8), (1, 7)])
def test_a_student_hears_no_jump_on_the_way(at: float, sizes: tuple[int, int]) -> None:
    """The ends included, where texts of unequal lengths meet: the student's answer moves as little as the amount."""
    a, b = (random_text(1, size, seed=seed) for seed, size in enumerate(sizes, start=1))
    here, near, far = (heard(blend(a, b, min(at + step, 1.0))) for step in (0.0, 1e-6, 0.5))
    assert torch.allclose(here, near, atol=2e-5)
    assert at > 0.9 or not torch.allclose(here, far, atol=1e-2)


@given(AMOUNTS.filter(lambda amount: 0 < amount < 1))
def test_texts_are_mixed_token_by_token(amount: float) -> None:
    a, b = random_text(1, 4, seed=1), random_text(1, 4, seed=2)
    mixed = blend(a, b, amount)
    assert mixed.mask.all() and torch.allclose(mixed.tokens, (1 - amount) * a.tokens + amount * b.tokens, atol=1e-6)
    assert torch.allclose(blend(b, a, 1 - amount).tokens, mixed.tokens, atol=1e-6)


def test_tokens_are_repeated_up_to_the_least_common_multiple() -> None:
    a, b = random_text(1, 4, seed=1), random_text(1, 6, seed=2)
    ours, theirs = a.tokens[:, [i // 3 for i in range(12)]], b.tokens[:, [i // 2 for i in range(12)]]
    for mixed, amount in ((blend(a, b, 0.3), 0.3), (blend(b, a, 0.7), 0.3)):
        assert torch.allclose(mixed.tokens, (1 - amount) * ours + amount * theirs, atol=1e-6)
        assert mixed.mask.shape == (1, 12) and mixed.mask.all()


def test_padding_is_not_mixed_in() -> None:
    a, b = random_text(1, 6, seed=1, real=[3]), random_text(1, 4, seed=2)
    spoilt = Conditioning(torch.where(a.mask[..., None], a.tokens, torch.tensor(torch.nan)), a.mask)
    mixed = blend(spoilt, b, 0.4)
    assert mixed.tokens.shape[1] == 12 and torch.isfinite(mixed.tokens).all()
    short = Conditioning(a.tokens[:, :3], a.mask[:, :3])
    assert torch.equal(mixed.tokens, blend(short, b, 0.4).tokens)


def test_a_text_mixed_with_itself_is_itself() -> None:
    a = random_text(1, 4, seed=1)
    assert torch.allclose(blend(a, a, 0.37).tokens, a.tokens, atol=1e-6)
