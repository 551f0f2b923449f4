"""The decoder of the paper's autoencoder as its equations read, with weight normalisation computed at every call."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.autoencoder import DACConfig

DILATIONS = (1, 3, 9)


def as_usual_(module: nn.Module) -> None:
    """Hold all weights in PyTorch's usual layout: :func:`soundctm.autoencoder.rows.lay_out` undone."""
    for weight in module.parameters():
        weight.data = weight.data.contiguous()


class PlainDecoder:
    """Raw latents ``[B, C, T]`` -> waveform ``[B, 1, T * hop]`` over the weights of a GaussianDAC by name.

    Weights in another layout than PyTorch's usual one are copied into that: the official code has it, and convolutions
    of ``[B, C, T]`` would make it in every call. A weight stands for its direction ``v``; its length ``g``, one number
    per row, is taken once. Every call computes ``g v / |v|`` anew, which is what a module with weight normalisation
    does that nobody has folded.
    """

    def __init__(self, config: DACConfig, weights: Mapping[str, Tensor]) -> None:
        self.rates = config.decoder_rates
        names = [name for name in weights if name.startswith(("decoder.", "post_conv."))]
        self.weights = {name: weights[name].contiguous() for name in names}
        self.lengths = {name: self._length(value) for name, value in self.weights.items() if name.endswith(".weight")}

    @staticmethod
    def _length(v: Tensor) -> Tensor:
        return v.flatten(1).norm(dim=1)[:, None, None]

    def normed(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight and bias of a convolution."""
        v = self.weights[f"{name}.weight"]
        return self.lengths[f"{name}.weight"] * v / self._length(v), self.weights[f"{name}.bias"]

    def conv(self, name: str, x: Tensor, dilation: int = 1) -> Tensor:
        weight, bias = self.normed(name)
        return F.conv1d(x, weight, bias, padding=(weight.shape[-1] - 1) // 2 * dilation, dilation=dilation)

    def up(self, name: str, x: Tensor, rate: int) -> Tensor:
        return F.conv_transpose1d(x, *self.normed(name), stride=rate, padding=-(-rate // 2))

    def snake(self, name: str, x: Tensor) -> Tensor:
        alpha = self.weights[f"{name}.alpha"]
        return x + (alpha + 1e-9).reciprocal() * torch.sin(alpha * x).square()

    def unit(self, name: str, x: Tensor, dilation: int) -> Tensor:
        """Snake, dilated convolution, snake, convolution of 1, added to the input."""
        y = self.conv(f"{name}.block.1", self.snake(f"{name}.block.0", x), dilation)
        return x + self.conv(f"{name}.block.3", self.snake(f"{name}.block.2", y))

    def __call__(self, z: Tensor) -> Tensor:
        x = self.conv("decoder.model.0", self.conv("post_conv", z))
        for i, rate in enumerate(self.rates, start=1):
            name = f"decoder.model.{i}.block"
            x = self.up(f"{name}.1", self.snake(f"{name}.0", x), rate)
            for j, dilation in enumerate(DILATIONS, start=2):
                x = self.unit(f"{name}.{j}", x, dilation)
        last = len(self.rates) + 1
        return self.conv(f"decoder.model.{last + 1}", self.snake(f"decoder.model.{last}", x)).tanh()
