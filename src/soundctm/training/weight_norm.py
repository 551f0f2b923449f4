"""Weight normalisation (Salimans and Kingma 2016): a way to train convolutions, folded away before they run."""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized


def normalise_weights(module: nn.Module) -> None:
    """Part every convolution's weights, in place, into directions and lengths; ``module`` computes the same."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d | nn.Conv2d) and not is_parametrized(layer, "weight"):
            weight_norm(layer)


def folded_state(module: nn.Module) -> dict[str, Tensor]:
    """Copies of the weights of ``module``, named as they were before :func:`normalise_weights`.

    Torch's way to fold, removing the parametrisation from a deep copy, breaks the original: both share the class that
    the removal changes.
    """
    state = {name: value for name, value in module.state_dict().items() if ".parametrizations." not in f".{name}"}
    for name, layer in module.named_modules():
        if is_parametrized(layer, "weight"):
            state[f"{name}.weight" if name else "weight"] = layer.weight
    return {name: value.detach().clone() for name, value in state.items()}
