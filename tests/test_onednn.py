"""Whichever kernel runs a linear layer, it is the layer of PyTorch."""

import pytest
import torch
import torch.autograd.forward_ad as fwAD
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from soundctm.onednn import AVAILABLE, linear, takes


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2, 9, 24), (9, 24), (1, 1, 24)])
def test_a_product_without_gradients_differs_by_rounding(shape: tuple[int, ...], bias: bool) -> None:
    layer, x = nn.Linear(24, 70, bias=bias), drawn(*shape)
    with torch.no_grad():
        exact = layer.double()(x.double())
        layer.float()
        assert linear(layer, x).shape == exact.shape
        assert torch.allclose(linear(layer, x).double(), exact, atol=2e-6)
        gelu = F.gelu(exact, approximate="tanh")
        assert torch.allclose(linear(layer, x, gelu=True).double(), gelu, atol=2e-6)


def test_a_view_that_is_not_contiguous_is_multiplied_as_it_reads() -> None:
    layer, x = nn.Linear(24, 7), drawn(2, 24, 9).transpose(1, 2)
    with torch.no_grad():
        assert torch.allclose(linear(layer, x), layer(x), atol=1e-6)


def test_gradients_reach_inputs_and_weights() -> None:
    layer, x = nn.Linear(24, 7), drawn(2, 9, 24).requires_grad_()
    fast = torch.autograd.grad(linear(layer, x, gelu=True).sum(), [x, layer.weight, layer.bias])
    plain = torch.autograd.grad(F.gelu(layer(x), approximate="tanh").sum(), [x, layer.weight, layer.bias])
    assert all(torch.equal(a, b) for a, b in zip(fast, plain, strict=True))


def test_another_dtype_and_another_layer_are_left_to_themselves() -> None:
    layer, x = nn.Linear(24, 7), drawn(9, 24)

    class Doubled(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    twice = Doubled(24, 7)
    twice.load_state_dict(layer.state_dict())
    with torch.no_grad():
        assert torch.allclose(linear(twice, x), 2 * layer(x))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert linear(layer, x).dtype == torch.bfloat16
        assert linear(layer.double(), x.double()).dtype == torch.float64


@pytest.mark.parametrize("recording", [True, False])
def test_tangents_of_inputs_and_weights_are_carried_on(recording: bool) -> None:
    """Forward-mode derivatives, which the operator would drop without a word, need no gradients to be recorded."""
    plain, moved, x = nn.Linear(24, 7), nn.Linear(24, 7), drawn(9, 24)
    with torch.set_grad_enabled(recording), fwAD.dual_level():
        del moved.weight
        moved.weight = fwAD.make_dual(drawn(7, 24), drawn(7, 24).flip(0))  # type: ignore[assignment]
        for layer, given in ((plain, fwAD.make_dual(x, x.flip(0))), (moved, x)):
            found = fwAD.unpack_dual(linear(layer, given, gelu=True)).tangent
            expected = fwAD.unpack_dual(F.gelu(layer(given), approximate="tanh")).tangent
            assert found is not None and expected is not None and torch.equal(found, expected)


def test_what_hangs_on_a_layer_is_heeded() -> None:
    """Hooks, and weights that are made anew in every call."""
    x = drawn(9, 24)
    with torch.no_grad():
        hooked, seen = nn.Linear(24, 7), []
        hooked.register_forward_pre_hook(lambda _, args: seen.append("before"))
        hooked.register_forward_hook(lambda _, args, out: 2 * out)
        assert torch.allclose(linear(hooked, x), 2 * F.linear(x, hooked.weight, hooked.bias), atol=1e-6)
        assert seen == ["before"]
        normed = weight_norm(nn.Linear(24, 7))
        normed.parametrizations.weight.original0.fill_(3.0)  # type: ignore[union-attr,operator]
        assert torch.allclose(linear(normed, x), normed(x), atol=1e-6)
        assert torch.allclose(normed.weight.norm(dim=1), torch.tensor(3.0), atol=1e-5)


@pytest.mark.skipif(not AVAILABLE, reason="this PyTorch has no oneDNN")
def test_plain_float32_layers_without_gradients_are_taken_and_rows_do_not_know_of_each_other() -> None:
    layer, x = nn.Linear(64, 96), drawn(8, 40, 64)
    assert not takes(layer, x)
    with torch.no_grad():
        assert takes(layer, x)
        together = linear(layer, x)
        assert all(torch.equal(linear(layer, x[i : i + 1])[0], together[i]) for i in range(8))
