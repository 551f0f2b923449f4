"""Laws of layers in bfloat16."""

import pytest
import torch
from torch import nn

from soundctm.autoencoder import DACConfig, GaussianDAC
from soundctm.autoencoder.rows import fast_format
from soundctm.engines.halved import HalfConv, HalfLinear, half_decoder, halves
from soundctm.engines.swap import swapped
from tests.oracles.engines import CPU, ask, held, needs_bfloat16, relative
from tests.oracles.tiny import MINI, tiny_dit

pytestmark = needs_bfloat16
TINY = DACConfig(encoder_dim=4, encoder_rates=(2, 4), decoder_dim=32, decoder_rates=(4, 2), latent_dim=4)


@torch.no_grad()
@pytest.mark.parametrize("narrow", [True, False])
def test_layers_round_what_they_multiply_and_nothing_else(narrow: bool) -> None:
    torch.manual_seed(0)
    linear, conv, x = nn.Linear(32, 48), nn.Conv1d(8, 16, 3), torch.randn(2, 8, 32)
    for made, given in ((HalfLinear(linear, narrow), linear), (HalfConv(conv, narrow), conv)):
        y = made(x)
        assert y.dtype == (torch.bfloat16 if narrow else torch.float32)
        assert 1e-4 < relative(y.float(), given(x)) < 5e-3
    assert conv.weight.dtype == linear.weight.dtype == torch.float32


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize("options", [{}, MINI, {"qk_norm": True}])
def test_a_student_gives_nearly_what_it_gave(options: dict[str, object], tokens: int, narrow: bool) -> None:
    student = tiny_dit("student", **options)
    half, asked = swapped(student, halves(narrow)), ask(student, tokens=tokens)
    y = half.core(*asked)
    assert y.dtype == torch.float32
    assert 1e-3 < relative(y, student.core(*asked)) < 0.02


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("options", [{}, {**MINI, "width": 256}])
def test_a_take_does_not_depend_on_its_neighbours(options: dict[str, object], narrow: bool) -> None:
    half = swapped(tiny_dit("student", **options), halves(narrow))
    asked = ask(half)
    together = half.core(*asked)
    assert all(torch.equal(half.core(*asked.one(i)), together[[i]]) for i in range(3))


def test_blocks_shrink_to_half() -> None:
    student = tiny_dit("student", width=128, kv_heads=4)
    half = swapped(student, halves(False))
    kept = held(nn.ModuleList([block.cross_attn.to_kv for block in student.blocks]))
    assert (held(half.blocks) - kept) / (held(student.blocks) - kept) < 0.52


@torch.no_grad()
@pytest.mark.parametrize("narrow", [True, False])
def test_a_decoder_gives_nearly_what_it_gave_in_whole_and_in_part(narrow: bool) -> None:
    torch.manual_seed(0)
    dac = GaussianDAC(TINY).eval()
    half, z = half_decoder(dac, narrow), torch.randn(1, 4, 40)
    expected = dac.decode(z)
    whole, part = half.decode(z), half.decode_part(z, 15, 20)
    assert whole.dtype == torch.float32
    assert 1e-3 < relative(whole, expected) < 0.02
    assert relative(part, expected[..., 15 * dac.hop : 20 * dac.hop]) < 0.02
    assert half.encoder is dac.encoder
    assert held(half.decoder) < 0.55 * held(dac.decoder)
    assert all(value.dtype == torch.float32 for value in dac.parameters())


@pytest.mark.skipif(fast_format(CPU, torch.bfloat16) != torch.channels_last, reason="memory stays in order here")
def test_halved_weights_lie_as_convolutions_of_their_own_dtype_read_them() -> None:
    """Whether the weights that they were made of did or not: what is fast for float32 may be another layout."""
    torch.manual_seed(0)
    dac = GaussianDAC(TINY)
    strides = [value.stride() for value in dac.parameters()]
    layers = [m for m in half_decoder(dac, narrow=True).decoder.modules() if isinstance(m, HalfConv)]
    weights = [layer.layer.weight[:, :, None] for layer in layers]
    assert len(weights) == 15
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
    assert [value.stride() for value in dac.parameters()] == strides
