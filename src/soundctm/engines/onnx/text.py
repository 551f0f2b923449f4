"""Text encoders as graphs: token ids and mask in, tokens and mask out."""

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextEncoder
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.engines.onnx.graph import Graph, Outputs, Port, Sizes, peak_error, trials

ROBERTA_PADDING = 1  # positions are counted over the ids that differ from it


class MiniText(nn.Module):
    """What :meth:`MiniTextEncoder.encode` makes of prompts of several lengths, all at once."""

    def __init__(self, encoder: MiniTextEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        found = self.encoder(self.encoder.vectors(ids), mask)
        tokens = torch.cat([found.sentence[:, None], found.words * mask[..., None].to(found.words.dtype)], dim=1)
        return tokens, torch.cat([torch.ones_like(mask[:, :1]), mask], dim=1)


class ClapText(nn.Module):
    """:meth:`ClapTextEncoder.encode_ids` as tokens and mask."""

    def __init__(self, encoder: ClapTextEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.encoder.encode_ids(ids, mask.long())[:, None]
        return tokens, torch.ones_like(mask[:, :1])


def text_encoder_graph(encoder: nn.Module) -> Graph:
    """The graph ``text_encoder``. Raises ValueError for a class that is not known."""
    if isinstance(encoder, MiniTextEncoder):
        return _mini(encoder)
    if isinstance(encoder, ClapTextEncoder):
        return _clap(encoder)
    raise ValueError(f"text_encoder_graph: {type(encoder).__name__} is neither MiniTextEncoder nor ClapTextEncoder")


def _ports(tokens: int | str, dim: int, padding: str) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    ids = Port("ids", ("batch", "words"), f"token ids with those of begin and end; {padding}", "int64")
    mask = Port("mask", ("batch", "words"), "true: a real token", "bool")
    text_mask = Port("text_mask", ("batch", tokens), "true: a real token", "bool")
    return (ids, mask), (Port("tokens", ("batch", tokens, dim), "the text"), text_mask)


def _mini(encoder: MiniTextEncoder) -> Graph:
    config = encoder.config

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        ids = torch.randint(config.vocabulary, (sizes["batch"], sizes["words"]), generator=generator)
        return ids, _mask(sizes)

    def reference(ids: Tensor, mask: Tensor) -> Outputs:
        """Each prompt alone and without padding, as :meth:`MiniTextEncoder.encode` has it."""
        parts = []
        for row, real in zip(ids, mask.sum(dim=1).tolist(), strict=True):
            found = encoder(encoder.vectors(row[None, :real]), torch.ones(1, real, dtype=torch.bool))
            tokens = torch.cat([found.sentence[:, None], found.words], dim=1)
            parts.append(Conditioning(tokens, torch.ones(1, 1 + real, dtype=torch.bool)))
        whole = Conditioning.cat(parts)
        return whole.tokens, whole.mask

    inputs, outputs = _ports("1+words", config.dim, "any id where the mask is false")
    return Graph(
        "text_encoder", MiniText(encoder), inputs, outputs, draw, reference,
        trials("words", (2, min(9, config.max_tokens), config.max_tokens)), peak_error, 1e-4,
        {"words": config.max_tokens},
    )  # fmt: skip


def _clap(encoder: ClapTextEncoder) -> Graph:
    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        shape = (sizes["batch"], sizes["words"])
        ids = torch.randint(ROBERTA_PADDING + 1, encoder.config.vocab_size, shape, generator=generator)
        mask = _mask(sizes)
        return ids.masked_fill(~mask, ROBERTA_PADDING), mask

    def reference(ids: Tensor, mask: Tensor) -> Outputs:
        return encoder.encode_ids(ids, mask.long())[:, None], torch.ones(len(ids), 1, dtype=torch.bool)

    inputs, outputs = _ports(1, encoder.dim, f"{ROBERTA_PADDING} where the mask is false")
    return Graph(
        "text_encoder", ClapText(encoder), inputs, outputs, draw, reference,
        trials("words", (PROMPT_TOKENS, 2, 9)), peak_error, 1e-4, {"words": PROMPT_TOKENS},
    )  # fmt: skip


def _mask(sizes: Sizes) -> Tensor:
    """The first item is real to its end, the others are not."""
    mask = torch.ones(sizes["batch"], sizes["words"], dtype=torch.bool)
    mask[1:, (sizes["words"] + 1) // 2 :] = False
    return mask
