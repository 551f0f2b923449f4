"""Laws of float32 products by oneDNN."""

import pytest
import torch
import torch.autograd.forward_ad as fwAD
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from soundctm.engines.direct import DirectLinear, direct, directed
from soundctm.onednn import AVAILABLE
from tests.oracles.engines import ask, held, relative
from tests.oracles.tiny import MINI, tiny_dit

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="this PyTorch has no oneDNN")


@torch.no_grad()
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(7,), (2, 5, 7)])
def test_a_layer_gives_what_it_gave(shape: tuple[int, ...], bias: bool) -> None:
    layer, x = nn.Linear(7, 9, bias=bias), torch.randn(3, *shape)
    assert torch.allclose(DirectLinear(layer)(x), layer(x), atol=1e-6)
    assert torch.allclose(DirectLinear(layer)(x.transpose(0, -2)), layer(x.transpose(0, -2)), atol=1e-6)


def test_gradients_are_those_of_the_layer() -> None:
    layer, x = nn.Linear(7, 9), torch.randn(3, 7, requires_grad=True)
    (expected,) = torch.autograd.grad(layer(x).square().sum(), x)
    (found,) = torch.autograd.grad(DirectLinear(layer)(x).square().sum(), x)
    assert torch.equal(found, expected)


@torch.no_grad()
def test_tangents_are_those_of_the_layer() -> None:
    layer, x = nn.Linear(7, 9), torch.randn(3, 7)
    with fwAD.dual_level():
        dual = fwAD.make_dual(x, x.flip(0))
        found, expected = (fwAD.unpack_dual(each(dual)).tangent for each in (DirectLinear(layer), layer))
    assert found is not None and expected is not None and torch.equal(found, expected)


def test_layers_with_hooks_and_weights_made_anew_stay_as_they_are() -> None:
    hooked, normed, plain = nn.Linear(7, 9), weight_norm(nn.Linear(7, 9)), nn.Linear(7, 9)
    hooked.register_forward_hook(lambda _, args, out: 2 * out)
    assert directed("to_q", hooked) is hooked and directed("to_q", normed) is normed
    assert isinstance(directed("to_q", plain), DirectLinear) and directed("other", plain) is plain


@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize("options", [{}, MINI])
def test_a_student_gives_what_it_gave_and_its_weights_are_shared(options: dict[str, object], tokens: int) -> None:
    student = tiny_dit("student", **options)
    quick, asked = direct(student), ask(student, tokens=tokens)
    assert sum(isinstance(layer, DirectLinear) for layer in quick.modules()) == 14
    assert relative(quick.core(*asked), student.core(*asked)) < 1e-6
    assert held(nn.ModuleList([student, quick])) == held(student)


@pytest.mark.parametrize("options", [{}, MINI, {**MINI, "width": 256}])
def test_a_take_does_not_depend_on_its_neighbours(options: dict[str, object]) -> None:
    quick = direct(tiny_dit("student", **options))
    asked = ask(quick)
    together = quick.core(*asked)
    assert all(torch.equal(quick.core(*asked.one(i)), together[[i]]) for i in range(3))
