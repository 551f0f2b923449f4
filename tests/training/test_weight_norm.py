"""Weight normalisation changes how a network learns, not what it computes."""

import torch
from torch import nn

from soundctm.autoencoder import GaussianDAC
from soundctm.training.weight_norm import folded_state, normalise_weights
from tests.oracles.autoencoder import TINY_SIZES


def autoencoder() -> GaussianDAC:
    torch.manual_seed(0)
    return GaussianDAC(TINY_SIZES)


def test_normalised_folded_and_plain_are_one_function() -> None:
    plain, trained, fold = autoencoder(), autoencoder(), autoencoder()
    normalise_weights(trained)
    fold.load_state_dict(folded_state(trained))
    z = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(trained.decode(z), plain.decode(z), atol=1e-6)
        assert torch.allclose(fold.decode(z), plain.decode(z), atol=1e-6)


def test_folding_takes_copies_and_leaves_the_network_to_train_on() -> None:
    trained = autoencoder()
    normalise_weights(trained)
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    state = folded_state(trained)
    for value in state.values():
        assert not value.requires_grad
        value.zero_()
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    trained.decode(torch.zeros(1, 4, 4)).sum().backward()


def test_it_is_the_normalisation_of_torch() -> None:
    """``w = g v / |v|`` per slice of the first axis, for every convolution, twice as well as once."""
    ours = nn.Sequential(nn.Conv1d(3, 5, 4), nn.ConvTranspose1d(5, 2, 3), nn.Conv2d(1, 2, 3), nn.Linear(2, 2))
    theirs = [nn.utils.parametrizations.weight_norm(type(m)(**sizes)) for m, sizes in zip(
        ours, ({"in_channels": 3, "out_channels": 5, "kernel_size": 4},
               {"in_channels": 5, "out_channels": 2, "kernel_size": 3},
               {"in_channels": 1, "out_channels": 2, "kernel_size": 3}), strict=False)]  # fmt: skip
    normalise_weights(ours)
    normalise_weights(ours)
    assert isinstance(ours[3].weight, nn.Parameter)
    for layer, other in zip(ours, theirs, strict=False):
        other.load_state_dict(layer.state_dict())
        g, v = other.parametrizations.weight.original0, other.parametrizations.weight.original1
        with torch.no_grad():
            g.mul_(1.7)
            layer.parametrizations.weight.original0.mul_(1.7)
            norm = v.flatten(1).norm(dim=1).reshape(-1, *[1] * (v.ndim - 1))
        assert torch.equal(layer.weight, other.weight)
        assert torch.allclose(layer.weight, g * v / norm, atol=1e-6)
