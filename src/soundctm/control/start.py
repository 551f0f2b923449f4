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
) -> Tensor:
    """The one of ``starts``, each ``[1, C, T]``, with the lowest ``loss(clean(start))``, the first of equals; ``clean``
    is a one-step generation. ``callback(number, count)`` may raise to stop."""
    best, least = starts[0], torch.inf
    for i, start in enumerate(starts):
        value = float(loss(clean(start)))
        if value < least:
            best, least = start, value
        if callback is not None:
            callback(i + 1, len(starts))
    return best


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
