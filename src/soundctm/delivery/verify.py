"""Whether a sound is still what its recipe says: the recipe is replayed, what was done to a delivered file is done
again, and the two are compared.

``equal``: every sample is that of the replay, at the file's word length. ``close``: the same sound after a gain,
another rate, other channels or a codec, by the thresholds below. ``edited``: something was cut, added or changed.
``unknown``: there is nothing to compare with (no recipe, another model, a missing recording).

Small edits pass as close: a fade of 10 ms, an equaliser of a few dB, silence of up to 0.1 s at an end, another sound
that is quieter than codec noise. Thresholds and what codecs and edits measure are in ``docs/delivery.md``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np

from soundctm.audio import Clip, Recipe
from soundctm.audio.io import STEP_16, from_pcm24, to_pcm24
from soundctm.audio.origin import MADE_BY
from soundctm.audio.truncation import file_ends_early
from soundctm.delivery.formats import as_read, dithered_clip
from soundctm.delivery.likeness import EARLY, LOST, PADDING, Figures, compare
from soundctm.delivery.process import Delivery, deliver
from soundctm.delivery.reading import read_deliveries, read_tags, word_length
from soundctm.errors import UserError

Verdict = Literal["equal", "close", "edited", "unknown"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
CORRELATION = 0.9  # at least
RESIDUAL = 0.3  # of power, at most: -5.2 dB
DRIFT = 2.5  # dB, at most
EXCESS = 7.5  # dB, at most
UNALTERED = 0.01  # dB of gain that nobody meant


class Maker(Protocol):
    """What makes the clips of recipes: :class:`soundctm.model.SoundCTM`."""

    name: str
    model_hash: str

    def replay(
        self, recipes: Sequence[Recipe], callback: None = None, sources: Mapping[str, Clip] | None = None
    ) -> Iterator[Clip]:
        """The clips, in order."""
        ...


@dataclass(frozen=True)
class Verified:
    """A verdict, why, and the figures that it stands on (None where nothing had to be measured)."""

    verdict: Verdict
    reasons: tuple[str, ...]
    figures: Figures | None = None


def verify(
    sound: Clip | Path,
    model: Maker,
    sources: Mapping[str, Clip] | None = None,
    recipe: Recipe | None = None,
    deliveries: tuple[Delivery, ...] = (),
) -> Verified:
    """Compare a clip or a file with what its recipe makes.

    ``sources`` are the recordings that it was made from, by digest; ``recipe`` stands in for one that a conversion has
    lost, and ``deliveries`` for what may have been done to its take. Raises :class:`UserError` when a file cannot be
    read.
    """
    clip = sound if isinstance(sound, Clip) else Clip.load(sound)
    recipe = clip.recipe if recipe is None else recipe
    if recipe is None:
        return Verified("unknown", (missing_recipe(None if isinstance(sound, Clip) else sound),))
    reason = _obstacle(recipe, model, sources or {})
    if reason:
        return Verified("unknown", (reason,))
    try:
        made = next(iter(model.replay([recipe], None, sources)))
    except UserError as error:
        return Verified("unknown", (f"its recipe cannot be replayed: {error}",))
    own = () if isinstance(sound, Clip) else read_deliveries(sound)
    stored = "FLOAT" if isinstance(sound, Clip) else word_length(sound)
    try:
        return _best(judge(clip, version, stored) for version in _versions(made, own, deliveries))
    except UserError as error:
        return Verified("unknown", (f"what was done to its take cannot be done again: {error}",))


def missing_recipe(path: Path | None) -> str:
    """Why a sound without a recipe cannot be compared; editors often leave other metadata that names its origin."""
    if path is not None and file_ends_early(path):
        return "it is cut off: it ends before its header says, and a recipe stands at the end; fetch it again"
    if path is not None and any(MADE_BY in text for text in _texts(read_tags(path))):
        return "it was made by soundctm, as its other metadata says, but an editor or a conversion has lost its recipe"
    return "it carries no recipe: not made by soundctm, or an editor or a conversion has lost it"


def _texts(told: object) -> Iterator[str]:
    """All texts in metadata."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping | list):
        for each in told.values() if isinstance(told, Mapping) else told:
            yield from _texts(each)


def _versions(made: Clip, own: tuple[Delivery, ...], given: tuple[Delivery, ...]) -> Iterator[Clip]:
    """What the file may be: the take, unless the file says what was done to it; the take as it was delivered, straight
    from the model or from a file of 24 bits."""
    if not own:
        yield made
    if own or given:
        saved = from_pcm24(to_pcm24(made.samples))
        yield repeated(made, own or given)
        yield repeated(Clip(saved, made.sample_rate, made.recipe), own or given)


def repeated(clip: Clip, deliveries: Sequence[Delivery]) -> Clip:
    """A take after these deliveries, each read from the file that the one before it wrote."""
    for delivery in deliveries:
        clip = as_read(deliver(clip, delivery))
    return clip


def _best(found: Iterator[Verified]) -> Verified:
    """The best verdict, the first of its kind; none is sought beyond an equal one."""
    heard = list[Verified]()
    for each in found:
        heard.append(each)
        if each.verdict == "equal":
            break
    return min(heard, key=lambda verified: VERDICTS.index(verified.verdict))


def _obstacle(recipe: Recipe, model: Maker, sources: Mapping[str, Clip]) -> str:
    if recipe.model_hash != model.model_hash:
        return (
            f"model {recipe.model} ({recipe.model_hash}) made it, not {model.name} ({model.model_hash}): load that one"
        )
    missing = [source.name for source in recipe.sources if source.digest not in sources]
    return f"it was made from {', '.join(missing)}: give the recording to replay it" if missing else ""


def judge(clip: Clip, made: Clip, stored: str) -> Verified:
    """Compare a clip with its replay; ``stored`` is libsndfile's name of the file's word length."""
    if _same_samples(clip, made, stored):
        return Verified("equal", (f"every sample is that of the replay ({stored})",))
    if not np.isfinite(clip.samples).all():
        return Verified("edited", ("it has samples that are no numbers (NaN or infinite)",))
    figures = compare(clip, made)
    changes = _changes(figures)
    return Verified("edited", changes, figures) if changes else Verified("close", _notes(clip, made, figures), figures)


def _same_samples(clip: Clip, made: Clip, stored: str) -> bool:
    if (clip.sample_rate, clip.samples.shape) != (made.sample_rate, made.samples.shape):
        return False
    wanted: dict[str, list[np.ndarray]] = {
        "PCM_16": [
            dithered_clip(made) * STEP_16,
            np.clip(np.rint(made.samples / STEP_16), -(2**15), 2**15 - 1) * STEP_16,
        ],
        "PCM_24": [from_pcm24(to_pcm24(made.samples))],
        "FLOAT": [made.samples, from_pcm24(to_pcm24(made.samples))],
        "VORBIS": [made.samples],
    }
    wanted["DOUBLE"] = wanted["FLOAT"]
    return any(np.array_equal(clip.samples, each.astype(np.float32)) for each in wanted.get(stored, []))


def _changes(found: Figures) -> tuple[str, ...]:
    """What no conversion does, in words; none where all is within the thresholds."""
    tests = (
        (found.longer > PADDING, f"{found.longer:.3f} s longer than its replay; codecs add up to {PADDING} s"),
        (found.longer < -LOST, f"{-found.longer:.3f} s shorter than its replay; conversions lose up to {LOST} s"),
        (found.later < -EARLY, f"it begins {-found.later:.3f} s into its replay"),
        (found.correlation < CORRELATION, f"correlation {found.correlation:.3f}, close is {CORRELATION} and more"),
        (
            found.residual > RESIDUAL,
            f"in one stretch {found.residual:.2f} of the power differs, close is up to {RESIDUAL}",
        ),
        (found.drift > DRIFT, f"one stretch has another gain by {found.drift:.1f} dB, close is up to {DRIFT}"),
        (found.excess > EXCESS, f"one band is {found.excess:.1f} dB too loud, close is up to {EXCESS}"),
    )
    return tuple(words for failed, words in tests if failed)


def _notes(clip: Clip, made: Clip, found: Figures) -> tuple[str, ...]:
    """What was done to a close one, as far as it shows."""
    notes = [f"the same sound: correlation {found.correlation:.4f}, worst stretch {found.residual:.3f}"]
    if clip.sample_rate != made.sample_rate:
        notes.append(f"at {clip.sample_rate} Hz, made at {made.sample_rate}")
    if len(clip.samples) != len(made.samples):
        notes.append(f"{len(clip.samples)} channels, made with {len(made.samples)}")
    notes += [f"gain {found.gain:+.2f} dB"] if abs(found.gain) > UNALTERED else []
    notes += ["polarity turned"] if found.inverted else []
    notes += [f"begins {found.later * 1000:.1f} ms later"] if found.later * clip.sample_rate >= 1 else []
    return tuple(notes)
