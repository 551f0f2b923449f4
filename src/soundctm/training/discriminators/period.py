"""The multi-period discriminator (Kong et al. 2020): samples a period apart are judged as one sequence."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from soundctm.training.discriminators.judgement import Judgement, rectify

KERNEL = 5
STRIDE = 3


class PeriodDiscriminator(nn.Module):
    """Judges each of the ``period`` interleaved sequences ``x[r], x[r + period], ...`` with one network.

    Published with two-dimensional convolutions of kernels ``(5, 1)``; since nothing crosses from one sequence to
    another, they are one-dimensional here, with the sequences side by side in the batch.
    """

    def __init__(self, period: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.period = period
        strides = [STRIDE] * (len(widths) - 1) + [1]
        sizes = zip((1, *widths[:-1]), widths, strides, strict=True)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv1d(a, b, KERNEL, stride=stride, padding=KERNEL // 2)) for a, b, stride in sizes
        )
        self.judge = weight_norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def sequences(self, x: Tensor) -> Tensor:
        """``[B * period, 1, ceil(length / period)]`` of ``x [B, length]``, reflected at its end where it is short."""
        x = F.pad(x[:, None], (0, -x.shape[-1] % self.period), mode="reflect")[:, 0]
        return x.unflatten(-1, (-1, self.period)).transpose(1, 2).flatten(0, 1)[:, None]

    def forward(self, x: Tensor) -> Judgement:
        """Judgement of ``x [B, length]``: features ``[B, period, width, steps]``, logits ``[B, period, 1, steps]``."""
        h, features = self.sequences(x), []
        for layer in self.layers:
            h = rectify(layer(h))
            features.append(h.unflatten(0, (-1, self.period)))
        return Judgement(tuple(features), self.judge(h).unflatten(0, (-1, self.period)))
