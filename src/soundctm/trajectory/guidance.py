"""nu-sampling: text-conditional against unconditional jumps (Eq. 10)."""

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch
from soundctm.trajectory.jump import Level, jump


def nu_jump(
    student: nn.Module,
    z: Tensor,
    t: Level,
    s: Level,
    omega: Level,
    conditioning: Conditioning,
    unconditional: Conditioning,
    nu: float,
) -> Tensor:
    """``G(z, null) + nu (G(z, text) - G(z, null))``. At ``nu = 1`` the unconditional half is dead work and is skipped;
    otherwise both halves share one doubled batch."""
    if nu == 1.0:
        return jump(student, z, t, s, omega, conditioning)
    both = Conditioning.cat([conditioning, unconditional])
    t2, s2, omega2 = (torch.cat([as_batch(v, z)] * 2) for v in (t, s, omega))
    text, null = jump(student, torch.cat([z, z]), t2, s2, omega2, both).chunk(2)
    return mix(text, null, nu)


def mix(text: Tensor, null: Tensor, nu: float) -> Tensor:
    """``null + nu (text - null)``."""
    return null + nu * (text - null)
