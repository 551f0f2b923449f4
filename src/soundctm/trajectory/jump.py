"""The student's jump from any noise level to any lower one (Eq. 6)."""

from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch, c_in, c_noise, column, precondition

Level = float | Tensor


def g(student: nn.Module, z: Tensor, t: Level, s: Level, omega: Level, conditioning: Conditioning) -> Tensor:
    """``g(z, t, s) = c_skip(t) z + c_out(t) F(c_in z, ln(t)/4, ln(s)/4, omega)``: what the jump aims at.

    ``z [B, C, T]``; ``t``, ``s`` (0 < s <= t) and ``omega`` numbers, scalars or ``[B]``. At ``s = t`` it is a
    denoiser.
    """
    t, s, omega = as_batch(t, z), as_batch(s, z), as_batch(omega, z)
    F = student(column(c_in(t)) * z, c_noise(t), conditioning, c_noise_s=c_noise(s), omega=omega)
    return precondition(F, z, t)


def jump(student: nn.Module, z: Tensor, t: Level, s: Level, omega: Level, conditioning: Conditioning) -> Tensor:
    """``G(z, t, s) = (s/t) z + (1 - s/t) g(z, t, s)`` (Eq. 6); arguments as for :func:`g`. ``G(z, t, t) = z``."""
    return towards(z, g(student, z, t, s, omega, conditioning), as_batch(t, z), as_batch(s, z))


def towards(z: Tensor, aim: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """``(s/t) z + (1 - s/t) aim``: the step of a jump whose aim ``g`` is known; levels are ``[B]``."""
    ratio = column(s / t)
    return ratio * z + (1 - ratio) * aim
