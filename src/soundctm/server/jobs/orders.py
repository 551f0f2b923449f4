"""From a request to recipes: everything that a job needs is looked up and checked before it is taken on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from soundctm import edits
from soundctm.audio import Clip, Recipe
from soundctm.checks import LONGEST, check_recipe
from soundctm.edits import Plan
from soundctm.errors import UserError
from soundctm.forbidden import Filter
from soundctm.model import SoundCTM
from soundctm.revisions import looped, refined, relatives, shaped
from soundctm.server.jobs.requests import (
    DeclipRequest,
    ExtendBandwidthRequest,
    ExtendRequest,
    FillRequest,
    GenerateRequest,
    JoinRequest,
    LoopRequest,
    MorphRequest,
    RefineRequest,
    Request,
    ShapeRequest,
    TransformRequest,
    VaryRequest,
)
from soundctm.server.library import Kind, Library
from soundctm.sources import Sources, find_clip

GUIDED = {"takes", "steps", "seed", "omega", "nu", "gamma", "negative", "targets", "steering"}


@dataclass(frozen=True)
class Order:
    """What is to be made, of which recordings (by digest), and as what it goes into the library; ``seed`` where it may
    have been drawn, None for takes that keep the seed of another."""

    recipes: tuple[Recipe, ...]
    sources: Sources
    parents: tuple[str, ...]
    kind: Kind
    seed: int | None = None


def order_of(request: Request, model: SoundCTM, library: Library, forbidden: Filter = Filter()) -> Order:
    """The order of a request. Raises :class:`UserError` for values out of range and for words that are forbidden, and
    what a library raises for a sound that is not there."""
    order = _Kitchen(model, library).order(request)
    prompts = sorted({prompt for recipe in order.recipes for prompt in recipe.prompts})
    for prompt in prompts:
        forbidden.check_prompt(prompt)
    forbidden.check_heard(prompts, model.understood)
    for recipe in order.recipes:
        check_recipe(recipe)
        for source in recipe.sources:
            find_clip(source, order.sources)
    recipes = tuple(model.computation.in_precision(recipe) for recipe in order.recipes)
    return replace(order, recipes=recipes)


class _Kitchen:
    def __init__(self, model: SoundCTM, library: Library) -> None:
        self.model, self.library = model, library

    def order(self, request: Request) -> Order:
        match request:
            case GenerateRequest():
                fields = _fields(request, GUIDED | {"seconds", "loop"})
                recipes = self.model.recipes(request.prompt, **fields)
                return Order(tuple(recipes), {}, (), "take", recipes[0].seed)
            case RefineRequest():
                return self._again(request.clip, "refined", lambda recipe: [refined(recipe, request.steps)])
            case VaryRequest():
                asked = request.model_dump(include={"takes", "first", "steps", "gamma", "turn"})
                return self._again(request.clip, "take", lambda recipe: relatives(recipe, **asked))
            case ShapeRequest():
                return self._shape(request)
            case LoopRequest():
                return self._loop(request)
            case JoinRequest() | MorphRequest():
                return self._pair(request)
            case _:
                return self._edit(request)

    def _again(self, identifier: str, kind: Kind, change: Callable[[Recipe], list[Recipe]]) -> Order:
        """A take of the library by a changed recipe."""
        recipe = self.model.recipe_of(self.library.clip(identifier))
        return Order(tuple(change(recipe)), self.library.sources(recipe), (identifier,), kind)

    def _shape(self, request: ShapeRequest) -> Order:
        if self.library.get(request.clip).recipe is None:
            raise UserError(
                "this sound carries no recipe, so it cannot be made again in another shape; give the edit transform "
                "the same targets"
            )
        asked = (request.targets, request.steering, request.steps, request.takes, self.model.hears)
        return self._again(request.clip, "edit", lambda recipe: shaped(recipe, *asked))

    def _loop(self, request: LoopRequest) -> Order:
        clip, name = self._sound(request.clip)
        if clip.recipe is not None and clip.recipe.edit is None and not request.prompt:
            if request.seed is not None:
                raise UserError("seed: a take is looped with its own seed; leave it out, or give a prompt")
            seconds = self.model.engine.whole_frames(clip.recipe.seconds, LONGEST)
            return self._again(request.clip, "edit", lambda recipe: [looped(recipe, seconds, request.steps)])
        plan = edits.loop(clip, request.seam, name)
        self._check_length(plan, (request.clip,))
        recipes = self.model.recipes(request.prompt, steps=request.steps, seed=request.seed, plan=plan)
        return Order(tuple(recipes), plan.sources, (request.clip,), "edit", recipes[0].seed)

    def _pair(self, request: JoinRequest | MorphRequest) -> Order:
        (clip, name), (other, others) = self._sound(request.clip), self._sound(request.other)
        if isinstance(request, JoinRequest):
            plan = edits.join(clip, other, request.gap, (name, others))
        else:
            names = (name, others)
            plan = edits.morph(clip, other, request.amount, other_prompt=request.other_prompt, names=names)
        return self._planned(request, plan, tuple(dict.fromkeys((request.clip, request.other))))

    def _edit(
        self, request: FillRequest | ExtendRequest | TransformRequest | ExtendBandwidthRequest | DeclipRequest
    ) -> Order:
        clip, name = self._sound(request.clip)
        match request:
            case FillRequest(start=start, end=end):
                plan = edits.fill(clip, start, end, name)
            case ExtendRequest(before=before, after=after):
                plan = edits.extend(clip, before, after, name)
            case TransformRequest(strength=strength):
                plan = edits.transform(clip, strength, name)
            case ExtendBandwidthRequest(cutoff=cutoff):
                plan = edits.extend_bandwidth(clip, cutoff, name)
            case DeclipRequest(level=level):
                plan = edits.declip(clip, level, name)
        return self._planned(request, plan, (request.clip,))

    def _planned(self, request: Request, plan: Plan, parents: tuple[str, ...]) -> Order:
        fields = _fields(request, GUIDED | {"prompt"})
        prompt = fields.pop("prompt")
        self._check_length(plan, parents)
        recipes = self.model.recipes(prompt, plan=plan, **fields)
        seed = recipes[0].seed if plan.recipe is None else None
        return Order(tuple(recipes), plan.sources, parents, "edit", seed)

    def _check_length(self, plan: Plan, parents: tuple[str, ...]) -> None:
        """Name the sounds of an edit that would be too long: nobody gave its seconds."""
        seconds = plan.seconds(self.model.sample_rate)
        if seconds > LONGEST:
            names = " with ".join(repr(self.library.get(identifier).name) for identifier in parents)
            less = "; or add less" if any(plan.added) else ""
            raise UserError(
                f"the clip {names} is too long: this edit would last {seconds:,.1f} s, and at most {LONGEST:g} s can "
                f"be made; cut a shorter part out of the sound and bring that in{less}"
            )

    def _sound(self, identifier: str) -> tuple[Clip, str]:
        return self.library.clip(identifier), self.library.get(identifier).name


def _fields(request: Request, names: set[str]) -> dict[str, Any]:
    """Values as they are, not as JSON."""
    return {name: getattr(request, name) for name in names}
