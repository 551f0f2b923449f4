"""Plans of edits: what they name, how long their results are, and what they refuse."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from soundctm import Clip, Recipe, UserError, edits
from soundctm.audio.clipping import looks_clipped
from soundctm.audio.edit import Declip, Extend, ExtendBandwidth, Fill, Join, Loop, Morph, Source, Transform
from soundctm.audio.target import Target
from tests.oracles.recordings import recording

NAN = math.nan
A, B = recording(1), recording(2, seconds=0.6, rate=16000, channels=2)
TAKE = Recipe(
    prompt="rain", seed=7, take=2, steps=4, seconds=1.25, omega=3.0, nu=1.5, gamma=0.0, model="tiny", model_hash="0",
    sample_rate=8000, version="0", negative="bell",
)  # fmt: skip


def take(**changes: Any) -> Clip:
    return Clip(recording(3).samples, 8000, TAKE.model_copy(update=changes))


PLANS: dict[str, tuple[Callable[[], edits.Plan], float]] = {
    "extend-bandwidth": (lambda: edits.extend_bandwidth(A, 1000.0), 1.0),
    "declip": (lambda: edits.declip(B, 0.4), 0.6),
    "fill": (lambda: edits.fill(A, 0.3, 0.6), 1.0),
    "extend": (lambda: edits.extend(B, 0.25, 0.5), 1.35),
    "join": (lambda: edits.join(A, B, 0.2), 1.8),
    "loop": (lambda: edits.loop(B, 0.2), 0.6),
    "transform": (lambda: edits.transform(A, 0.6), 1.0),
    "morph": (lambda: edits.morph(B, A, 0.5), 0.6),
    "morph of a take": (lambda: edits.morph(take(), A, 0.5), 1.25),
}


@pytest.mark.parametrize("kind", list(PLANS))
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_plan_knows_the_length_of_its_result_at_any_rate(kind: str, rate: int) -> None:
    make, seconds = PLANS[kind]
    plan = make()
    samples = plan.seconds(rate) * rate
    assert plan.edit.kind == kind.split()[0]
    assert samples == pytest.approx(round(samples), abs=1e-6) and plan.seconds(rate) == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize("kind", list(PLANS))
def test_a_plan_brings_the_recordings_that_its_edit_names(kind: str) -> None:
    plan = PLANS[kind][0]()
    assert {source.digest for source in plan.edit.sources} == set(plan.sources)
    assert all(plan.sources[digest].digest == digest for digest in plan.sources)


def test_names_travel_with_digests() -> None:
    assert edits.fill(A, 0.3, 0.6, "sea.wav").edit == Fill(
        source=Source(name="sea.wav", digest=A.digest), start=0.3, end=0.6
    )
    joined = edits.join(A, B, 0.2, ("a.wav", "b.wav")).edit
    assert isinstance(joined, Join)
    assert (joined.source, joined.other) == (
        Source(name="a.wav", digest=A.digest), Source(name="b.wav", digest=B.digest)
    )  # fmt: skip


def test_a_morph_takes_a_take_at_its_recipe_and_a_recording_as_it_is() -> None:
    both = edits.morph(take(), take(prompt="wind", seed=9, take=0), 0.25)
    assert both.edit == Morph(amount=0.25, prompt="wind", seed=9, take=0) and both.recipe == TAKE and not both.clips
    follows = take()
    first = edits.morph(A, follows, 0.25, names=("a.wav", "t.wav"))
    assert first.edit == Morph(
        amount=0.25, prompt="rain", seed=0, take=0, source=Source(name="a.wav", digest=A.digest),
        other=Source(name="t.wav", digest=follows.digest),
    )  # fmt: skip
    assert first.recipe is None and first.clips == (A, follows)
    second = edits.morph(take(), A, 0.25, names=("t.wav", "a.wav"))
    assert second.edit == Morph(amount=0.25, prompt="", seed=0, take=0, other=Source(name="a.wav", digest=A.digest))
    assert second.recipe == TAKE and second.clips == (A,)


NOT_PLAIN: list[dict[str, Any]] = [
    {"edit": Loop(source=Source(name="a.wav", digest=A.digest), seam=0.1)},
    {"loop": True},
    {"targets": (Target(feature="intensity", points=((0.0, -40.0), (1.0, -12.0))),)},
    {"gamma": 0.2},
    {"gamma": 0.2, "variation": 3},
]


@pytest.mark.parametrize("change", NOT_PLAIN)
def test_a_take_that_is_more_than_its_noise_is_a_recording_to_a_morph(change: dict[str, Any]) -> None:
    made = take(**change)
    plan = edits.morph(made, made, 0.5)
    assert plan.recipe is None and plan.clips == (made, made) and len(plan.edit.sources) == 2
    plan = edits.morph(take(), made, 0.5, other_prompt="a bell", names=("t.wav", "m.wav"))
    assert plan.recipe == TAKE and plan.other is None and plan.clips == (made,)
    assert plan.edit == Morph(
        amount=0.5, prompt="a bell", seed=0, take=0, other=Source(name="m.wav", digest=made.digest)
    )  # fmt: skip


@pytest.mark.parametrize("change", [{"seconds": 1.0}, {"omega": 2.0}, {"nu": 1.0, "negative": ""}, {"negative": "sea"}])
def test_another_take_of_another_length_or_guidance_is_a_recording_to_a_morph(change: dict[str, Any]) -> None:
    other = take(prompt="wind", **change)
    plan = edits.morph(take(), other, 0.5, other_prompt="a gale")
    assert plan.recipe == TAKE and plan.other is None and plan.clips == (other,)
    assert isinstance(plan.edit, Morph) and plan.edit.prompt == "a gale" and plan.edit.source is None
    assert edits.morph(take(), take(prompt="wind", seed=1, take=3, steps=9), 0.5).other is not None


FIELDS: list[tuple[type[BaseModel], dict[str, Any], dict[str, Any]]] = [
    (ExtendBandwidth, {"cutoff": 100.0}, {"cutoff": 0.0}),
    (Declip, {"level": 1.0}, {"level": 0.0}),
    (Declip, {"level": 1.0}, {"level": 1.01}),
    (Fill, {"start": 0.0, "end": 0.1}, {"start": -0.1}),
    (Fill, {"start": 0.0, "end": 0.1}, {"end": 0.0}),
    (Extend, {"before": 0.0, "after": 0.0}, {"before": -0.1}),
    (Extend, {"before": 0.0, "after": 0.0}, {"after": -0.1}),
    (Join, {"other": Source(name="b", digest="0"), "gap": 0.1}, {"gap": 0.0}),
    (Loop, {"seam": 0.1}, {"seam": 0.0}),
    (Transform, {"strength": 0.0}, {"strength": -0.1}),
    (Transform, {"strength": 1.0}, {"strength": 1.1}),
    (Morph, {"amount": 0.0, "prompt": "", "seed": 0, "take": 0}, {"amount": -0.1}),
    (Morph, {"amount": 1.0, "prompt": "", "seed": 0, "take": 0}, {"amount": 1.1}),
    (Morph, {"amount": 1.0, "prompt": "", "seed": 0, "take": 0}, {"seed": -1}),
    (Morph, {"amount": 1.0, "prompt": "", "seed": 0, "take": 0}, {"take": -1}),
    (Fill, {"start": 0.0, "end": 0.1}, {"end": math.inf}),
    (Extend, {"before": 0.0, "after": 0.0}, {"after": math.inf}),
    (Join, {"other": Source(name="b", digest="0"), "gap": 0.1}, {"gap": math.inf}),
]


@pytest.mark.parametrize(("kind", "good", "bad"), FIELDS)
def test_a_file_whose_edit_is_out_of_range_is_refused_in_one_line(
    kind: type[BaseModel], good: dict[str, Any], bad: dict[str, Any]
) -> None:
    fields = {"source": Source(name="a", digest="0"), **good}
    text = TAKE.model_copy(update={"edit": kind(**fields)}).model_dump_json()
    assert Recipe.from_json(text, "a.wav").edit == kind(**fields)
    name, value = next(iter(bad.items()))
    spoilt = json.loads(text)
    for wrong in (value, math.nan):
        spoilt["edit"][name] = wrong
        with pytest.raises(UserError, match=rf"^a\.wav carries a recipe that cannot be read \(edit\..*{name}:"):
            Recipe.from_json(json.dumps(spoilt), "a.wav")


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "cutoff too low": (lambda: edits.extend_bandwidth(A, 10.0), "cutoff is 10.0; accepted are 20.0 to 3,920.0"),
    "cutoff at Nyquist": (lambda: edits.extend_bandwidth(A, 4000.0), "cutoff is 4,000.0"),
    "cutoff is no number": (lambda: edits.extend_bandwidth(A, NAN), "cutoff is nan"),
    "level of nothing": (lambda: edits.declip(A, 0.0), "level is 0.0"),
    "level that nothing reaches": (lambda: edits.declip(A, 0.9), "level is 0.9, but no sample goes beyond"),
    "level above full scale": (lambda: edits.declip(A, 1.1), "level is 1.1; accepted are 0.001 to 1.0"),
    "level is no number": (lambda: edits.declip(A, NAN), "level is nan"),
    "gap before the start": (lambda: edits.fill(A, -0.1, 0.5), "start is -0.1"),
    "gap past the end": (lambda: edits.fill(A, 0.5, 1.1), "end is 1.1; accepted are 0.0 to 1.0"),
    "gap is no number": (lambda: edits.fill(A, 0.2, NAN), "end is nan"),
    "gap backwards": (lambda: edits.fill(A, 0.6, 0.3), "goes from 0.6 to 0.3 seconds"),
    "gap of nothing": (lambda: edits.fill(A, 0.6, 0.62), "at least 0.05 s later"),
    "gap is all": (lambda: edits.fill(A, 0.0, 1.0), "the gap leaves less than 0.05 s of the recording"),
    "negative extension": (lambda: edits.extend(A, -0.1, 1.0), "before is -0.1"),
    "endless extension": (lambda: edits.extend(A, after=math.inf), "after is inf"),
    "no extension": (lambda: edits.extend(A), "before is 0.0 and after 0.0"),
    "joined without a gap": (lambda: edits.join(A, B, 0.0), "gap is 0.0"),
    "joined far apart": (lambda: edits.join(A, B, 31.0), "gap is 31.0"),
    "no seam": (lambda: edits.loop(A, 0.0), "seam is 0.0"),
    "all seam": (lambda: edits.loop(A, 0.6), "seam is 0.6; accepted are 0.05 to 0.5"),
    "strength below 0": (lambda: edits.transform(A, -0.1), "strength is -0.1"),
    "strength above 1": (lambda: edits.transform(A, 1.1), "strength is 1.1"),
    "strength of next to nothing": (lambda: edits.transform(A, 0.0009), "strength is 0.0009; give 0, which keeps"),
    "strength is no number": (lambda: edits.transform(A, NAN), "strength is nan"),
    "amount above 1": (lambda: edits.morph(A, B, 1.1), "amount is 1.1"),
    "amount is no number": (lambda: edits.morph(A, B, NAN), "amount is nan"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_what_cannot_be_done_is_refused_in_one_line(case: str) -> None:
    make, said = BAD[case]
    with pytest.raises(UserError) as caught:
        make()
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("spoilt", ["empty", "nan", "inf", "short", "loud"])
def test_recordings_that_are_none_are_refused_by_every_edit(spoilt: str) -> None:
    samples = A.samples[:, : {"empty": 0, "short": 799}.get(spoilt)].copy()
    if spoilt in ("nan", "inf", "loud"):
        samples[0, 500] = 1.1 if spoilt == "loud" else float(spoilt)
    bad = Clip(samples, 8000)
    makers: list[Callable[[], object]] = [
        lambda: edits.extend_bandwidth(bad, 1000.0), lambda: edits.declip(bad, 0.5), lambda: edits.extend(bad, 1.0),
        lambda: edits.join(bad, A, 0.2), lambda: edits.join(A, bad, 0.2), lambda: edits.transform(bad, 0.5),
        lambda: edits.morph(bad, A, 0.5), lambda: edits.morph(A, bad, 0.5), lambda: edits.morph(take(), bad, 0.5),
        lambda: edits.fill(bad, 0.2, 0.5), lambda: edits.loop(bad, 0.2),
    ]  # fmt: skip
    for make in makers:
        with pytest.raises(UserError):
            make()


def test_a_morph_wants_prompts_that_can_be_read() -> None:
    with pytest.raises(UserError, match="control characters"):
        edits.morph(A, take(prompt="rain\x07"), 0.5)


def shapes(rate: int = 44100) -> dict[str, np.ndarray]:
    """Sounds that nobody cut, at most 1."""
    t, rng = np.arange(2 * rate) / rate, np.random.default_rng(0)
    struck = [(t >= at) * np.exp(-60 * np.maximum(t - at, 0)) for at in (0.1, 0.37, 0.8)]
    found = {f"sine of {f} Hz": np.sin(2 * np.pi * f * t) for f in (1.0, 20.0, 37.0, 220.0, 997.0, 3217.0)}
    found |= {"noise": rng.standard_normal(len(t)), "wooden knocks": sum(struck) * np.sin(2 * np.pi * 180 * t)}
    found["chord"] = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6))
    found["hum"] = sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in range(1, 6))
    found["swell"] = np.sin(2 * np.pi * 333 * t) * (1 + 0.5 * np.sin(2 * np.pi * 3 * t))
    return {name: x / np.abs(x).max() for name, x in found.items()}


def stored(x: np.ndarray) -> np.ndarray:
    """As a file of 16 bits holds it, at a tenth of full scale: ``[1, length]``."""
    return (np.rint(3276 * x) / 2**15).astype(np.float32)[None]


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("name", list(shapes()))
def test_what_was_cut_off_is_told_from_what_was_not(name: str, rate: int) -> None:
    x = shapes(rate)[name]
    assert not looks_clipped(x[None]) and not looks_clipped(stored(x))
    for level in (0.5, 0.8):
        assert looks_clipped(x.clip(-level, level)[None]) and looks_clipped(stored(x.clip(-level, level))), level


@pytest.mark.parametrize("period", [6, 10, 12, 24, 44.1, 45, 48, 50, 91, 96, 480])
def test_a_tone_in_step_with_the_sample_rate_was_not_cut_off(period: float) -> None:
    """1 kHz at 48 kHz has three samples in the last hundredth below its loudest, and none in the one before."""
    for phase in np.linspace(0, np.pi / period, 7):
        tone = np.sin(2 * np.pi * np.arange(9600) / period + phase)
        assert not looks_clipped(stored(tone)) or len(np.unique(np.abs(stored(tone)))) <= 2, phase
    if period >= 45:
        assert all(looks_clipped(stored(tone.clip(-level, level))) for level in (0.5, 0.8))


@pytest.mark.parametrize("seed", range(4))
def test_short_noises_were_not_cut_off(seed: int) -> None:
    """Knocks of noise have few samples near their loudest, and one of them is the loudest."""
    t = np.arange(8000) / 8000
    x = np.exp(-60 * t) * np.random.default_rng(seed).standard_normal(8000)
    x /= np.abs(x).max()
    assert not looks_clipped(stored(x)) and looks_clipped(stored(x.clip(-0.2, 0.2)))


def test_one_cut_channel_is_enough_and_silence_was_not_cut() -> None:
    quiet, cut = 0.6 * shapes()["chord"], shapes()["hum"].clip(-0.7, 0.7)
    assert looks_clipped(np.stack([quiet, cut])) and not looks_clipped(np.stack([quiet, quiet]))
    assert not looks_clipped(np.zeros((2, 100))) and not looks_clipped(np.zeros((1, 0)))


def test_declip_finds_the_level_or_refuses() -> None:
    x = 0.9 * shapes()["chord"]
    cut = Clip(x.clip(-0.5, 0.5).astype(np.float32)[None], 44100)
    assert edits.declip(cut).edit == edits.declip(cut, 0.99 * 0.5).edit
    with pytest.raises(UserError, match="nothing in take wav looks clipped"):
        edits.declip(Clip(x.astype(np.float32)[None], 44100), name="take wav")


def test_channels_that_cancel_are_refused() -> None:
    x = 0.5 * shapes()["noise"].astype(np.float32)
    for other, silent in ((-x, True), (-0.7 * x, True), (x[::-1], False), (0 * x, False)):
        clip = Clip(np.stack([x, other]), 44100)
        if silent:
            with pytest.raises(UserError, match="the channels of recording cancel each other"):
                edits.fill(clip, 0.2, 0.5)
        else:
            edits.fill(clip, 0.2, 0.5)


@pytest.mark.parametrize("channels", [16, 24])
def test_channels_that_have_nothing_in_common_do_not_cancel(channels: int) -> None:
    rng = np.random.default_rng(1)
    for samples in (0.1 * rng.standard_normal((channels, 9000)), np.eye(channels, 1) * rng.uniform(-1, 1, 9000)):
        clip = Clip(samples.clip(-1, 1).astype(np.float32), 9000)
        assert edits.fill(clip, 0.2, 0.5).clips == (clip,)
