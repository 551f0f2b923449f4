"""Choosing where a trajectory starts: the best of several noises, or one that is optimised, which is the baseline of
Table 5 (DITTO; Novack et al. 2024)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from soundctm.control.guidance import LatentLoss

ITERATIONS = 70
RATE = 1.0  # of Adam on z_T, which has the scale of sigma_max


@torch.no_grad()
def nearest_start(
    clean: Callable[[Tensor], Tensor],
    loss: LatentLoss,
    starts: Sequence[Tensor],
    callback: Callable[[int, int], None] | None = None,
    fit: Callable[[Tensor], float] | None = None,
    shortlist: int = 1,
) -> tuple[int, Tensor]:
    """Which of ``starts``, each ``[1, C, T]``, has the lowest ``loss(clean(start))``; or, given a ``fit``, of a
    ``shortlist`` of so many lowest the highest ``fit(clean(start))``; and what is ``clean`` of it. The first of equals,
    counted from 0; ``clean`` is a one-step generation. Without a ``fit`` none is heard after one whose loss is 0: none
    can be better. ``callback(number, count)``, once for each start, may raise to stop."""
    heard: list[tuple[float, int, Tensor]] = []
    for i, start in enumerate(starts):
        if fit is not None or not heard or heard[-1][0] != 0.0:
            z = clean(start)
            heard.append((float(loss(z)), i, z))
        if callback is not None:
            callback(i + 1, len(starts))
    nearest = [(i, z) for _, i, z in sorted(heard, key=lambda each: each[0])[:shortlist]]
    return nearest[0] if fit is None else max(nearest, key=lambda each: fit(each[1]))


def optimise_start(
    clean: Callable[[Tensor], Tensor],
    loss: LatentLoss,
    z_T: Tensor,
    iterations: int = ITERATIONS,
    rate: float = RATE,
    callback: Callable[[int, int], None] | None = None,
) -> Tensor:
    """``z_T [B, C, T]`` after so many Adam steps down ``loss(clean(z_T))``; ``clean`` is a one-step generation.

    The start with the lowest loss on the way is returned. ``callback(iteration, iterations)`` may raise to stop.
    """
    z = z_T.detach().clone().requires_grad_()
    adam = torch.optim.Adam([z], lr=rate)
    best, best_loss = z_T.detach().clone(), z_T.new_full((len(z_T),), torch.inf)
    for i in range(iterations + 1):  # once more than there are steps: the last one counts as well
        with torch.enable_grad():
            value = loss(clean(z))
            gradient = torch.autograd.grad(value.sum(), z)[0] if i < iterations else None
        better = value.detach() < best_loss
        best[better], best_loss[better] = z.detach()[better], value.detach()[better]
        if i < iterations:
            z.grad = gradient
            adam.step()
            if callback is not None:
                callback(i + 1, iterations)
    return best
