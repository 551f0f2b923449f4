"""Draws a sound with attributes, says in words what it is, and joins two into a sequence or a mixture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from soundctm.training.data.procedural.base import REGISTRY, Attributes, Kind, Sample, SoundClass, active_rms, finish
from soundctm.training.data.procedural.primitives import SAMPLE_RATE

Rng = np.random.Generator

WORDS: dict[str, tuple[str, ...]] = {
    "low": ("low", "low-pitched", "deep"),
    "high": ("high", "high-pitched", "shrill"),
    "slow": ("slow",),
    "fast": ("fast", "rapid", "quick"),
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
    "near": ("near", "close", "nearby"),
    "far": ("far away", "distant", "in the distance", "far"),
    "quiet": ("quiet", "soft", "faint"),
    "loud": ("loud",),
}
# Sizes of what has no size of its own.
CLASS_WORDS = {("rain", "large"): ("heavy",), ("rain", "small"): ("light", "gentle")}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
AFTER = frozenset({"far away", "in the distance", "nearby", "near", "close", "far"})
ON = {
    "roof": "on a tin roof", "leaves": "on leaves", "ground": "on the ground", "gravel": "on gravel",
    "wood": "on a wooden floor", "snow": "on snow", "concrete": "on concrete",
}  # fmt: skip


def _with(a: Attributes, name: Literal["pitch", "speed", "size"], more: bool) -> Attributes:
    """Set an attribute to its higher or lower value."""
    if name == "pitch":
        return replace(a, pitch="high" if more else "low")
    if name == "speed":
        return replace(a, speed="fast" if more else "slow")
    return replace(a, size="large" if more else "small")


def draw_attributes(rng: Rng, cls: SoundClass) -> Attributes:
    """About two attributes a sound, from those its class obeys and the two that all obey."""
    a = Attributes()
    for name in cls.obeys:
        if name == "count":
            if rng.random() < 0.4:
                a = replace(a, count=int(rng.choice([1, 2, 3, 4, 5, 6], p=[0.24, 0.16, 0.24, 0.12, 0.18, 0.06])))
        elif rng.random() < 0.36:
            a = _with(a, name, bool(rng.random() < 0.5))
    if rng.random() < 0.2:
        a = replace(a, distance="near" if rng.random() < 0.5 else "far")
    if rng.random() < 0.2:
        a = replace(a, loudness="quiet" if rng.random() < 0.5 else "loud")
    if cls.surfaces and rng.random() < 0.6:
        a = replace(a, surface=str(rng.choice(cls.surfaces)))
    if a.count is not None and (a.count == 1 or (a.count > 4 and a.speed == "slow")):
        a = replace(a, speed="medium")  # one event has no rate; six slow ones do not fit
    return a


def _at_odds(noun: str, a: Attributes) -> bool:
    """Whether a noun says of itself, as "a deep drone" does, what the attributes say again or deny."""
    words = noun.split()
    return ("deep" in words and a.pitch != "middle") or ("heavy" in words and a.size != "medium")


def caption(rng: Rng, cls: SoundClass, a: Attributes) -> str:
    """What the sound is, in one of many wordings."""
    before: list[str] = []
    after: list[str] = []
    for value in (a.loudness, a.size, a.pitch, a.speed, a.distance):
        words = CLASS_WORDS.get((cls.name, value), WORDS.get(value))
        if words:
            word = str(rng.choice(words))
            (
                after
                if word in AFTER and ((word != "far" and word != "near" and word != "close") or rng.random() < 0.5)
                else before
            ).append(word)
    rng.shuffle(before)
    if a.surface:
        after.insert(0, ON[a.surface])
    if a.count is not None and cls.events is not None:
        head = cls.events[0] if a.count == 1 else cls.events[1]
        number = str(rng.choice(["one", "a single"])) if a.count == 1 else NUMBERS[a.count]
        return " ".join([number, *before, head, *after])
    noun = str(rng.choice([n for n in cls.nouns if not _at_odds(n, a)]))
    article, _, rest = noun.partition(" ")
    if article in ("a", "an", "the") and before:
        new = "the" if article == "the" else ("an" if before[0][0] in "aeiou" else "a")
        noun = " ".join([new, *before, rest])
    else:
        noun = " ".join([*before, noun])
    text = " ".join([noun, *after])
    prefix = str(rng.choice(["", "", "", "", "the sound of ", "sound of "]))
    return prefix + text


def render(rng: Rng, name: str, a: Attributes, length: int) -> np.ndarray:
    """One sound of a class with given attributes, ``[length]`` float32 in (-1, 1)."""
    raw = REGISTRY[name].synth(rng, a, length)
    return finish(rng, raw, a)


def draw_class(rng: Rng, names: Sequence[str] | None = None) -> SoundClass:
    """A class by its weight, from all or from ``names``."""
    classes = list(REGISTRY.values()) if names is None else [REGISTRY[name] for name in names]
    weights = np.array([c.weight for c in classes])
    return classes[int(rng.choice(len(classes), p=weights / weights.sum()))]


def single(rng: Rng, length: int, name: str | None = None) -> Sample:
    """One class with drawn attributes."""
    cls = draw_class(rng, None if name is None else [name])
    a = draw_attributes(rng, cls)
    return Sample(render(rng, cls.name, a, length), caption(rng, cls, a), (cls.name,), "single", a)


def _two(rng: Rng) -> tuple[SoundClass, SoundClass]:
    first = draw_class(rng)
    second = draw_class(rng)
    while second.name == first.name:
        second = draw_class(rng)
    return first, second


def counted(rng: Rng, length: int) -> Sample:
    """``three slow knocks``: a class whose events are counted, one to six of them, each number as often."""
    cls = draw_class(rng, [cls.name for cls in REGISTRY.values() if "count" in cls.obeys])
    a = Attributes(count=int(rng.integers(1, 7)))
    if "speed" in cls.obeys and 1 < (a.count or 1) <= 4 and rng.random() < 0.4:
        a = _with(a, "speed", bool(rng.random() < 0.5))
    if rng.random() < 0.15:
        a = replace(a, distance="near" if rng.random() < 0.5 else "far")
    return Sample(render(rng, cls.name, a, length), caption(rng, cls, a), (cls.name,), "counted", a)


def _part(rng: Rng, cls: SoundClass) -> Attributes:
    """The attributes of a part of a sequence: none as a rule, sometimes a few, and no more events than fit."""
    if rng.random() < 0.65:
        return _plain(rng, cls)
    a = draw_attributes(rng, cls)
    if a.count is not None:
        a = replace(a, count=min(a.count, 3), speed="medium")
    return a


def _plain(rng: Rng, cls: SoundClass) -> Attributes:
    """At most a surface: a pair of sounds is enough to say."""
    return Attributes(surface=str(rng.choice(cls.surfaces)) if cls.surfaces and rng.random() < 0.3 else None)


def sequence(rng: Rng, length: int) -> Sample:
    """``A, then B``: A fills the first part, B the second, with a short fade between."""
    first, second = _two(rng)
    a, b = _part(rng, first), _part(rng, second)
    cut = int(length * rng.uniform(0.42, 0.58))
    fade = np.linspace(0, 1, SAMPLE_RATE // 20)
    x, y = render(rng, first.name, a, cut), render(rng, second.name, b, length - cut)
    x[-len(fade) :] *= fade[::-1]
    y[: len(fade)] *= fade
    joint = str(rng.choice([", then ", " followed by ", " and then ", ", after that "]))
    words = caption(rng, first, a) + joint + caption(rng, second, b)
    return Sample(np.concatenate([x, y]), words, (first.name, second.name), "sequence")


def mixture(rng: Rng, length: int) -> Sample:
    """``A with B``: both at once, the second somewhat quieter when it is in the background."""
    first, second = _two(rng)
    a, b = _plain(rng, first), _plain(rng, second)
    x, y = render(rng, first.name, a, length), render(rng, second.name, b, length)
    background = bool(rng.random() < 0.5)
    ratio = active_rms(x) / active_rms(y) * 10 ** (-(9.0 if background else 0.0) / 20)
    mixed = x + ratio * y
    mixed = mixed * min(1.0, 0.95 / float(np.abs(mixed).max()))
    one, other = caption(rng, first, a), caption(rng, second, b)
    words = f"{one} with {other} in the background" if background else f"{one} {rng.choice(['and', 'with'])} {other}"
    return Sample(mixed.astype(np.float32), words, (first.name, second.name), "mixture")


MAKERS: dict[Kind, tuple[float, Callable[[Rng, int], Sample]]] = {  # share of the training sounds, and how one is made
    "single": (0.58, single),
    "sequence": (0.18, sequence),
    "mixture": (0.09, mixture),
    "counted": (0.15, counted),
}


def make(rng: Rng, seconds: float = 5.0) -> Sample:
    """One random training sound of so many seconds."""
    shares = [share for share, _ in MAKERS.values()]
    kind = list(MAKERS)[int(rng.choice(len(MAKERS), p=shares))]
    return MAKERS[kind][1](rng, round(seconds * SAMPLE_RATE))
