"""Laws of networks with other layers in place of some."""

import weakref

import torch
from torch import nn

from soundctm.engines.swap import redone, swap_, swapped


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.ReLU()))


def doubled(name: str, layer: nn.Module) -> nn.Module:
    if not isinstance(layer, nn.Linear):
        return layer
    other = nn.Linear(2, 2)
    other.weight.data, other.bias.data = 2 * layer.weight.data, 2 * layer.bias.data
    return other


@torch.no_grad()
def test_the_given_network_stays_as_it_is_and_shares_what_is_left() -> None:
    given = network()
    x, before = torch.randn(3, 2), {name: value.clone() for name, value in given.state_dict().items()}
    made = swapped(given, doubled)
    assert torch.allclose(made(x), 2 * given[1](2 * given[0](x)))
    assert made[1][1] is given[1][1]
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())


@torch.no_grad()
def test_a_swap_in_place_frees_each_layer_before_it_makes_the_next() -> None:
    given = network()
    expected = swapped(given, doubled)(torch.ones(1, 2))
    made: list[weakref.ref[nn.Module]] = []
    alive: list[int] = []

    def swap(name: str, layer: nn.Module) -> nn.Module:
        alive.append(sum(old() is not None for old in made))
        if isinstance(layer, nn.Linear):
            made.append(weakref.ref(layer))
        return doubled(name, layer)

    assert torch.equal(swap_(given, swap)(torch.ones(1, 2)), expected)
    assert len(made) == 2
    assert max(alive) == 0


def test_a_network_that_does_a_method_otherwise_shares_all_else() -> None:
    given = network()
    made = redone(given, forward=lambda x: x + 1)
    assert made(1) == 2
    assert made[0] is given[0]
    assert given(torch.ones(1, 2)).shape == (1, 2)
