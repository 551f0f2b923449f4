"""Choosing where a trajectory starts."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from soundctm.control.start import nearest_start, optimise_start
from soundctm.trajectory import jump
from tests.oracles.gaussian import GaussianStudent, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN = 80.0, 0.002


def distance(z: Tensor) -> Tensor:
    return (z - 2).square().sum((1, 2))


def tiny_clean(z: Tensor) -> Tensor:
    return jump(tiny_dit("student", **MINI), z, SIGMA_MAX, SIGMA_MIN, 3.0, random_text(2, 3))


@pytest.mark.parametrize("rate", [0.1, 1.0, 1000.0])
def test_the_loss_is_never_above_that_of_the_start(rate: float) -> None:
    """Also with a rate at which Adam jumps over every hill."""
    z_T = SIGMA_MAX * random_latents(2, 8)
    found = optimise_start(tiny_clean, distance, z_T, iterations=6, rate=rate)
    assert (distance(tiny_clean(found)) <= distance(tiny_clean(z_T)) * (1 + 1e-6)).all()


def test_the_best_start_on_the_way_is_returned_for_each_item() -> None:
    visited: list[Tensor] = []

    def rugged(z: Tensor) -> Tensor:
        visited.append(z.detach().clone())
        return (z.square() + 20 * torch.sin(3 * z)).sum((1, 2))

    z_T = torch.tensor([3.0, -7.0, 0.4])[:, None, None]
    found = optimise_start(lambda z: z, rugged, z_T, iterations=40, rate=2.0)
    way = torch.stack(visited)
    losses = torch.stack([rugged(z) for z in way])
    best = losses.argmin(0)
    assert len(way) == 41 and len(set(best.tolist())) > 1 and best.max() < 40
    assert torch.equal(found, torch.stack([way[best[i], i] for i in range(3)]))


def test_a_student_is_moved_close_to_its_aim() -> None:
    z_T = SIGMA_MAX * torch.randn(2, 1, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    clean = lambda z: jump(GaussianStudent(), z, SIGMA_MAX, SIGMA_MIN, 1.0, text(0.3).expand(2))
    with torch.no_grad():
        found = optimise_start(clean, lambda z: (z - 0.5).square().sum((1, 2)), z_T, iterations=70, rate=3.0)
    before, after = ((clean(z) - 0.5).square().mean() for z in (z_T, found))
    assert after < 0.2 * before and not found.requires_grad


def test_the_last_step_counts_as_well() -> None:
    """One step of Adam moves every number by the rate: from -1 to 1 for an aim of 2, which is nearer."""
    z_T = torch.full((1, 1, 4), -1.0)
    found = optimise_start(lambda z: z, distance, z_T, iterations=1, rate=2.0)
    assert torch.allclose(found, torch.full((1, 1, 4), 1.0), atol=1e-4)


@pytest.mark.parametrize("iterations", [1, 5])
def test_there_is_one_look_more_than_steps(iterations: int) -> None:
    looked, seen = [], []
    kept = (z_T := random_latents(1, 4)).clone()

    def look(z: Tensor) -> Tensor:
        looked.append(z.detach().clone())
        return distance(z)

    found = optimise_start(lambda z: z, look, z_T, iterations, rate=0.1, callback=lambda *each: seen.append(each))
    assert len(looked) == iterations + 1 and seen == [(i + 1, iterations) for i in range(iterations)]
    assert torch.equal(found, looked[-1])  # so far from the aim every step comes nearer, the last one too
    assert torch.equal(z_T, kept)  # what was given is not written to


def test_the_callback_counts_and_may_stop() -> None:
    seen: list[tuple[int, int]] = []

    def stop_at_three(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimise_start(lambda z: z, distance, random_latents(1, 4), iterations=9, callback=stop_at_three)
    assert seen == [(1, 9), (2, 9), (3, 9)]
    optimise_start(lambda z: z, distance, random_latents(1, 4), iterations=2, callback=lambda *n: seen.append(n))
    assert seen[3:] == [(1, 2), (2, 2)]


def test_a_loss_that_breaks_down_gives_back_the_best_before() -> None:
    """Square roots have no value below zero: Adam walks off, and the last good start is kept."""
    z_T = torch.full((1, 1, 1), 3.0)
    found = optimise_start(lambda z: z, lambda z: z.sqrt().sum((1, 2)), z_T, iterations=10, rate=1.0)
    assert torch.isfinite(found).all() and 0 <= float(found) < 3


def numbered(losses: list[float]) -> tuple[list[Tensor], list[int], Callable[[Tensor], Tensor]]:
    """Starts that say their own number, what was heard of them, and a generation that notes it."""
    heard: list[int] = []

    def clean(start: Tensor) -> Tensor:
        heard.append(int(start))
        return 10 * start

    return [torch.full((1, 1, 1), float(i)) for i in range(len(losses))], heard, clean


@pytest.mark.parametrize(
    ("losses", "shortlist", "fits", "chosen", "asked"),
    [
        ([3.0, 1.0, 2.0, 1.0], 1, None, 1, 4),
        ([3.0, 0.0, 2.0, 0.0], 1, None, 1, 2),
        ([3.0, 0.0, 2.0, 0.0], 2, [9.0, 1.0, 8.0, 2.0], 3, 4),
        ([3.0, 1.0, 2.0, 1.0], 4, [9.0, 1.0, 8.0, 9.0], 3, 4),
    ],
)
def test_the_nearest_start_or_of_the_nearest_the_fittest(
    losses: list[float], shortlist: int, fits: list[float] | None, chosen: int, asked: int
) -> None:
    starts, heard, clean = numbered(losses)
    seen: list[int] = []
    number, z = nearest_start(
        clean, lambda z: torch.tensor([losses[int(z) // 10]]), starts, lambda done, _: seen.append(done),
        None if fits is None else lambda z: fits[int(z) // 10], shortlist,
    )  # fmt: skip
    assert (number, float(z)) == (chosen, 10.0 * chosen)
    assert heard == list(range(asked)) and seen == [1, 2, 3, 4]
