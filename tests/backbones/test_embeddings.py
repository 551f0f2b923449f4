"""Where in its clip a token lies."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor

from soundctm.backbones import DiT, DiTConfig
from soundctm.backbones.embeddings import place_features
from tests.oracles.tiny import MINI, SIZES, fresh_dit, random_latents, random_text, tiny_dit

CPU = torch.device("cpu")
PLACED: dict[str, Any] = {**MINI, "place_features": 8}


def run(model: DiT, x: Tensor) -> Tensor:
    student = {"c_noise_s": torch.full((len(x),), -0.5), "omega": torch.full((len(x),), 3.0)}
    jump = student if model.config.role == "student" else {}
    return model(x, torch.full((len(x),), 0.7), random_text(len(x), 3), **jump)


@given(st.integers(1, 60), st.sampled_from([1, 3, 5]))
def test_a_place_is_a_share_of_the_clip_whatever_its_length(length: int, factor: int) -> None:
    """The middle token of every group of an odd number stands where the group as one token would."""
    long, short = place_features(factor * length, 8, CPU), place_features(length, 8, CPU)
    assert torch.allclose(long[factor // 2 :: factor], short, atol=1e-5)


@given(st.integers(1, 60))
def test_features_are_cosines_and_sines_of_the_middle_of_a_token(length: int) -> None:
    found = place_features(length, 6, CPU)
    p = (torch.arange(length) + 0.5) / length
    waves = [torch.cos(torch.pi * k * p) for k in (1, 2, 3)] + [torch.sin(torch.pi * k * p) for k in (1, 2, 3)]
    assert found.shape == (length, 6) and torch.allclose(found, torch.stack(waves, -1), atol=1e-5)


def test_no_two_places_are_alike() -> None:
    found = place_features(500, 2, CPU)
    assert torch.equal(found[:, 0].sort(descending=True).values, found[:, 0])  # the half wave falls all the way
    assert (found[:-1, 0] - found[1:, 0]).min() > 0


def test_a_modulated_network_without_them_is_lost_in_a_constant() -> None:
    """Tokens that are alike stay alike: it cannot say what comes first. With place features it can."""
    x = random_latents(2, 1).expand(-1, -1, 24)
    lost, placed = tiny_dit("student", **MINI), tiny_dit("student", **PLACED)
    y = run(lost, x)
    tokens = y.unflatten(-1, (-1, MINI["patch"]))
    assert torch.allclose(tokens, tokens[:, :, :1].expand_as(tokens), atol=1e-5) and y.abs().max() > 0.01
    tokens = run(placed, x).unflatten(-1, (-1, MINI["patch"]))
    assert (tokens[:, :, 1:] - tokens[:, :, :-1]).abs().amax((0, 1, 3)).min() > 1e-3


def test_a_constant_sounds_the_same_at_the_same_share_of_a_longer_clip() -> None:
    """Without distances attention is a mean over places, so the law holds in the limit of many tokens."""
    model = tiny_dit("student", **{**PLACED, "patch": 1})
    model.rotary.inv_freq.zero_()
    x = random_latents(1, 1)
    short, long = (run(model, x.expand(-1, -1, n)) for n in (64, 192))
    assert torch.allclose(long[..., 1::3], short, atol=0.02 * float(short.std()))
    assert short.std(-1).min() > 1e-3


def test_a_student_with_places_starts_as_its_teacher() -> None:
    teacher, student = tiny_dit("teacher", **PLACED), fresh_dit("student", **PLACED)
    student.load_teacher(teacher)
    x = random_latents(3, 11)
    assert torch.equal(run(student, x), run(teacher, x))
    assert student.to_place is not None and torch.equal(student.to_place.weight, teacher.to_place.weight)  # type: ignore[union-attr]


def test_a_teacher_without_places_is_none_for_a_student_with_them() -> None:
    with pytest.raises(ValueError, match=r"teacher and student differ in .*to_place\.weight"):
        tiny_dit("student", **PLACED).load_teacher(tiny_dit("teacher", **MINI))


def test_places_can_be_learnt_and_cost_nothing_where_they_are_off() -> None:
    model = tiny_dit("student", **PLACED).requires_grad_()
    run(model, random_latents(2, 8)).square().sum().backward()
    assert model.to_place is not None and model.to_place.weight.grad is not None
    assert model.to_place.weight.grad.abs().amax(0).min() > 0
    assert not any(name.startswith("to_place") for name in tiny_dit("student", **MINI).state_dict())
    assert DiTConfig(role="student").place_features == 0


@pytest.mark.parametrize(
    ("features", "said"), [(7, "place_features 7 must be even"), (-2, "greater than or equal to 0")]
)
def test_numbers_of_features_that_do_not_fit_are_refused(features: int, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DiTConfig(role="teacher", **{**SIZES, "place_features": features})
