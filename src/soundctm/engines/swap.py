"""Networks with other layers, or other ways to compute, in place of some of theirs."""

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

# Linear layers of a transformer block that all tokens pass, where nearly all of the arithmetic is. Keys and values of
# the text are not among them: they are computed once for a trajectory.
HEAVY = frozenset({"to_qkv", "to_q", "to_out", "proj", "out"})
PROJECTIONS = frozenset({"project_in", "project_out"})  # into the transformer and out of it

Swap = Callable[[str, nn.Module], nn.Module]  # the name of a layer in its parent, and the layer -> it, or another
Network = TypeVar("Network", bound=nn.Module)


def swapped(network: Network, swap: Swap) -> Network:
    """A network whose layers are those that ``swap`` gives for them. What it leaves is shared, not copied."""
    other = copy.copy(network)
    other._modules = {
        name: None if layer is None else _other(name, layer, swap) for name, layer in network._modules.items()
    }
    return other


def _other(name: str, layer: nn.Module, swap: Swap) -> nn.Module:
    found = swap(name, layer)
    return swapped(layer, swap) if found is layer and layer._modules else found


def swap_(network: Network, swap: Swap) -> Network:
    """The same in place, layer by layer: a layer that nobody else holds is freed before the next one is made."""
    for name in list(network._modules):
        layer = network._modules[name]
        if layer is None:
            continue
        found = swap(name, layer)
        if found is layer:
            swap_(layer, swap)
        else:
            network._modules[name] = found
        del layer, found
    return network


def redone(network: Network, **methods: Callable[..., Any]) -> Network:
    """A network that shares all with the one given, but for how it does some of its methods."""
    other = copy.copy(network)
    for name, method in methods.items():
        setattr(other, name, method)
    return other
