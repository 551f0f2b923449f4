"""Several controls on one trajectory."""

from collections.abc import Callable

import torch
from torch import Tensor

from soundctm.control.chain import chain
from soundctm.trajectory import Landing, sample
from tests.oracles.gaussian import GaussianStudent, text

Z = torch.tensor([[[1.0, 2.0]]], dtype=torch.float64)


def landing() -> Landing:
    return Landing(Z, 5.0, 3 * Z, 2.0, 1, 4, lambda z: 7 * z)


def affine(factor: float, offset: float) -> Callable[[Landing], Tensor]:
    return lambda where: factor * where.z_s + offset


def test_nothing_to_chain_is_no_control() -> None:
    assert chain() is None


def test_one_alone_is_itself() -> None:
    one = chain(affine(2.0, 1.0))
    assert one is not None and torch.equal(one(landing()), 6 * Z + 1)


def test_each_starts_where_the_one_before_has_landed() -> None:
    forth, back = chain(affine(2.0, 0.0), affine(1.0, 5.0)), chain(affine(1.0, 5.0), affine(2.0, 0.0))
    assert forth is not None and torch.equal(forth(landing()), 6 * Z + 5)
    assert back is not None and torch.equal(back(landing()), 6 * Z + 10)


def test_all_else_that_they_see_is_the_same() -> None:
    seen: list[Landing] = []

    def look(where: Landing) -> Tensor:
        seen.append(where)
        return where.z_s + 1

    three = chain(look, look, look)
    assert three is not None and torch.equal(three(landing()), 3 * Z + 3)
    assert [float(where.z_s[0, 0, 0]) for where in seen] == [3, 4, 5]
    for where in seen:
        assert torch.equal(where.z, Z) and torch.equal(where.clean(Z), 7 * Z)
        assert (where.t, where.s, where.step, where.steps) == (5.0, 2.0, 1, 4)


def test_chains_of_chains_are_one_chain() -> None:
    a, b, c = affine(2.0, 1.0), affine(0.5, 3.0), affine(-1.0, 2.0)
    left, right, flat = chain(chain(a, b), c), chain(a, chain(b, c)), chain(a, b, c)  # type: ignore[arg-type]
    assert left is not None and right is not None and flat is not None
    assert torch.equal(left(landing()), flat(landing())) and torch.equal(right(landing()), flat(landing()))


def test_a_sampler_takes_a_chain() -> None:
    run = lambda steer: sample(GaussianStudent(), 80 * Z, text(0.3), text(0.0), steps=3, omega=1.0, steer=steer)
    assert torch.equal(run(chain(affine(1.0, 0.5), affine(1.0, -0.25))), run(affine(1.0, 0.25)))
    assert torch.equal(run(chain()), run(None))
