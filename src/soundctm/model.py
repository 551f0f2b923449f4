"""SoundCTM: the rooms assembled into a model that turns words into sound."""

import secrets
from collections.abc import Iterator, Sequence
from copy import copy
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from soundctm.arguments import checked
from soundctm.audio import Clip, Recipe
from soundctm.audio.recipe import Steering
from soundctm.audio.target import Target
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.autoencoder.rows import lay_out
from soundctm.backbones import DiT
from soundctm.checks import LONGEST, check_asked, check_device, check_model, check_recipe
from soundctm.computation import Computation
from soundctm.conditioning import Conditioning
from soundctm.config import ModelConfig
from soundctm.crew import perform
from soundctm.edits import Plan
from soundctm.engines import EngineName, EngineOptions, Precision
from soundctm.errors import UserError
from soundctm.folder import SHIPPED, Parts, locate, read_parts, write_parts
from soundctm.performance import Performance, StepCallback, Tick, counted, work
from soundctm.prompts import Prompts
from soundctm.revisions import chosen, looped, refined, relatives
from soundctm.sources import Sources
from soundctm.takes import Engine


class SoundCTM:
    """A student with its autoencoder and text encoder. Build it with :meth:`from_pretrained`.

    Attributes beside its parts: ``name``, ``config``, ``model_hash``, ``device``, ``computation``.
    """

    def __init__(self, parts: Parts, name: str, device: torch.device | str = "cpu") -> None:
        self.name = name
        self.config: ModelConfig = parts.config
        self.model_hash = parts.model_hash
        self.device = torch.device(device)
        self.phrasebook = parts.phrasebook
        self._parts = parts
        for part in filter(None, (self.student, self.teacher, self.autoencoder, self.text_encoder, self.normalizer)):
            part.to(self.device)
        lay_out(self.autoencoder)
        cores = torch.get_num_threads()  # asked once: what a thread finds later depends on who spoke last
        self.computation = Computation(parts, self.device, EngineOptions("eager", parts.precision), cores)
        self._prompts = Prompts(
            self.text_encoder, parts.phrasebook, self.student, self.device, self.computation.arithmetic
        )

    @classmethod
    def from_pretrained(
        cls, name: str | Path, device: torch.device | str = "cpu", precision: Precision = "float32"
    ) -> "SoundCTM":
        """Load ``"mini"`` (ships with the package), a model folder, or a hub id like ``"user/model"``.

        In "bfloat16" and "int8" a large student is never whole in float32: a half or a quarter of the memory, but
        nothing that needs gradients (targets), and no way back. :meth:`optimize` keeps both.
        Raises :class:`UserError` for an unknown name, device or precision, and for a missing, damaged or odd file.
        """
        device, options = check_device(device), EngineOptions("eager", precision)
        folder = locate(name)
        own = folder.parent != SHIPPED and Path(name).is_dir()  # a recipe must find the folder from anywhere
        parts = read_parts(folder, options.precision, device)
        return cls(parts, str(folder.resolve() if own else name), device)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Write a model folder that :meth:`from_pretrained` reads."""
        return write_parts(self._parts, Path(folder))

    @property
    def student(self) -> DiT:
        """Jumps from any noise level to any lower one. Parts are not exchanged: a model is built from its parts."""
        return self._parts.student

    @property
    def teacher(self) -> DiT | None:
        """What the student was distilled from, where it came along."""
        return self._parts.teacher

    @property
    def autoencoder(self) -> nn.Module:
        """Waveform to raw latents and back."""
        return self._parts.autoencoder

    @property
    def text_encoder(self) -> nn.Module:
        """Prompts to conditioning."""
        return self._parts.text_encoder

    @property
    def normalizer(self) -> Normalizer:
        """Raw latents to those of the student and back."""
        return self._parts.normalizer

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return int(self.autoencoder.sample_rate)  # type: ignore[arg-type]

    def optimize(self, engine: EngineName = "auto", precision: Precision = "float32") -> "SoundCTM":
        """This model, computed otherwise; what is there already is shared, and this one stays as it is.

        See :mod:`soundctm.engines` for the names. Sounds that follow targets need gradients: they are made by the plain
        networks all the same. Raises :class:`UserError` for an engine or a precision that is not to be had here.
        """
        other = copy(self)
        options = EngineOptions(engine, precision)
        other.computation = Computation(self._parts, self.device, options, self.computation.cores)
        return other

    @property
    def hears(self) -> bool:
        """Whether it can tell how well a sound fits words."""
        return self._prompts.match is not None

    @property
    def engine(self) -> Engine:
        """The parts that turn a recipe into samples."""
        return self._engine(*self.computation.networks)

    def _engine(self, student: nn.Module, autoencoder: nn.Module) -> Engine:
        return Engine(student, autoencoder, self.normalizer, self.config, self.device, self.encode, self._prompts.match)

    def frames(self, seconds: float) -> int:
        """Latent frames that hold so many seconds."""
        return self.engine.frames(seconds)

    @checked
    def recipes(
        self,
        prompt: str,
        *,
        takes: int = 1,
        steps: int = 1,
        seconds: float | None = None,
        seed: int | None = None,
        omega: float | None = None,
        nu: float = 1.0,
        gamma: float = 0.0,
        negative: str = "",
        loop: bool = False,
        targets: Sequence[Target] = (),
        steering: Steering = Steering(),
        plan: Plan | None = None,
    ) -> list[Recipe]:
        """What :meth:`generate`, or with a ``plan`` :meth:`edit`, is going to make: checked, with the defaults and the
        seed filled in. ``plan`` says the seconds."""
        if plan is not None:
            guided = bool(prompt or negative or seed is not None or omega is not None or nu != 1.0)
            plan.check(takes, guided, self.name, self.model_hash)
            seconds = plan.seconds(self.sample_rate)
        check_asked(takes, prompt, negative, nu, edits=plan is not None)
        self._prompts.check_read(prompt, negative, "" if plan is None else plan.words)
        first = Recipe(
            prompt=prompt, seed=secrets.randbelow(2**31) if seed is None else seed, take=0, steps=steps,
            seconds=self.config.seconds if seconds is None else seconds,
            omega=self.config.omega if omega is None else omega, nu=nu, gamma=gamma, model=self.name,
            model_hash=self.model_hash, sample_rate=self.sample_rate, version=version("soundctm"), negative=negative,
            loop=loop, targets=tuple(targets), edit=None if plan is None else plan.edit,
        )  # fmt: skip
        if first.of_noise:
            first = first.model_copy(update={"sigma_first": self.config.sigma_first})
        first = chosen(first, steering, fresh=plan is None, hears=self.hears)
        check_recipe(first)
        if loop:
            first = first.model_copy(update={"seconds": self._round(first.seconds)})
        recipes = [first.model_copy(update={"take": take}) for take in range(takes)]
        return recipes if plan is None else [plan.begun(recipe) for recipe in recipes]

    def generate(
        self,
        prompt: str,
        *,
        takes: int = 1,
        steps: int = 1,
        seconds: float | None = None,
        seed: int | None = None,
        omega: float | None = None,
        nu: float = 1.0,
        gamma: float = 0.0,
        negative: str = "",
        loop: bool = False,
        targets: Sequence[Target] = (),
        steering: Steering = Steering(),
        callback: StepCallback | None = None,
    ) -> list[Clip]:
        """``takes`` (1 to 1000) sounds of a prompt, each from its own noise.

        ``steps`` 1 to 128; ``seconds`` 0.1 to 600 (None: the model's default); ``seed`` 0 to 2^63 - 1 (None: drawn, and
        found in the recipe); ``omega`` guidance (None: the model's default); ``nu`` text weight against ``negative``,
        above 1 where that is given (""; the model's own unconditional branch); ``gamma`` 0 (deterministic) to 1;
        ``loop`` for a sound whose end leads into its beginning; ``targets`` curves to follow
        (:mod:`soundctm.control.targets`), by way of ``steering``, which also says by what a noise is chosen
        (docs/counting.md). What comes out beyond full scale is turned down as a whole. ``callback(done, total)`` counts
        steps and auditions over all takes and may raise to stop. Raises :class:`UserError` for any other values.
        """
        recipes = self.recipes(
            prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu, gamma=gamma,
            negative=negative, loop=loop, targets=targets, steering=steering,
        )  # fmt: skip
        return list(self.replay(recipes, callback))

    @checked
    def edit(
        self,
        plan: Plan,
        prompt: str = "",
        *,
        takes: int = 1,
        steps: int = 16,
        seed: int | None = None,
        omega: float | None = None,
        nu: float = 1.0,
        gamma: float = 0.0,
        negative: str = "",
        targets: Sequence[Target] = (),
        steering: Steering = Steering(),
        callback: StepCallback | None = None,
    ) -> list[Clip]:
        """``takes`` sounds made by a plan of :mod:`soundctm.edits`; other arguments as for :meth:`generate`.

        The prompt may be empty. A morph that begins with a take keeps that take's prompt, seed and guidance.
        """
        recipes = self.recipes(
            prompt, takes=takes, steps=steps, seed=seed, omega=omega, nu=nu, gamma=gamma, negative=negative,
            targets=targets, steering=steering, plan=plan,
        )  # fmt: skip
        return list(self.replay(recipes, callback, plan.sources))

    def vary(
        self,
        clip: Clip,
        gamma: float | None = None,
        *,
        turn: float | None = None,
        takes: int = 4,
        first: int = 1,
        steps: int | None = None,
        callback: StepCallback | None = None,
        sources: Sources | None = None,
    ) -> list[Clip]:
        """``takes`` relatives of a take, numbered from ``first`` on; ``sources`` as for :meth:`refine`.

        By ``gamma`` (above 0, to 1; 0.3) they have the same noise to start from and other noise on the way, of 2
        ``steps`` or more (16); those of a relative by gamma are its siblings. By ``turn`` the noise that they start
        from is the take's, turned by that share of a quarter circle (above 0, to 1) toward other noise: in any number
        of steps (the take's own), and they can be refined. Raises :class:`UserError` where both are given.
        """
        recipes = relatives(self.recipe_of(clip), takes, first=first, steps=steps, gamma=gamma, turn=turn)
        return list(self.replay(recipes, callback, sources))

    def loop(self, clip: Clip, steps: int = 16, callback: StepCallback | None = None) -> Clip:
        """A take again, from the same noise, as a sound whose end leads into its beginning. A recording is looped by
        :func:`soundctm.edits.loop`."""
        recipe = self.recipe_of(clip)
        return next(self.replay([looped(recipe, self._round(recipe.seconds), steps)], callback))

    def _round(self, seconds: float) -> float:
        """The whole frames of a circle that hold so many seconds."""
        return self.engine.whole_frames(seconds, LONGEST)

    def refine(
        self, clip: Clip, steps: int = 16, callback: StepCallback | None = None, sources: Sources | None = None
    ) -> Clip:
        """The same take in more steps: same noise, same prompt, gamma = 0.

        ``sources`` are the recordings that went into it, by digest. Raises :class:`UserError` when the clip has no
        recipe or another model made it, or a recording is missing.
        """
        return next(self.replay([refined(self.recipe_of(clip), steps)], callback, sources))

    @checked
    def recipe_of(self, clip: Clip) -> Recipe:
        """The recipe of a clip that this model made. Raises :class:`UserError` for any other clip."""
        if clip.recipe is None:
            raise UserError("this clip carries no recipe; only sounds that soundctm made can be made again")
        self.check_mine(clip.recipe)
        return clip.recipe

    def check_mine(self, recipe: Recipe) -> None:
        """Raise :class:`UserError` unless this model made what a recipe describes."""
        check_model(recipe, self.name, self.model_hash)

    @checked
    def replay(
        self, recipes: Sequence[Recipe], callback: StepCallback | None = None, sources: Sources | None = None
    ) -> Iterator[Clip]:
        """The clips of recipes, each as soon as it is made; ``sources`` are the recordings they need, by digest.

        All are checked at once, before the first is asked for. On a CPU a take is to the last bit what its recipe says,
        whatever is made beside it (:mod:`soundctm.crew`). The callback runs in the caller's thread.
        """
        for recipe in recipes:
            check_recipe(recipe)
        tick = counted(sum(map(work, recipes)), callback)
        makers = [partial(self.performance, self.computation.in_precision(recipe), sources or {}) for recipe in recipes]
        longest = max((recipe.seconds for recipe in recipes), default=0.0)
        crew = self.computation.crew(len(makers) or 1, longest, max((recipe.steps for recipe in recipes), default=1))
        return perform(makers, crew, self.computation.batcher, tick)

    def performance(self, recipe: Recipe, sources: Sources, tick: Tick) -> Performance:
        """One checked take, before its first step; for who makes takes in threads of its own."""
        return Performance(self._engine(*self.computation.networks_for(recipe)), recipe, sources, tick)

    def encode(self, prompt: str) -> Conditioning:
        """Conditioning of one prompt, as it is :meth:`understood`."""
        return self._prompts.encode(prompt)

    def understood(self, prompt: str) -> str:
        """The prompt, or where it has words that the model never learnt, the learnt phrase that is nearest to it."""
        return self._prompts.understood(prompt)
