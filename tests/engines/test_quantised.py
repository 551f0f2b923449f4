"""Laws of linear layers in 8-bit integers."""

import pytest
import torch
from torch import nn

from soundctm.engines.quantised import LARGEST, QuantisedLinear, quantised
from soundctm.engines.swap import swap_
from soundctm.folder import pack, unpack
from tests.oracles.engines import held, needs_int8, relative
from tests.oracles.tiny import tiny_dit

pytestmark = needs_int8


def layer(inside: int = 48, outside: int = 80, bias: bool = True) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(inside, outside, bias=bias).requires_grad_(False)


def spiky(*shape: int) -> torch.Tensor:
    """Numbers of which a few are far larger than the rest, as gates let them through."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1)).pow(3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(48,), (5, 48), (2, 3, 48)])
def test_a_layer_errs_by_no_more_than_its_roundings(shape: tuple[int, ...], bias: bool) -> None:
    given, x = layer(bias=bias), torch.randn(*shape)
    weight_step = given.weight.abs().amax(1) / LARGEST
    step = x.abs().amax(-1, keepdim=True) / LARGEST
    bound = 0.5 * (step * (given.weight.abs().sum(1) + 24 * weight_step) + weight_step * x.abs().sum(-1, keepdim=True))
    x = x[None] if x.dim() == 1 else x
    error = (QuantisedLinear(given)(x) - given(x)).abs()
    assert (error <= bound + 1e-6).all()
    assert error.max() > 1e-4  # it did round


def test_integers_come_through_exactly() -> None:
    generator = torch.Generator().manual_seed(0)
    given = layer(bias=False)
    given.weight.copy_(torch.randint(-LARGEST, LARGEST + 1, given.weight.shape, generator=generator))
    given.weight[:, 0] = LARGEST
    x = torch.randint(-LARGEST, LARGEST + 1, (6, 48), generator=generator).float()
    x[:, 0] = LARGEST
    assert torch.equal(QuantisedLinear(given)(x), given(x))


def test_two_digits_leave_the_error_of_the_weights_alone() -> None:
    given, x = layer(), spiky(20, 48)
    one, two = (QuantisedLinear(given, two_digits)(x) for two_digits in (False, True))
    rounded = nn.Linear(48, 80).requires_grad_(False)
    made = QuantisedLinear(given)
    rounded.weight.data, rounded.bias.data = made.weight * made.scale[:, None], given.bias
    assert relative(two, rounded(x)) < 1e-4 < 1e-2 < relative(one, rounded(x))


@pytest.mark.parametrize("two_digits", [False, True])
def test_a_token_does_not_depend_on_those_beside_it(two_digits: bool) -> None:
    made, x = (
        QuantisedLinear(layer(256, 768), two_digits),
        spiky(3, 54, 256) * torch.tensor([0.01, 1.0, 100.0])[:, None, None],
    )
    together = made(x)
    assert all(torch.equal(made(x[[i]].clone()), together[[i]]) for i in range(3))
    assert torch.equal(made(x[1:2, 7:9].clone()), together[1:2, 7:9])


def test_weights_that_were_stored_in_8_bits_are_taken_as_they_were() -> None:
    given = layer(64, 80)
    given.load_state_dict(unpack(pack(given.state_dict())))
    made = QuantisedLinear(given)
    assert torch.equal(made.weight * made.scale[:, None], given.weight)


def test_rows_of_zeros_stay_zeros() -> None:
    given = layer(bias=False)
    given.weight[3] = 0
    y = QuantisedLinear(given)(torch.cat([torch.zeros(1, 48), torch.ones(1, 48)]))
    assert not y[0].any()
    assert y[1, 3] == 0
    assert y[1, 4] != 0


def test_gradients_are_refused() -> None:
    with pytest.raises(RuntimeError, match="no gradients"):
        QuantisedLinear(layer())(torch.ones(1, 48, requires_grad=True))


def test_a_block_shrinks_to_a_quarter_and_its_small_parts_stay() -> None:
    student = tiny_dit("student", width=128, kv_heads=4)
    before, text_layer = held(student.blocks), student.blocks[0].cross_attn.to_kv
    assert swap_(student, quantised) is student
    kept = held(nn.ModuleList([block.cross_attn.to_kv for block in student.blocks]))
    assert (held(student.blocks) - kept) / (before - kept) < 0.27
    assert student.blocks[0].cross_attn.to_kv is text_layer
    assert isinstance(student.project_out, nn.Linear)
    assert sum(isinstance(each, QuantisedLinear) for each in student.modules()) == 2 * 6
