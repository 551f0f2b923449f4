"""What a training step reads: random clips, encoded beforehand or in the step. Speed does not depend on values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.benchmark.clock import REST, Stopwatch
from soundctm.conditioning import Conditioning
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextConfig, ClapTextEncoder
from soundctm.diffusion.precond import SIGMA_DATA
from soundctm.training.data.source import Batch

AUTOENCODER = "decoder"  # what the stopwatch calls the autoencoder's stage
BOS, PAD, EOS = range(3)  # token ids of RoBERTa
WORDS = 12  # tokens of a caption before the padding
AUDIO_CHANNELS, TEXT_NUMBERS = DACConfig().latent_dim, ClapTextConfig(variant="projected").joint_dim


@dataclass(frozen=True)
class Shape:
    """Of one clip: latents ``[channels, frames]`` and text ``[tokens, context_dim]``."""

    channels: int
    frames: int
    tokens: int
    context_dim: int

    def misfit(self) -> str | None:
        """Why :class:`PaperEncoders` do not give this, if they do not."""
        given, wanted = (AUDIO_CHANNELS, TEXT_NUMBERS, 1), (self.channels, self.context_dim, self.tokens)
        if given == wanted:
            return None
        channels, numbers, tokens = wanted
        return (
            f"its encoders, the paper's, give {AUDIO_CHANNELS} latent channels and 1 text token of {TEXT_NUMBERS} "
            f"numbers; this preset has {channels} channels and {tokens} tokens of {numbers}"
        )


class PaperEncoders:
    """The paper's autoencoder and the text branch of CLAP with random weights; ``watch`` sees their time."""

    def __init__(self, device: torch.device, watch: Stopwatch) -> None:
        torch.manual_seed(0)
        self.watch = watch
        self.autoencoder = GaussianDAC(DACConfig()).to(device).requires_grad_(False).eval()
        self.clap = ClapTextEncoder(ClapTextConfig(variant="projected")).to(device).requires_grad_(False).eval()
        self.empty = torch.tensor([[BOS, EOS] + [PAD] * (PROMPT_TOKENS - 2)], device=device)

    @torch.no_grad()
    def latents(self, x: Tensor) -> Tensor:
        """Latents of waveforms ``[B, 1, length]``."""
        self.watch.mark(REST)
        z = self.autoencoder.encode(x).mode
        self.watch.mark(AUTOENCODER)
        return SIGMA_DATA * z / z.std()

    @torch.no_grad()
    def text(self, prompts: Tensor) -> Conditioning:
        """What is said by token ids ``[B, 77]``."""
        self.watch.mark(REST)
        vectors = self.clap.encode_ids(prompts, (prompts != PAD).long())
        self.watch.mark("text")
        return Conditioning(vectors[:, None], torch.ones(len(vectors), 1, dtype=torch.bool, device=vectors.device))


class Clips:
    """Waveforms ``[B, 1, length]`` and token ids ``[B, 77]`` of a step."""

    def __init__(self, encoders: PaperEncoders, frames: int) -> None:
        self.empty, self.length = encoders.empty, frames * encoders.autoencoder.hop

    def __call__(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(step)
        x = 0.1 * torch.randn(size, 1, self.length, generator=generator)
        ids = self.empty.cpu().repeat(size, 1)
        ids[:, 1 : 1 + WORDS] = torch.randint(5, 50000, (size, WORDS), generator=generator)
        ids[:, 1 + WORDS] = EOS
        return x.to(self.empty.device), ids.to(self.empty.device)


class Cached:
    """Latents and text that were encoded beforehand."""

    identity = "random"

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.channels, self.context_dim = shape.channels, shape.context_dim

    def batch(self, step: int, size: int, drop: float) -> Batch:
        generator = torch.Generator().manual_seed(step)
        z_0 = SIGMA_DATA * torch.randn(size, self.channels, self.shape.frames, generator=generator)
        return Batch(z_0, self._text(torch.randn(size, self.shape.tokens, self.context_dim, generator=generator)))

    @staticmethod
    def _text(tokens: Tensor) -> Conditioning:
        return Conditioning(tokens, torch.ones(tokens.shape[:2], dtype=torch.bool))

    def unconditional(self) -> Conditioning:
        return self._text(torch.zeros(1, self.shape.tokens, self.context_dim))

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        return {"captions": [""] * size}


class Encoding(Cached):
    """The same from waveforms and words in every step, both encoded once, as a batch."""

    def __init__(self, shape: Shape, encoders: PaperEncoders) -> None:
        super().__init__(shape)
        self.encoders, self.clips = encoders, Clips(encoders, shape.frames)

    def batch(self, step: int, size: int, drop: float) -> Batch:
        x, ids = self.clips(step, size)
        return Batch(self.encoders.latents(x), self.encoders.text(ids))

    def unconditional(self) -> Conditioning:
        return self.encoders.text(self.encoders.empty)
