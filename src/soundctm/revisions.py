"""The recipe of a take, changed: in more steps, as a relative, in another shape, as a loop."""

from collections.abc import Iterable
from importlib.metadata import version

from soundctm.arguments import checked
from soundctm.audio import Recipe
from soundctm.audio.recipe import Steering, Turn
from soundctm.audio.target import Target
from soundctm.checks import MAX_VARIATION, check_takes, within
from soundctm.conditioning.counts import said_count
from soundctm.errors import UserError

COUNTED_SECONDS = 30.0  # longer sounds are heard once where nobody asks for more
GAMMA, WAY = 0.3, 16  # of relatives by other noise on the way: how much of it, and in how many steps


@checked
def refined(recipe: Recipe, steps: int) -> Recipe:
    """The same noise and prompt in other steps, gamma = 0."""
    _check_other_steps(recipe)
    return recipe.model_copy(update={"steps": steps, "gamma": 0.0, "version": version("soundctm")})


def _check_other_steps(recipe: Recipe) -> None:
    if recipe.variation:
        raise UserError(
            "this clip is a relative made with gamma, whose course is another at every number of steps, so it "
            "cannot be refined; make relatives in as many steps as you want them to have"
        )


@checked
def relatives(
    recipe: Recipe, takes: int, *, first: int, steps: int | None, gamma: float | None, turn: float | None
) -> list[Recipe]:
    """Takes that are related to one, numbered from ``first`` on: by ``gamma``, or where a ``turn`` is given by that
    (:meth:`SoundCTM.vary`)."""
    check_takes(takes)
    within("first", first, 1, MAX_VARIATION + 1 - takes, "relatives are counted from 1")
    numbers = range(first, first + takes)
    if turn is None:
        return _on_the_way(recipe, GAMMA if gamma is None else gamma, numbers, WAY if steps is None else steps)
    if gamma is not None:
        raise UserError(f"vary: gamma is {gamma} and turn {turn}; they are two ways to a relative, give one of them")
    if not 0 < turn <= 1:
        raise UserError(f"vary: turn is {turn}; it must be above 0, to 1, a share of a quarter circle")
    if steps is None or steps == recipe.steps:
        return [turned(recipe, number, turn) for number in numbers]
    _check_other_steps(recipe)
    return [turned(recipe.model_copy(update={"steps": steps}), number, turn) for number in numbers]


def _on_the_way(recipe: Recipe, gamma: float, numbers: Iterable[int], steps: int) -> list[Recipe]:
    """The same noise to start from, other noise on the way."""
    if not (0 < gamma <= 1 and steps >= 2):
        raise UserError(f"vary: gamma is {gamma} and steps {steps}; gamma must be above 0 to 1, steps 2 or more")
    changes = {"gamma": gamma, "steps": steps, "version": version("soundctm")}
    return [recipe.model_copy(update={**changes, "variation": number}) for number in numbers]


@checked
def turned(recipe: Recipe, variation: int, share: float) -> Recipe:
    """A relative: the start of the take, turned by ``share`` of a quarter toward the noise of a ``variation``, from 1.

    What noise is added on the way is turned as far. The noises of several relatives lie farther from each other than
    from the take's. Relatives by little gamma do not: their levels are others than those of the take, and what that
    changes is common to them (docs/batch.md).
    """
    turn = Turn(variation=variation, share=share)
    return recipe.model_copy(update={"turns": (*recipe.turns, turn), "version": version("soundctm")})


def steered(recipe: Recipe, steering: Steering, fresh: bool, hears: bool) -> Recipe:
    """The same with a steering that suits its targets, or where it has none its words; ``fresh``: its noise is any, not
    that of a take; ``hears``: its model can tell how well a sound fits words.

    Raises :class:`UserError` for auditions where nothing says which of them to begin with.
    """
    if recipe.targets:
        settled = steering.settled(recipe.targets, recipe.decided_first, fresh, hears)
    else:
        tells = recipe.sigma_first is not None and not recipe.gamma and recipe.seconds <= COUNTED_SECONDS
        settled = steering.settled_by_words(said_count(recipe.prompt), fresh and tells)
    if settled.events is None and not hears and (settled.shortlist or 1) > 1 and not recipe.targets:
        raise UserError(
            f"auditions is {settled.auditions}, but nothing says which to begin with: no number of events is given, "
            "and this model cannot hear how well a sound fits its words; give 1, or events"
        )
    return recipe.model_copy(update={"steering": settled})


def check_choice(recipe: Recipe, steering: Steering, hears: bool) -> None:
    """Raise :class:`UserError` where noise is to be chosen and cannot be: for an edit, by words for a model that does
    not ``hear``, by a number for what has targets or is steered by its start."""
    among = steering.shortlist or 1
    if recipe.edit is not None and (steering.auditions or 1) > 1:
        raise UserError(f"auditions is {steering.auditions}, but an edit begins with the noise of its seed; give 1")
    if among > 1 and not hears:
        raise UserError(f"shortlist is {among}, but this model cannot hear how well a sound fits its words; give 1")
    if steering.events is not None and (recipe.targets or recipe.edit or steering.method != "guidance"):
        raise UserError(
            f"events is {steering.events}, but targets, an edit or the method start say what a take begins with; "
            "leave events out"
        )


def chosen(recipe: Recipe, steering: Steering, fresh: bool, hears: bool) -> Recipe:
    """The same, :func:`steered`, as somebody asks for it. Raises :class:`UserError` where :func:`check_choice` does,
    and for the strength of a correction in a single step, which decides what the sound is and is left alone."""
    check_choice(recipe, steering, hears)
    if (steering.strength or 0.0) > 0.0 and steering.method == "guidance" and recipe.targets and recipe.steps == 1:
        raise UserError(
            f"the strength of guidance is {steering.strength:g}, but a single step is not corrected; give 2 steps or "
            "more"
        )
    return steered(recipe, steering, fresh, hears)


@checked
def shaped(
    recipe: Recipe, targets: tuple[Target, ...], steering: Steering, steps: int, takes: int, hears: bool
) -> list[Recipe]:
    """The same noise and prompt, steered to targets; further takes have the numbers that follow, and noise of their
    own. A ``steering`` with ``auditions`` chooses the noise anew (1: that of the seed), for a model that ``hears`` by
    its words too."""
    check_takes(takes)
    anew = steering.auditions is not None and steering.method == "guidance"
    changes = {"targets": targets, "steps": steps, "version": version("soundctm")}
    first = chosen(recipe.model_copy(update=changes), steering, fresh=False, hears=hears)
    own = first.model_copy(update={"audition": None, "turns": ()})
    return [own if anew else first, *(own.model_copy(update={"take": own.take + i}) for i in range(1, takes))]


@checked
def looped(recipe: Recipe, seconds: float, steps: int) -> Recipe:
    """A sound of so many seconds, whole frames of a circle, without ends."""
    if recipe.edit is not None:
        raise UserError(f"this clip is the result of an edit ({recipe.edit.kind}); loop it with edits.loop")
    return recipe.model_copy(update={"loop": True, "seconds": seconds, "steps": steps, "version": version("soundctm")})
