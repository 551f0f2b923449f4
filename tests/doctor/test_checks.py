"""What counts as right, and how far off what is not."""

import math

import pytest
import torch

from soundctm import SoundCTM
from soundctm.doctor.checks import golden_checks
from soundctm.doctor.exact import latents
from soundctm.doctor.golden import Golden, compute_golden
from soundctm.doctor.tolerances import TOLERANCES


def test_plain_arithmetic_is_right(kind: tuple[SoundCTM, Golden]) -> None:
    model, golden = kind
    checks = golden_checks(model, golden)
    assert [check.name for check in checks] == [
        "latents, 1 step", "latents, 4 steps", "latents, 2 steps, nu 2", "decoder, octave levels", "decoder, samples",
    ]  # fmt: skip
    assert all(check.ok for check in checks), checks
    assert max(check.error or 0 for check in checks) > 0  # float32 is not float64: it was computed anew


def test_disturbed_weights_are_off_by_what_they_are_off(model: SoundCTM, golden: Golden) -> None:
    generator = torch.Generator().manual_seed(0)
    for parameter in model.student.parameters():
        parameter.mul_(1 + 0.05 * torch.randn(parameter.shape, generator=generator))
    *courses, levels, samples = golden_checks(model, golden)
    assert not any(check.ok for check in courses) and levels.ok and samples.ok
    for check, recipe, wanted in zip(courses, golden.recipes, golden.latents, strict=True):
        away = (latents(model.engine, recipe) - wanted).norm() / wanted.norm()
        assert check.error == pytest.approx(float(away), rel=1e-4)


def test_a_disturbed_decoder_answers_for_itself(model: SoundCTM, golden: Golden) -> None:
    for parameter in model.autoencoder.parameters():
        parameter.mul_(1.1)
    *courses, levels, samples = golden_checks(model, golden)
    assert all(check.ok for check in courses) and not levels.ok and not samples.ok


def test_a_louder_decoder_is_off_in_decibels(model: SoundCTM, golden: Golden) -> None:
    """Twice the magnitude is 6.02 dB in every octave of every frame."""
    model.autoencoder.to_correction.bias += math.log(2)  # type: ignore[union-attr,operator]
    levels = golden_checks(model, golden)[-2]
    assert levels.unit == "dB" and levels.error == pytest.approx(20 * math.log10(2), abs=0.2)


def test_numbers_that_are_none_are_not_right(model: SoundCTM, golden: Golden) -> None:
    next(model.student.parameters()).fill_(torch.nan)
    check = golden_checks(model, golden)[0]
    assert check.error is None and not check.ok


def test_every_precision_has_a_tolerance_and_coarser_ones_a_larger(model: SoundCTM) -> None:
    allowed = [TOLERANCES[name] for name in ("float32", "tf32", "bfloat16", "int8")]
    assert len(TOLERANCES) == len(allowed)
    for name in ("latents", "bands", "samples"):
        values = [getattr(each, name) for each in allowed]
        assert values == sorted(values) and values[-1] < (20 if name == "bands" else 1)


def test_tolerances_fit_rounded_products(model: SoundCTM, golden: Golden) -> None:
    """Weights in bfloat16 stay within its tolerance and beyond that of float32."""
    for parameter in model.student.parameters():
        parameter.copy_(parameter.bfloat16().float())
    errors = [check.error or math.inf for check in golden_checks(model, golden) if check.name.startswith("latents")]
    assert TOLERANCES["float32"].latents < max(errors) < TOLERANCES["bfloat16"].latents


def test_references_do_not_change_the_model(model: SoundCTM) -> None:
    before = {name: value.clone() for name, value in model.student.state_dict().items()}
    compute_golden(model)
    assert all(torch.equal(value, before[name]) for name, value in model.student.state_dict().items())
