"""What can be done to a recording: each function makes a plan for :meth:`SoundCTM.edit`.

>>> clips = model.edit(edits.fill(recording, start=1.0, end=2.0), "a dog barking", steps=16)
"""

from dataclasses import dataclass

from soundctm.arguments import checked
from soundctm.audio import Clip, Recipe
from soundctm.audio.clipping import TOP, looks_clipped
from soundctm.audio.edit import Declip, Edit, Extend, ExtendBandwidth, Fill, Join, Loop, Morph, Source, Transform
from soundctm.audio.io import STEP_16
from soundctm.audio.origin import clean
from soundctm.audio.resample import resampled_length
from soundctm.checks import LONGEST, check_model, check_prompt, check_source, within
from soundctm.errors import UserError
from soundctm.sources import Sources

SHORTEST = 0.05  # seconds that can be invented at least
WEAKEST = 0.001  # strength of a transform that does anything


@dataclass(frozen=True)
class Plan:
    """An edit, the recordings it needs, and the seconds that are added to them. ``recipe`` is that of the take which
    is worked on, for edits that begin with a take."""

    edit: Edit
    clips: tuple[Clip, ...] = ()
    added: tuple[float, ...] = ()
    recipe: Recipe | None = None
    other: Recipe | None = None

    @property
    def sources(self) -> Sources:
        """The recordings by digest."""
        return {clip.digest: clip for clip in self.clips}

    def seconds(self, sample_rate: int) -> float:
        """Length of the result at a sample rate, whole samples."""
        if self.recipe is not None:
            return self.recipe.seconds
        counted = self.clips[:1] if isinstance(self.edit, Morph) else self.clips
        parts = [resampled_length(clip.samples.shape[1], clip.sample_rate, sample_rate) for clip in counted]
        return (sum(parts) + sum(round(seconds * sample_rate) for seconds in self.added)) / sample_rate

    def check(self, takes: int, guided: bool, name: str, model_hash: str) -> None:
        """Raise :class:`UserError` unless so many takes can be made by the model of this name and hash, ``guided`` by a
        prompt or a setting or not."""
        if isinstance(self.edit, Morph) and takes != 1:
            raise UserError(f"takes is {takes}; a morph has one sound for each amount, so leave it at 1")
        if self.recipe is not None and guided:
            raise UserError("a morph that begins with a take keeps its prompt, seed and guidance; leave them out")
        for made in filter(None, (self.recipe, self.other)):
            check_model(made, name, model_hash)

    @property
    def words(self) -> str:
        """The prompt that the edit brings along: that of the other sound of a morph."""
        return self.edit.prompt if isinstance(self.edit, Morph) else ""

    def begun(self, recipe: Recipe) -> Recipe:
        """The recipe of this edit with what it keeps of the take that it begins with."""
        kept = {"prompt", "seed", "take", "omega", "nu", "negative", "sigma_first", "audition"}
        return recipe if self.recipe is None else recipe.model_copy(update=self.recipe.model_dump(include=kept))


def source_of(clip: Clip, name: str) -> Source:
    """How a recipe names a recording, which is held against :func:`check_source` first; names of files that are no
    UTF-8 are written as near as can be."""
    check_source(clip, name)
    return Source(name=clean(name), digest=clip.digest)


@checked
def extend_bandwidth(clip: Clip, cutoff: float, name: str = "recording") -> Plan:
    """Invent what lies above ``cutoff`` Hz (20 Hz to just below half the recording's rate); what lies below stays."""
    source = source_of(clip, name)
    within("cutoff", cutoff, 20.0, 0.49 * clip.sample_rate, "in Hz, below half the recording's sample rate")
    return Plan(ExtendBandwidth(source=source, cutoff=cutoff), (clip,))


@checked
def declip(clip: Clip, level: float | None = None, name: str = "recording") -> Plan:
    """Restore samples that were clipped at ``level`` (in sample values, 1 is full scale); None: at 99 % of the loudest,
    where that looks like clipping. Where the tops reach beyond full scale, the whole is turned down."""
    source = source_of(clip, name)
    if level is None:
        if not looks_clipped(clip.samples):
            raise UserError(
                f"nothing in {name} looks clipped, as its samples do not gather at the loudest level; give --level if "
                "you know better: where its tops were cut off"
            )
        level = TOP * float(abs(clip.samples).max())
    within("level", level, 0.001, 1.0, "the sample value at which the recording was clipped")
    loudest = float(abs(clip.samples).max())
    if loudest < level - STEP_16:
        raise UserError(f"level is {level}, but no sample goes beyond {loudest:.3g}: nothing was clipped there")
    return Plan(Declip(source=source, level=level), (clip,))


@checked
def fill(clip: Clip, start: float, end: float, name: str = "recording") -> Plan:
    """Invent what lies between ``start`` and ``end`` seconds; every sample outside stays."""
    source = source_of(clip, name)
    within("start", start, 0.0, clip.duration, "in seconds, inside the recording")
    within("end", end, 0.0, clip.duration, "in seconds, inside the recording")
    if end - start < SHORTEST:
        raise UserError(f"the gap goes from {start} to {end} seconds; its end must lie at least {SHORTEST} s later")
    if end - start > clip.duration - SHORTEST:
        raise UserError(f"the gap leaves less than {SHORTEST} s of the recording; use generate for a new sound")
    return Plan(Fill(source=source, start=start, end=end), (clip,))


@checked
def extend(clip: Clip, before: float = 0.0, after: float = 0.0, name: str = "recording") -> Plan:
    """Invent so many seconds before and after; every sample of the recording stays."""
    source = source_of(clip, name)
    for side, seconds in (("before", before), ("after", after)):
        within(side, seconds, 0.0, LONGEST, "seconds that are added")
    if before + after < SHORTEST:
        raise UserError(f"before is {before} and after {after} seconds; give one of them, {SHORTEST} seconds or more")
    return Plan(Extend(source=source, before=before, after=after), (clip,), (before, after))


@checked
def join(clip: Clip, other: Clip, gap: float, names: tuple[str, str] = ("recording", "other")) -> Plan:
    """Lead from one recording to another in ``gap`` seconds (0.05 to 30)."""
    within("gap", gap, SHORTEST, 30.0, "seconds between the recordings")
    edit = Join(source=source_of(clip, names[0]), other=source_of(other, names[1]), gap=gap)
    return Plan(edit, (clip, other), (gap,))


@checked
def loop(clip: Clip, seam: float = 0.5, name: str = "recording") -> Plan:
    """Make the end of a recording lead into its beginning: ``seam`` seconds, half at each end, are invented."""
    source = source_of(clip, name)
    within("seam", seam, SHORTEST, clip.duration / 2, "seconds, at most half the recording")
    return Plan(Loop(source=source, seam=seam), (clip,))


@checked
def transform(clip: Clip, strength: float, name: str = "recording") -> Plan:
    """The recording under another prompt; ``strength`` 0 returns it as the autoencoder hears it, 1 forgets it."""
    source = source_of(clip, name)
    within("strength", strength, 0.0, 1.0, "0 keeps the recording, 1 forgets it")
    if 0 < strength < WEAKEST:
        raise UserError(f"strength is {strength}; give 0, which keeps the recording, or {WEAKEST} and more")
    return Plan(Transform(source=source, strength=strength), (clip,))


@checked
def morph(
    clip: Clip, other: Clip, amount: float, *, other_prompt: str = "", names: tuple[str, str] = ("recording", "other")
) -> Plan:
    """Between two sounds: ``amount`` 0 gives the first, 1 the second. The result is as long as the first.

    Two plain takes of one length and guidance start from their own noise and prompts. Anything else is a recording and
    inverted to noise first, the other under ``other_prompt`` (or the prompt of its recipe): recordings, takes that were
    edited, steered, looped or varied, and an other take that differs from the first in length or guidance, or follows a
    recording. The decoder's texture is the first sound's throughout.
    """
    within("amount", amount, 0.0, 1.0, "0 is the first sound, 1 the second")
    mine, theirs = _plain_take(clip), _plain_take(other)
    if mine is None or (theirs is not None and _guided(mine) != _guided(theirs)):
        theirs = None
    heard = other_prompt or (other.recipe.prompt if other.recipe else "")
    if heard:
        check_prompt(heard, "other prompt")
    edit = Morph(
        amount=amount,
        prompt=theirs.prompt if theirs else heard,
        seed=theirs.seed if theirs else 0,
        take=theirs.take if theirs else 0,
        audition=theirs.audition if theirs else None,
        source=None if mine else source_of(clip, names[0]),
        other=None if theirs else source_of(other, names[1]),
    )
    needed = tuple(c for c, recipe in ((clip, mine), (other, theirs)) if recipe is None)
    return Plan(edit, needed, recipe=mine, other=theirs)


def _plain_take(clip: Clip) -> Recipe | None:
    """The recipe of a clip that was generated from its noise and prompt alone."""
    recipe = clip.recipe
    if recipe is None or recipe.edit or recipe.loop or recipe.targets:
        return None
    return None if recipe.gamma or recipe.variation or recipe.turns else recipe


def _guided(recipe: Recipe) -> tuple[float | str, ...]:
    """What the ends of a morph must share."""
    return (recipe.seconds, recipe.omega, recipe.nu, recipe.negative)
