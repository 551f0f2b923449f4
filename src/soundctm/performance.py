"""From a recipe to samples: where the trajectory starts, what steers it, and how the sound ends."""

import itertools
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from soundctm.audio import Clip, Recipe
from soundctm.audio.edit import Extend, Fill, Join, Loop, Morph, Source, Transform
from soundctm.audio.recipe import Steering
from soundctm.conditioning import Conditioning
from soundctm.control.chain import chain
from soundctm.control.consistency import DataConsistency
from soundctm.control.counted import miscount
from soundctm.control.guidance import LatentLoss, LossGuidance
from soundctm.control.inversion import invert
from soundctm.control.limiter import limited, turned_down
from soundctm.control.morphing import blend, slerp
from soundctm.control.riding import ridden
from soundctm.control.seams import loop_crossfade
from soundctm.control.start import nearest_start, optimise_start
from soundctm.control.target_loss import TargetLoss
from soundctm.control.windows import windowed
from soundctm.diffusion.schedule import sigma_at
from soundctm.engines.eager import unrounded
from soundctm.errors import UserError
from soundctm.observed import observed
from soundctm.revisions import check_choice, steered
from soundctm.sources import Sources, find
from soundctm.takes import Engine
from soundctm.trajectory import Steer, Trajectory, embark, sample
from soundctm.trajectory.jump import jump

LOOP_MARGIN = 16  # latent frames decoded around a loop, so that its ends know each other
LOOP_FADE = 0.05  # seconds in which the end of a loop goes over into its beginning
INVERSION_STEPS = 40

Tick = Callable[[], None]
StepCallback = Callable[[int, int], None]


def counted(total: int, callback: StepCallback | None) -> Tick:
    """A tick that tells ``callback(done, total)``."""
    done = itertools.count(1)
    return lambda: None if callback is None else callback(next(done), total)


def work(recipe: Recipe) -> int:
    """Units of progress of a take: its steps, and those of what is done before them."""
    before = recipe.steering.iterations if recipe.targets and recipe.steering.method == "start" else 0
    before += auditions(recipe) if auditions(recipe) > 1 else 0
    if isinstance(recipe.edit, Morph):
        before += INVERSION_STEPS * len(recipe.edit.sources)
    return before if keeps_all(recipe) else before + recipe.steps


def auditions(recipe: Recipe) -> int:
    """How many noises are heard to choose from, 1 where there is no choice or it was made."""
    steering = recipe.steering
    open_yet = recipe.audition is None and recipe.edit is None and steering.method == "guidance"
    return (steering.auditions or 1) if open_yet and (recipe.targets or steering.chooses_by_itself) else 1


def keeps_all(recipe: Recipe) -> bool:
    """Whether there is no trajectory: a transform of strength 0 returns its recording."""
    return isinstance(recipe.edit, Transform) and recipe.edit.strength == 0.0


class Performance:
    """One take on its way from noise to samples. ``tick()``, called after each unit of work, may raise to stop.

    Once the noise is chosen that it begins with, ``recipe`` names it: the same take, made again with less work.
    """

    def __init__(self, engine: Engine, recipe: Recipe, sources: Sources, tick: Tick) -> None:
        self.engine, self.recipe, self.sources, self.tick = engine, recipe, sources, tick
        self.codec = engine.codec(recipe)
        self.length = round(recipe.seconds * engine.sample_rate)
        self.observation = observed(recipe.edit, sources, engine.sample_rate) if recipe.edit else None
        self._check_length()
        self._check_levels()
        frames, longest = engine.frames(recipe.seconds), engine.frames(engine.config.max_seconds)
        self.student = engine.student
        if recipe.loop or frames > longest:
            self.student = windowed(engine.student, min(frames, longest), recipe.loop)

    def _check_length(self) -> None:
        if self.observation is not None and self.observation.observed.shape[-1] != self.length:
            kept = self.observation.observed.shape[-1] / self.engine.sample_rate
            raise UserError(
                f"the recipe says {self.recipe.seconds:g} s, but its recordings make {kept:g} s; it was changed since"
            )

    def _check_levels(self) -> None:
        level, config = self.recipe.sigma_first, self.engine.config
        if level is not None and not config.sigma_min < level < config.sigma_max:
            raise UserError(
                f"sigma_first is {level:g}; accepted are levels between {config.sigma_min:g} and {config.sigma_max:g}"
            )

    @torch.no_grad()
    def clip(self) -> Clip:
        """The take, ``[1, length]``."""
        z = self.outcome()
        return self.finish(self.begin().run() if z is None else z)

    def outcome(self) -> Tensor | None:
        """The last latents of a take that has no trajectory to go (any more): those of a recording that is kept whole,
        or of a take in one step, which was heard when its noise was chosen."""
        if keeps_all(self.recipe):
            (source,) = self.recipe.sources
            return self._recording(source)
        heard = self._choose(*self._words())
        if heard is None or self.recipe.steps > 1 or self.recipe.targets:
            return None
        self.tick()
        return heard

    def begin(self) -> Trajectory:
        """The trajectory, before its first step."""
        text, negative = self._words()
        self._choose(text, negative)
        recipe, config = self.recipe, self.engine.config
        eps, *later = [each[None].to(self.engine.device) for each in self.engine.noise(recipe)]
        z, sigma_max = self._start(eps)
        return embark(
            self.student, self._optimised(z, sigma_max, text), text, negative, steps=recipe.steps, omega=recipe.omega,
            nu=recipe.nu, gamma=recipe.gamma, noise=later, callback=self._tick, steer=self._steer(),
            sigma_min=config.sigma_min, sigma_max=sigma_max, rho=config.rho,
            sigma_first=recipe.first_level,
        )  # fmt: skip

    def finish(self, z: Tensor) -> Clip:
        """The take, ``[1, length]``, of the last latents."""
        samples = self._finish(z)[0].clamp(-1.0, 1.0).float().cpu().numpy()
        return Clip(samples, self.engine.sample_rate, self.recipe)

    def _tick(self, step: int, steps: int, z: Tensor | None = None) -> None:
        self.tick()

    def _words(self) -> tuple[Conditioning, Conditioning]:
        """What the sound is to be, and at nu other than 1 what it is moved away from: at 1 nothing looks at it."""
        recipe, encode = self.recipe, self.engine.encode
        text = encode(recipe.prompt)
        if isinstance(recipe.edit, Morph):
            text = blend(text, encode(recipe.edit.prompt), recipe.edit.amount)
        return text, text if recipe.nu == 1.0 else encode(recipe.negative)

    def _start(self, eps: Tensor) -> tuple[Tensor, float]:
        """The first latents and their noise level, from the unit noise of the take."""
        config, edit = self.engine.config, self.recipe.edit
        match edit:
            case Transform():
                xi = torch.tensor(1.0 - edit.strength, dtype=torch.float64)
                sigma = float(sigma_at(xi, config.sigma_min, config.sigma_max, config.rho))
                return self._recording(edit.source) + sigma * eps, sigma
            case Morph():
                named = {"seed": edit.seed, "take": edit.take, "audition": edit.audition}
                other = self.engine.noise(self.recipe.model_copy(update=named))[0]
                mine = self._noise_of(edit.source, self.recipe.prompt, eps)
                theirs = self._noise_of(edit.other, edit.prompt, other[None].to(eps))
                return slerp(mine, theirs, edit.amount), config.sigma_max
            case _:
                return config.sigma_max * eps, config.sigma_max

    def _recording(self, source: Source) -> Tensor:
        """Latents of a recording, cut or filled up with silence to the length of the take."""
        x = find(source, self.sources, self.engine.sample_rate)[..., : self.length]
        x = torch.nn.functional.pad(x, (0, self.length - x.shape[-1]))
        return self.codec.encode(x.to(self.engine.device))

    def _noise_of(self, source: Source | None, prompt: str, eps: Tensor) -> Tensor:
        """The start of a trajectory: that of a take, or where a recording comes from under a prompt."""
        config = self.engine.config
        if source is None:
            return config.sigma_max * eps
        z = invert(
            self.student, self._recording(source), self.engine.encode(prompt), steps=INVERSION_STEPS,
            omega=self.recipe.omega, sigma_min=config.sigma_min, sigma_max=config.sigma_max, rho=config.rho,
            callback=self._tick,
        )  # fmt: skip
        return config.sigma_max * self.engine.turned(self.recipe, [z[0] / config.sigma_max])[0][None]

    def _loss(self) -> TargetLoss:
        return TargetLoss(
            lambda z: self._in_time(self._waveform(z)), self.engine.sample_rate, self.recipe.targets, self.length
        )

    def _choose(self, text: Conditioning, negative: Conditioning) -> Tensor | None:
        """Where there are several noises to begin with, write the one that suits the targets, the number of events or
        the words best into the recipe. What one step makes of it, None where there was no choice."""
        recipe, config = self.recipe, self.engine.config
        count = auditions(recipe)
        if count == 1:
            return None

        def clean(start: Tensor) -> Tensor:
            return sample(
                self.student, config.sigma_max * start, text, negative, steps=1, omega=recipe.omega, nu=recipe.nu,
                sigma_min=config.sigma_min, sigma_max=config.sigma_max, rho=config.rho,
            )  # fmt: skip

        match, among = self.engine.match, recipe.steering.shortlist or 1
        check_choice(recipe, recipe.steering, self.engine.hears)
        fit = None if match is None or among == 1 else partial(match, recipe.prompt)
        several = [recipe.model_copy(update={"audition": i}) for i in range(count)]
        starts = [self.engine.noise(each)[0][None].to(self.engine.device) for each in several]
        choose = unrounded(nearest_start, self.engine.device) if recipe.targets else nearest_start
        number, z = choose(clean, self._unlike(), starts, callback=self._tick, fit=fit, shortlist=among)
        self.recipe = several[number]
        return z

    def _unlike(self) -> LatentLoss:
        """How far latents are from what a take is to be: from its targets, or from its number of events."""
        number = self.recipe.steering.events
        if self.recipe.targets:
            return self._loss()
        if number is None:
            return lambda z: z.new_zeros(len(z))
        return miscount(self.codec, self._waveform, self.length, number, self.recipe.loop)

    def _optimised(self, z_T: Tensor, sigma_max: float, text: Conditioning) -> Tensor:
        """``z_T``, moved first where the targets are reached by its choice."""
        recipe, config = self.recipe, self.engine.config
        if not recipe.targets or recipe.steering.method != "start":
            return z_T

        def clean(z: Tensor) -> Tensor:
            return jump(self.student, z, sigma_max, config.sigma_min, recipe.omega, text)

        optimise = unrounded(optimise_start, self.engine.device)
        return optimise(clean, self._loss(), z_T, recipe.steering.iterations, callback=self._tick)

    def _steer(self) -> Steer | None:
        """Data consistency first, as it aims anew; then guidance."""
        steers: list[Steer] = []
        if self.observation is not None:
            steers.append(DataConsistency(self.codec, self.observation, self.length))
        if self.recipe.targets and self.recipe.steering.method == "guidance":
            # A single step is left alone too. What strength it records is for the steps of a refinement.
            spared = 1 if self.recipe.decided_first or self.recipe.steps == 1 else 0
            guidance = LossGuidance(self._loss(), self._steering.strength or 0.0, spared)
            steers.append(unrounded(guidance, self.engine.device))
        return chain(*steers)

    def _waveform(self, z: Tensor) -> Tensor:
        """The waveform ``[1, 1, length]`` of latents, a circle where the sound loops."""
        if not self.recipe.loop:
            return self.codec.decode(z, self.length)
        fade = round(LOOP_FADE * self.engine.sample_rate)
        margin = max(LOOP_MARGIN, -(-fade // self.engine.hop))
        return loop_crossfade(self.codec.decode_circle(z, margin, fade), self.length)

    def _finish(self, z: Tensor) -> Tensor:
        """The waveform ``[1, 1, length]`` of the last latents, with what was observed exact in it."""
        x = self._waveform(z)
        if self.observation is not None:
            x = self.observation.finish(x.cpu())
        return self._within_full_scale(self._ridden(self._in_time(x)))

    @property
    def _steering(self) -> Steering:
        """As the recipe says: one with a strength and no fader was made when there was none, and sounds as it did."""
        recipe = self.recipe
        if recipe.steering.strength is not None:
            return recipe.steering
        return steered(recipe, recipe.steering, fresh=False, hears=self.engine.hears).steering

    def _ridden(self, x: Tensor) -> Tensor:
        """A recording that is kept keeps its level."""
        fader = self._steering.fader
        if not fader or self.observation is not None:
            return x
        return ridden(x, self.engine.sample_rate, self.recipe.targets, fader)

    def _within_full_scale(self, x: Tensor) -> Tensor:
        """Guidance makes loud sounds louder than a file holds: they are turned down, not cut off. What keeps samples
        of a recording stays, and what follows a level gives way only where it must."""
        if isinstance(self.recipe.edit, Fill | Extend | Join | Loop):
            return x
        levels = any(target.feature in ("intensity", "band") for target in self.recipe.targets)
        return limited(x, self.engine.sample_rate, self.recipe.loop) if levels else turned_down(x)

    def _in_time(self, x: Tensor) -> Tensor:
        """A recording that loops is worked on with its seam in the middle; here it begins where it began."""
        return x.roll(-(self.length // 2), dims=-1) if isinstance(self.recipe.edit, Loop) else x
