"""The naive path: what the official code does to make a sound, as a mark to measure against and an oracle.

Never used to make sounds for users. It computes the same samples as :meth:`soundctm.model.SoundCTM.generate` up to
rounding, from the very same weights, with nothing saved:

- float32 without TF32;
- prompt and empty prompt encoded anew at every step, one after the other;
- both halves of nu-sampling in one doubled batch, though at nu = 1 the unconditional half is multiplied by zero;
- every layer of the student under ``torch.utils.checkpoint``, without gradients;
- keys and values of the cross-attention computed at every step, and a softmax even over one text token;
- weight normalisation of the DAC decoder computed at every call. A spectral autoencoder has no other form: it decodes
  as it does for users.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from soundctm.autoencoder import GaussianDAC
from soundctm.benchmark.clock import REST
from soundctm.benchmark.plain import PlainDiT
from soundctm.benchmark.plain_decoder import PlainDecoder, as_usual_
from soundctm.conditioning import Conditioning
from soundctm.control.limiter import turned_down
from soundctm.diffusion.precond import c_in, c_noise, precondition
from soundctm.diffusion.schedule import sigma_grid
from soundctm.engines.eager import factors
from soundctm.errors import UserError
from soundctm.model import SoundCTM
from soundctm.takes import take_seed

NU = 1.0

Mark = Callable[[str], None]


def unmarked(stage: str) -> None:
    """Where nobody measures."""


def checkpointed(layer: Callable[..., Tensor], *inputs: Any) -> Tensor:
    """Call a layer as training code does to save memory; without gradients it saves nothing."""
    out: Tensor = checkpoint(layer, *inputs, use_reentrant=False)
    return out


class NaivePath:
    """A model made slow: its weights are shared, except for those of a DAC decoder, which a model holds in the layout
    that is fast. They are copied into the usual one; or, if ``alone`` says that nobody else uses the model, moved back
    to it, so that they are not in memory twice."""

    def __init__(self, model: SoundCTM, alone: bool = False) -> None:
        self.model = model
        self.text_encoder, self.autoencoder = model.text_encoder, model.autoencoder
        if alone:
            as_usual_(model.autoencoder)
        self.student = PlainDiT(model.config.student, model.student.state_dict(), checkpointed)
        self.decoder = None
        if isinstance(model.autoencoder, GaussianDAC):
            self.decoder = PlainDecoder(model.autoencoder.config, model.autoencoder.state_dict())

    def generate(
        self, prompt: str, *, takes: int = 1, steps: int = 1, seconds: float | None = None, seed: int = 0,
        mark: Mark = unmarked,
    ) -> list[np.ndarray]:  # fmt: skip
        """Samples ``[1, length]`` of each take, all takes in one batch; arguments as for ``SoundCTM.generate``.

        ``mark(stage)`` is called where a stage has ended. Raises UserError for sounds that are longer than the model
        makes in one piece, as the official code knows no windows.
        """
        recipes = self.model.recipes(prompt, takes=takes, steps=steps, seconds=seconds, seed=seed)
        first, config = recipes[0], self.model.config
        if first.seconds > config.max_seconds:
            raise UserError(
                f"seconds is {first.seconds:g}; the naive path makes at most the {config.max_seconds:g} s of one "
                "window: ask for fewer, or leave it out with --no-naive"
            )
        seeds = [take_seed(recipe) for recipe in recipes]
        with torch.no_grad(), factors("ieee"):
            z = config.sigma_max * self._noise(seeds, first.seconds)
            mark(REST)
            z = self._sample(z, prompt, steps, first.omega, mark)
            x = self._decode(z, seeds)
            mark("decoder")
            length = round(first.seconds * self.model.sample_rate)
            pcm = torch.cat([turned_down(take) for take in x[..., :length].split(1)]).cpu().numpy()
        return list(pcm)

    def _noise(self, seeds: list[int], seconds: float) -> Tensor:
        shape = (int(self.autoencoder.channels), self.model.frames(seconds))  # type: ignore[arg-type]
        noise = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        return torch.stack(noise).to(self.model.device)

    def _encode(self, prompt: str) -> Conditioning:
        text: Conditioning = self.text_encoder.encode([prompt])  # type: ignore[operator]
        return text.to(self.model.device)

    def _sample(self, z: Tensor, prompt: str, steps: int, omega: float, mark: Mark) -> Tensor:
        config = self.model.config
        understood = self.model.understood(prompt) if prompt else prompt
        grid = sigma_grid(steps, config.sigma_min, config.sigma_max, config.rho, config.sigma_first).to(z.device)
        for t, s in pairwise(grid):
            text, null = self._encode(understood), self._encode("")
            mark("text")
            z = self._step(z, t, s, torch.tensor(omega, device=z.device), text, null)
            mark("sampler")
        return z

    def _step(self, z: Tensor, t: Tensor, s: Tensor, omega: Tensor, text: Conditioning, null: Conditioning) -> Tensor:
        """``G(z, null) + nu (G(z, text) - G(z, null))`` from t to s, both jumps in one batch."""
        both = Conditioning.cat([text.expand(len(z)), null.expand(len(z))])
        alone = both.mask.shape[1] == 1  # as official text always is: no look at the mask, so no wait for the device
        mask = None if alone or bool(both.mask.all()) else both.mask
        zz = torch.cat([z, z])
        t, s, omega = (level.expand(len(zz)) for level in (t, s, omega))
        F = self.student(c_in(t)[:, None, None] * zz, c_noise(t), c_noise(s), omega, both.tokens, mask)
        ratio = (s / t)[:, None, None]
        with_text, without = (ratio * zz + (1 - ratio) * precondition(F, zz, t)).chunk(2)
        return without + NU * (with_text - without)

    def _decode(self, z: Tensor, seeds: list[int]) -> Tensor:
        raw = self.model.normalizer.denormalize(z)
        if self.decoder is not None:
            return self.decoder(raw)
        x: Tensor = self.autoencoder.decode(raw, seed=seeds)  # type: ignore[operator]
        return x
