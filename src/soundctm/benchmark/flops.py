"""How much arithmetic a take needs, counted on networks without storage.

Counted are matrix products, convolutions and attention, two operations for each multiply and add; what is not one of
those (norms, activations, Fourier transforms) is left out, as it is where others count.
"""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from soundctm.autoencoder import DACConfig, SpectralAutoencoder
from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.istft import SpectralConfig
from soundctm.backbones import DiT, DiTConfig
from soundctm.benchmark.plain import PlainDiT
from soundctm.benchmark.plain_decoder import PlainDecoder
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextConfig, ClapTextEncoder
from soundctm.conditioning.mini import MiniTextConfig, MiniTextEncoder
from soundctm.config import ModelConfig


@dataclass(frozen=True)
class Flops:
    """Operations of the parts of one take.

    ``step``: one call of the student with its text prepared; ``plain_step``: the same with the text turned into keys
    and values inside, and attended to even where there is one token alone.
    """

    text: int
    step: int
    plain_step: int
    decoder: int

    def ours(self, steps: int, takes: int) -> dict[str, int]:
        """By stage, for ``takes`` sounds of one prompt: the text is read once, and each take steps and is decoded."""
        return {"text": self.text, "sampler": takes * steps * self.step, "decoder": takes * self.decoder}

    def naive(self, steps: int, takes: int) -> dict[str, int]:
        """By stage, of the naive path: prompt and empty prompt are read at every step, and every step is doubled."""
        return {
            "text": 2 * steps * self.text, "sampler": takes * steps * 2 * self.plain_step,
            "decoder": takes * self.decoder,
        }  # fmt: skip


class _Prepared(PlainDiT):
    """A backbone whose text has been turned into keys and values, or into constants, before."""

    def read(self, name: str, h: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        tokens = context.shape[1]
        if tokens == 1:
            return h.new_empty(len(h), 1, self.config.width)
        kept = h.new_empty(len(h), self.config.heads, tokens, self.config.head_dim)
        normed = self.norm(f"{name}.cross_attend_norm", h)
        return self.cross_attention(f"{name}.cross_attn", normed, kept, kept, mask)


def counted(call: Any, *inputs: Any) -> int:
    """Operations of one call; its tensors have shapes only."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call(*inputs)
    return int(counter.get_total_flops())


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in (*module.named_parameters(), *module.named_buffers())}


def _empty(*shape: int) -> Tensor:
    return torch.empty(*shape, device="meta")


def count_step(config: DiTConfig, frames: int, tokens: int, prepared: bool = True) -> int:
    """One call of the student for ``frames`` latent frames and ``tokens`` of text."""
    with torch.device("meta"):
        weights = _weights(DiT(config))
    x, one = _empty(1, config.channels, frames), _empty(1)
    if not prepared:
        return counted(PlainDiT(config, weights), x, one, one, one, _empty(1, tokens, config.context_dim))
    network = _Prepared(config, weights)

    def step() -> None:
        network.run(x, network.level(one, one, one), _empty(1, tokens, config.context_dim), None)

    return counted(step)


def count_text(config: MiniTextConfig | ClapTextConfig, tokens: int) -> int:
    """One prompt; ``tokens`` as the text encoder reads them, which CLAP fills up to 77 always."""
    with torch.device("meta"):
        if isinstance(config, ClapTextConfig):
            ids = torch.zeros(1, PROMPT_TOKENS, dtype=torch.long)
            # A padding mask changes no shape, but the library looks into it, and here it has no values.
            return counted(ClapTextEncoder(config).eval().encode_ids, ids, cast(Tensor, None))
        mask = torch.ones(1, tokens, dtype=torch.bool)
        return counted(MiniTextEncoder(config).eval(), _empty(1, tokens, config.table_dim), mask)


def count_decoder(config: SpectralConfig | DACConfig, frames: int) -> int:
    """Latents to waveform."""
    with torch.device("meta"):
        if isinstance(config, SpectralConfig):
            return _spectral(SpectralAutoencoder(config), frames)
        decoder = PlainDecoder(config, _weights(GaussianDAC(config)))
    return counted(decoder, _empty(1, config.latent_dim, frames))


def _spectral(autoencoder: SpectralAutoencoder, frames: int) -> int:
    """The basis meets every latent frame, and every other weight of the decoder every STFT frame, once."""
    weights = sum(weight.numel() for weight in autoencoder.parameters() if weight.ndim > 1)
    return 2 * frames * (autoencoder.basis.numel() + autoencoder.config.stack * weights)


def count(config: ModelConfig, frames: int, words: int, tokens: int) -> Flops:
    """All parts of a model: ``words`` are the tokens that its text encoder reads, ``tokens`` those that it hands on."""
    return Flops(
        count_text(config.text_encoder, words), count_step(config.student, frames, tokens),
        count_step(config.student, frames, tokens, prepared=False), count_decoder(config.autoencoder, frames),
    )  # fmt: skip
