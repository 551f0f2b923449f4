"""Words, phrases and the vocabulary that the text encoder starts from."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm.errors import UserError
from soundctm.training.minilm import frequency_ranks, latin_tokens, with_vocabulary, word_table
from soundctm.training.phrases import Entry, make_phrases, nearness, read_wordnet
from tests.oracles.folder import tokenizer

NOUN = '03622058 06 n 02 klaxon 0 claxon 0 002 @ 03536761 n 0000 + 02183193 v 0204 | a kind of loud horn; "honk"  '
PLANT = "11600372 20 n 01 ponderosa 0 000 | a tall tree  "
VERB = "02183024 39 v 01 toll 0 001 @ 02180898 v 0000 01 + 08 00 | ring slowly  "


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    for name, lines in (("noun", [NOUN, PLANT]), ("verb", [VERB]), ("adj", [])):
        (tmp_path / f"data.{name}").write_text("\n".join(["  1 This software ...", *lines]))
    return tmp_path


def test_wordnet_lines_are_read(wordnet: Path) -> None:
    loud = "a kind of loud horn"
    assert read_wordnet(wordnet) == [Entry("klaxon", loud), Entry("claxon", loud), Entry("toll", "ring slowly")]


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no data\.noun"):
        read_wordnet(tmp_path)


def test_phrases_hold_their_words_and_repeat() -> None:
    words = ["puppy", "klaxon", "drizzle"]
    phrases = make_phrases(words, per_word=4, pairs=10, seed=3)
    assert phrases == make_phrases(words, per_word=4, pairs=10, seed=3)
    assert all(word in phrase for phrase, held in phrases.items() for word in held)
    assert all(sum(held == (word,) for held in phrases.values()) == 4 for word in words)


def test_nearness_is_the_largest_cosine() -> None:
    near = nearness(np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float16), np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(near, [1.0, 0.8], atol=1e-3)


def test_a_vocabulary_is_renumbered() -> None:
    layout = tokenizer()
    kept = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "rain", "bell", "klaxon"]
    own = with_vocabulary(json.dumps({"added_tokens": [], **json.loads(layout.to_str())}), kept)
    encoding = own.encode("Klaxon rain thunder")
    assert encoding.tokens == ["[CLS]", "klaxon", "rain", "[UNK]", "[SEP]"]
    assert encoding.ids == [2, 6, 4, 1, 3]


def test_only_latin_pieces_stay() -> None:
    vocabulary = {"[unused3]": 0, "[PAD]": 1, "雨": 2, "##ing": 4, "rain": 3, "é": 5, "[CLS]": 6, "!": 7}
    assert latin_tokens(vocabulary) == ["[PAD]", "[CLS]", "rain", "##ing", "!"]


def test_ranks_follow_zipf() -> None:
    vocabulary = {"q": 5, "the": 10, "rain": 500}
    assert frequency_ranks(["q", "the", "rain", "klaxon"], vocabulary).tolist() == [50, 0, 490, 30000]


def test_word_table_keeps_neighbours_and_hushes_common_words() -> None:
    generator = np.random.default_rng(0)
    axes = np.linalg.qr(generator.standard_normal((384, 8)))[0].T
    groups = np.repeat(np.arange(8), 40)
    embeddings = axes[groups] + 0.01 * generator.standard_normal((320, 384))
    table = word_table(embeddings, np.where(np.arange(320) < 3, 0, 20000), dim=16)
    near = torch.nn.functional.normalize(table, dim=1) @ torch.nn.functional.normalize(table, dim=1).T
    same = torch.from_numpy(groups[:, None] == groups)
    assert near[same].min() > near[~same].max()
    assert table[:3].norm(dim=1).max() < 0.2 * table[3:].norm(dim=1).min()
