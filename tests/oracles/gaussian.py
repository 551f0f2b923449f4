"""Gaussian data, for which denoiser and jump are known in closed form.

With data ``z_0 ~ N(m, v^2)`` per element, ``D(z, t) = (v^2 z + t^2 m) / (v^2 + t^2)``, and ``dz/dt = (z - D) / t`` has
the solution ``z_s = m + (z_t - m) sqrt((v^2 + s^2) / (v^2 + t^2))``. Text moves the mean: ``m`` is the first channel of
the first token, so guidance with omega leads to ``m_null + omega (m - m_null)``.
"""

import torch
from torch import Tensor, nn

from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.conditioning import Conditioning

SPREAD = 0.5  # v, the standard deviation of the data
SIGMA_DATA = 0.5


def text(*means: float, dtype: torch.dtype = torch.float64) -> Conditioning:
    """One item for each mean."""
    return Conditioning(torch.tensor(means, dtype=dtype)[:, None, None], torch.ones(len(means), 1, dtype=torch.bool))


def solution(z: Tensor, t: float | Tensor, s: float | Tensor, mean: float | Tensor) -> Tensor:
    """The exact jump ``G(z, t, s)``."""
    t, s = torch.as_tensor(t, dtype=z.dtype), torch.as_tensor(s, dtype=z.dtype)
    return mean + (z - mean) * ((SPREAD**2 + s**2) / (SPREAD**2 + t**2)).sqrt()


def denoised(z: Tensor, t: float | Tensor, mean: float | Tensor) -> Tensor:
    """The exact denoiser ``D(z, t)``."""
    return (SPREAD**2 * z + t**2 * mean) / (SPREAD**2 + t**2)


class _Gaussian(nn.Module):
    """Undoes the preconditioning, so that a network output ``F`` comes from an exact ``D`` or ``g``."""

    def __init__(self, null: float = 0.0) -> None:
        super().__init__()
        self.null = null
        self.batches: list[int] = []  # batch size of every forward call, written by a hook
        self.levels: list[float] = []  # where each call of a student jumps to
        self.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        self.batches.append(len(args[0]))
        if "c_noise_s" in kwargs:
            self.levels.append(float((4 * kwargs["c_noise_s"][0]).exp()))

    @staticmethod
    def _unscaled(x: Tensor, c_noise_t: Tensor) -> tuple[Tensor, Tensor]:
        t = (4 * c_noise_t).exp()[:, None, None]
        return x * (t**2 + SIGMA_DATA**2).sqrt(), t

    @staticmethod
    def _raw(target: Tensor, z: Tensor, t: Tensor) -> Tensor:
        c_skip = SIGMA_DATA**2 / (t**2 + SIGMA_DATA**2)
        c_out = t * SIGMA_DATA / (t**2 + SIGMA_DATA**2).sqrt()
        return (target - c_skip * z) / c_out


class GaussianTeacher(_Gaussian):
    """A perfect teacher."""

    def forward(self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning) -> Tensor:
        z, t = self._unscaled(x, c_noise_t)
        return self._raw(denoised(z, t, conditioning.tokens[:, :1, :1]), z, t)


class GaussianStudent(_Gaussian):
    """A perfect student of that teacher, guided against the mean ``null``."""

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor,
        span: Span = WHOLE,
    ) -> Tensor:  # fmt: skip
        z, t = self._unscaled(x, c_noise_t)
        s = (4 * c_noise_s).exp()[:, None, None]
        mean = self.null + omega[:, None, None] * (conditioning.tokens[:, :1, :1] - self.null)
        a, b = (SPREAD**2 + t**2).sqrt(), (SPREAD**2 + s**2).sqrt()
        # (G - (s/t) z) / (1 - s/t) with the common factor t - s cancelled, so that it holds at s = t as well
        g = mean * t * (t + s) / (a * (a + b)) + z * SPREAD**2 * (t + s) / (a * (b * t + a * s))
        return self._raw(g, z, t)
