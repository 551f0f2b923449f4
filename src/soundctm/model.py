"""SoundCTM: the rooms assembled into a model that turns words into sound."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from soundctm.audio import Clip, Recipe
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.backbones import DiT
from soundctm.checks import check_recipe, check_takes
from soundctm.conditioning import Conditioning
from soundctm.config import ModelConfig
from soundctm.errors import UserError
from soundctm.folder import SHIPPED, Parts, locate, read_parts, write_parts
from soundctm.trajectory import sample

StepCallback = Callable[[int, int], None]


class SoundCTM:
    """A student with its autoencoder and text encoder. Build it with :meth:`from_pretrained`.

    Attributes: ``student``, ``teacher`` (or None), ``autoencoder``, ``text_encoder``, ``normalizer``, ``config``,
    ``model_hash``, ``device``.
    """

    def __init__(self, parts: Parts, name: str, device: torch.device | str = "cpu") -> None:
        self.name = name
        self.config: ModelConfig = parts.config
        self.model_hash = parts.model_hash
        self.device = torch.device(device)
        self.student: DiT = parts.student.to(self.device)
        self.teacher: DiT | None = None if parts.teacher is None else parts.teacher.to(self.device)
        self.autoencoder: nn.Module = parts.autoencoder.to(self.device)
        self.text_encoder: nn.Module = parts.text_encoder.to(self.device)
        self.normalizer: Normalizer = parts.normalizer.to(self.device)
        self.tokenizer_folder = parts.folder
        self.phrasebook = parts.phrasebook

    @classmethod
    def from_pretrained(cls, name: str | Path, device: torch.device | str = "cpu") -> "SoundCTM":
        """Load ``"mini"`` (ships with the package), a model folder, or a hub id like ``"user/model"``.

        Raises :class:`UserError` for an unknown name, a missing or damaged file, or an unknown key in the config.
        """
        folder = locate(name)
        own = folder.parent != SHIPPED and Path(name).is_dir()  # a recipe must find the folder from anywhere
        return cls(read_parts(folder), str(folder.resolve() if own else name), device)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Write a model folder that :meth:`from_pretrained` reads."""
        parts = Parts(
            self.config, self.student, self.autoencoder, self.text_encoder, self.normalizer, self.teacher,
            self.model_hash, self.tokenizer_folder,
        )  # fmt: skip
        return write_parts(parts, Path(folder))

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return int(self.autoencoder.sample_rate)  # type: ignore[arg-type]

    def frames(self, seconds: float) -> int:
        """Latent frames that hold so many seconds."""
        return -(-round(seconds * self.sample_rate) // int(self.autoencoder.hop))  # type: ignore[arg-type]

    def noise(self, recipe: Recipe) -> list[Tensor]:
        """Unit-variance noise ``[C, T]`` of a take: the start, then one for each jump that adds some.

        Drawn on the CPU from ``(seed, take)`` alone. A take of more steps starts from the same noise.
        """
        generator = torch.Generator().manual_seed(take_seed(recipe))
        shape = (int(self.autoencoder.channels), self.frames(recipe.seconds))  # type: ignore[arg-type]
        count = recipe.steps if recipe.gamma > 0 else 1
        return [torch.randn(shape, generator=generator) for _ in range(count)]

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
    ) -> list[Recipe]:
        """What :meth:`generate` is going to make: checked, with the defaults and the seed filled in."""
        first = Recipe(
            prompt=prompt, seed=secrets.randbelow(2**31) if seed is None else seed, take=0, steps=steps,
            seconds=self.config.seconds if seconds is None else seconds,
            omega=self.config.omega if omega is None else omega, nu=nu, gamma=gamma, model=self.name,
            model_hash=self.model_hash, sample_rate=self.sample_rate, version=version("soundctm"),
        )  # fmt: skip
        check_takes(takes)
        check_recipe(first, self.config.max_seconds)
        return [first.model_copy(update={"take": take}) for take in range(takes)]

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
        callback: StepCallback | None = None,
    ) -> list[Clip]:
        """``takes`` (1 to 1000) sounds of a prompt, each from its own noise.

        ``steps`` 1 to 128; ``seconds`` up to the model's maximum (None: its default); ``seed`` 0 to 2^63 - 1
        (None: drawn, and found in the recipe); ``omega`` guidance (None: the model's default); ``nu`` text weight;
        ``gamma`` 0 (deterministic) to 1. ``callback(done, total)`` counts network steps over all takes and may raise
        to stop. Raises :class:`UserError` for values outside their range.
        """
        recipes = self.recipes(
            prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu, gamma=gamma
        )
        return list(self.replay(recipes, callback))

    def refine(self, clip: Clip, steps: int = 16, callback: StepCallback | None = None) -> Clip:
        """The same take in more steps: same noise, same prompt, gamma = 0.

        Raises :class:`UserError` when the clip has no recipe or another model made it.
        """
        if clip.recipe is None:
            raise UserError("this clip carries no recipe, so it cannot be refined; only sounds made by soundctm can be")
        if clip.recipe.model_hash != self.model_hash:
            raise UserError(
                f"this clip was made by model {clip.recipe.model} ({clip.recipe.model_hash}), not by "
                f"{self.name} ({self.model_hash}); load that model to refine it"
            )
        recipe = clip.recipe.model_copy(update={"steps": steps, "gamma": 0.0, "version": version("soundctm")})
        check_recipe(recipe, self.config.max_seconds)
        return next(self.replay([recipe], callback))

    def replay(self, recipes: Sequence[Recipe], callback: StepCallback | None = None) -> Iterator[Clip]:
        """The clips of recipes, each as soon as it is made.

        Each is made alone: kernels for other batch sizes round otherwise, and a take is to the last bit what its recipe
        says, whatever is made beside it.
        """
        total = sum(recipe.steps for recipe in recipes)
        done = 0
        for recipe in recipes:

            def count(step: int, steps: int, z: Tensor, before: int = done) -> None:
                if callback is not None:
                    callback(before + step, total)

            yield Clip(self._samples(recipe, count), self.sample_rate, recipe)
            done += recipe.steps

    @torch.inference_mode()
    def _samples(self, recipe: Recipe, callback: Callable[[int, int, Tensor], None]) -> np.ndarray:
        """Samples float32 ``[1, length]`` of one recipe."""
        start, *later = [eps[None].to(self.device) for eps in self.noise(recipe)]
        text = self.encode(recipe.prompt)
        unconditional = text if recipe.nu == 1.0 else self.encode("")  # at nu = 1 the sampler never looks at it
        z = sample(
            self.student, start * self.config.sigma_max, text, unconditional,
            steps=recipe.steps, omega=recipe.omega, nu=recipe.nu, gamma=recipe.gamma, noise=later, callback=callback,
            sigma_min=self.config.sigma_min, sigma_max=self.config.sigma_max, rho=self.config.rho,
        )  # fmt: skip
        x = self.autoencoder.decode(self.normalizer.denormalize(z), seed=take_seed(recipe))  # type: ignore[operator]
        length = round(recipe.seconds * self.sample_rate)
        return x[0, :, :length].clamp(-1.0, 1.0).float().cpu().numpy()

    def encode(self, prompt: str) -> Conditioning:
        """Conditioning of one prompt, as it is :meth:`understood`."""
        conditioning: Conditioning = self.text_encoder.encode([self.understood(prompt)])  # type: ignore[operator]
        return conditioning.to(self.device)

    def understood(self, prompt: str) -> str:
        """The prompt, or where it has words that the model never learnt, the learnt phrase that is nearest to it."""
        return prompt if self.phrasebook is None else self.phrasebook.understood(prompt)


def take_seed(recipe: Recipe) -> int:
    """A 63-bit seed for the pair ``(seed, take)``, well mixed.

    The seed enters as two words of 32 bits: words of a varying number would give distinct pairs the same noise.
    """
    words = (recipe.seed & 0xFFFFFFFF, recipe.seed >> 32, recipe.take)
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> 1)
