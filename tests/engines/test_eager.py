"""Laws of the eager engine."""

import weakref
from typing import Any

import pytest
import torch
from torch import nn

from soundctm.autoencoder import DACConfig, GaussianDAC, SpectralAutoencoder
from soundctm.backbones import Staged
from soundctm.engines.eager import build, convert_, factors, rounded
from soundctm.engines.options import Precision
from soundctm.errors import UserError
from tests.oracles.engines import CONVERTED, CPU, ask, fp32_settings, held, relative
from tests.oracles.folder import SPECTRAL
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

TOLERANCES = {"bfloat16": (1e-3, 0.02), "int8": (5e-3, 0.05)}  # of the answers of two tiny blocks with random weights


def test_float32_is_the_parts_themselves() -> None:
    student, autoencoder = tiny_dit("student"), nn.Identity()
    assert build(student, autoencoder, "float32", CPU) == (student, autoencoder)


@pytest.mark.parametrize("precision", CONVERTED)
@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize("options", [{}, MINI])
def test_answers_are_within_the_precision(options: dict[str, Any], tokens: int, precision: Precision) -> None:
    student = tiny_dit("student", **options)
    before = {name: value.clone() for name, value in student.state_dict().items()}
    quick, _ = build(student, nn.Identity(), precision, CPU)
    least, most = TOLERANCES[precision]
    asked = ask(student, tokens=tokens)
    assert least < relative(quick.core(*asked), student.core(*asked)) < most
    assert all(torch.equal(value, before[name]) for name, value in student.state_dict().items())


@pytest.mark.parametrize("precision", CONVERTED)
@pytest.mark.parametrize("options", [{}, MINI, {**MINI, "width": 256}])
def test_a_take_does_not_depend_on_its_neighbours(options: dict[str, Any], precision: Precision) -> None:
    student = tiny_dit("student", **options)
    quick, _ = build(student, nn.Identity(), precision, CPU)
    asked = ask(student)
    together = quick.core(*asked)
    assert all(torch.equal(quick.core(*asked.one(i)), together[[i]]) for i in range(3))


@pytest.mark.parametrize("precision", CONVERTED)
def test_a_converted_student_is_one_in_stages(precision: Precision) -> None:
    quick, _ = build(tiny_dit("student", **MINI), nn.Identity(), precision, CPU)
    assert isinstance(quick, Staged)
    x, text, t = random_latents(2, 8), random_text(2, 3), torch.zeros(2)
    F = quick(x, t, text, c_noise_s=t - 1, omega=t + 3)
    prepared = quick.prepare(text)
    level = quick.embed(t, t - 1, t + 3, prepared.memory.pooled)
    assert torch.equal(quick.core(x, level, prepared.memory), F)
    assert torch.equal(quick(x, t, prepared, c_noise_s=t - 1, omega=t + 3), F)


@pytest.mark.parametrize("precision", CONVERTED)
@pytest.mark.parametrize(("options", "tokens"), [(MINI, 3), ({}, 1)])
def test_text_and_levels_are_read_as_before(options: dict[str, Any], tokens: int, precision: Precision) -> None:
    """A prompt is read once for all ways to compute, and by a student that has no float32 weights any more."""
    student, text, t = tiny_dit("student", **options), random_text(2, tokens), torch.zeros(2)
    expected, (quick, _) = student.prepare(text).memory, build(student, nn.Identity(), precision, CPU)
    levels = student.embed(t, t, t, expected.pooled)
    for each in (quick, convert_(student, precision, CPU)):
        found = each.prepare(text).memory
        for name in ("keys", "values", "constants"):
            got, wanted = getattr(found, name), getattr(expected, name)
            assert (got is None) == (wanted is None) == (tokens == 1 if name != "constants" else tokens > 1)
            assert got is None or torch.equal(got, wanted)
        assert torch.equal(each.embed(t, t, t, found.pooled), levels)


@pytest.mark.parametrize("precision", CONVERTED)
def test_in_place_is_the_same_and_lets_go_of_the_float32_weights(precision: Precision) -> None:
    student = tiny_dit("student", **MINI)
    asked, (quick, _) = ask(student), build(student, nn.Identity(), precision, CPU)
    expected = quick.core(*asked)
    del quick
    old = weakref.ref(student.blocks[0].ff.proj.weight)
    assert convert_(student, precision, CPU) is student
    assert old() is None
    assert torch.equal(student.core(*asked), expected)
    again, _ = build(student, nn.Identity(), precision, CPU)
    assert torch.equal(again.core(*asked), expected)
    assert held(nn.ModuleList([student, again])) == held(student)


@pytest.mark.parametrize("precision", CONVERTED)
def test_the_spectral_autoencoder_stays_as_it_is_and_a_dac_keeps_its_interface(precision: Precision) -> None:
    spectral = SpectralAutoencoder(SPECTRAL)
    assert build(tiny_dit("student"), spectral, precision, CPU)[1] is spectral
    torch.manual_seed(0)
    dac = GaussianDAC(
        DACConfig(encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=4)
    )
    made, z = build(tiny_dit("student"), dac, precision, CPU)[1], torch.randn(1, 4, 6)
    assert isinstance(made, GaussianDAC)
    with torch.no_grad():
        assert relative(made.decode(z, 3), dac.decode(z)) < 0.02
    assert made.encoder is dac.encoder


def test_conversions_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="float32 needs no conversion"):
        convert_(tiny_dit("student"), "float32", CPU)


def test_devices_that_cannot_are_told_what_to_choose() -> None:
    parts = (tiny_dit("student"), nn.Identity())
    with pytest.raises(UserError, match=r"'tf32', but the device is cpu; only NVIDIA GPUs .* choose float32"):
        build(*parts, "tf32", CPU)
    with pytest.raises(UserError, match=r"'bfloat16', but this mps has no instructions .* choose float32"):
        build(*parts, "bfloat16", torch.device("mps"))
    with pytest.raises(UserError, match=r"'int8', but this mps .* x86 CPUs with AVX-512 VNNI, so choose float32"):
        build(*parts, "int8", torch.device("mps"))


def test_tf32_holds_inside_and_never_longer() -> None:
    before, seen = fp32_settings(), []
    with pytest.raises(KeyError), factors("tf32"):
        seen.append(fp32_settings())
        raise KeyError
    assert seen == [("tf32", "tf32")]
    assert fp32_settings() == before


def test_named_methods_run_in_tf32_and_others_do_not() -> None:
    class Seen(nn.Module):
        def core(self, x: int, *, y: int) -> tuple[int, tuple[str, str]]:
            return x + y, fp32_settings()

        def prepare(self) -> tuple[str, str]:
            return fp32_settings()

    before, quick = fp32_settings(), rounded(Seen(), "tf32", "core", "decode_part")
    assert quick.core(1, y=2) == (3, ("tf32", "tf32"))
    assert quick.prepare() == fp32_settings() == before
    assert not hasattr(quick, "decode_part")
