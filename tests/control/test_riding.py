"""The fader reaches a level where there is something to turn up, and leaves the rest alone."""

import numpy as np
import pytest
import torch

from soundctm.audio.recipe import AUDITIONS, FADER, LATE, LIGHT, SHORTLIST, STRONG, Steering
from soundctm.audio.target import Target
from soundctm.control.riding import ridden
from soundctm.control.target_loss import deviations

RATE = 8000
X = torch.from_numpy(0.1 * np.random.default_rng(0).standard_normal((1, 1, 3 * RATE))).float()  # -20 dB


def level(*points: tuple[float, float | None]) -> Target:
    return Target(feature="intensity", points=points)


@pytest.mark.parametrize("end", [-35.0, -10.0])
def test_what_is_near_is_brought_there(end: float) -> None:
    target = level((0.0, -20.0), (3.0, end))
    made = ridden(X, RATE, [target], 20.0)
    assert deviations(made[0].numpy(), RATE, [target])[0] < 0.1 * deviations(X[0].numpy(), RATE, [target])[0]


def test_more_than_the_most_is_not_done() -> None:
    made = ridden(X, RATE, [level((0.0, -60.0), (3.0, -60.0))], 12.0)
    torch.testing.assert_close(made, X * 10 ** (-12 / 20))


def test_silence_stays_silent_and_other_features_are_no_business_of_a_fader() -> None:
    assert torch.equal(ridden(0 * X, RATE, [level((0.0, -20.0), (3.0, -20.0))], 20.0), 0 * X)
    bright = Target(feature="brightness", points=((0.0, 400.0), (3.0, 3000.0)))
    assert torch.equal(ridden(X, RATE, [bright], 20.0), X)


def test_a_free_part_is_left_alone() -> None:
    made = ridden(X, RATE, [level((0.0, -35.0), (1.0, -35.0))], 20.0)
    assert torch.equal(made[..., round(1.05 * RATE) :], X[..., round(1.05 * RATE) :])
    assert float(made[..., :RATE].square().mean()) < 0.1 * float(X[..., :RATE].square().mean())


def test_what_is_left_open_suits_the_targets() -> None:
    loud, bright = level((0.0, -20.0)), Target(feature="brightness", points=((0.0, 400.0),))
    early = {"late": False, "fresh": True, "hears": True}
    given = Steering(strength=0.3, fader=0.0, auditions=5, shortlist=2)
    chosen = {"fader": FADER, "auditions": AUDITIONS, "shortlist": SHORTLIST}
    assert Steering().settled([loud], **early) == Steering(strength=LIGHT, **chosen)
    assert Steering().settled([loud, bright], **early) == Steering(strength=STRONG, **chosen)
    kept = Steering().settled([loud], late=True, fresh=False, hears=True)
    assert kept == Steering(strength=LATE, fader=FADER, auditions=1, shortlist=1)
    deaf = Steering(auditions=3).settled([loud], late=True, fresh=True, hears=False)
    assert deaf == Steering(strength=LATE, fader=FADER, auditions=3, shortlist=1)
    assert Steering(auditions=3).settled([loud], **early).shortlist == 3
    assert given.settled([loud], **early) == given
    for plain in (Steering(), Steering(method="start")):
        assert plain.settled([], **early) == plain
    assert Steering(method="start").settled([loud], **early) == Steering(method="start")
