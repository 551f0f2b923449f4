"""Laws of float32 products by oneDNN."""

import pytest
import torch
from torch import nn

from soundctm.engines.direct import DirectLinear, direct
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
