"""How often each clip is drawn, and what its caption loses."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm.conditioning import Conditioning
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.training.data.dataset import (
    ESC10_SHARE,
    SAMPLES_SHARE,
    TELLING,
    TELLING_WEIGHT,
    LatentDataset,
    leave_out_words,
)
from tests.oracles.folder import TEXT, tokenizer

# (captions, classes, whether it is a recording)
Row = tuple[list[str], list[str], bool]
FIRST: list[Row] = [(["rain"], ["rain"], True), (["heavy rain", "two dogs"], ["rain", "dog"], True)]
SECOND: list[Row] = [(["a bell"], ["bell"], True), (["a bell then thunder"], ["bell"], True), (["a drum"], [], True)]
THIRD: list[Row] = [(["three slow knocks"], ["knock"], False), (["rain"], ["rain"], False), (["heavy"], [], False)]


def dataset(folder: Path, rows: list[Row], seed: int = 0) -> LatentDataset:
    torch.manual_seed(0)
    encoder = MiniTextEncoder(TEXT, tokenizer())
    encoder.set_table(torch.randn(TEXT.vocabulary, TEXT.table_dim))
    folder.mkdir(exist_ok=True)
    np.save(
        folder / "latents.npy", np.arange(len(rows), dtype=np.float16)[:, None, None] * np.ones((1, 3, 4), np.float16)
    )
    np.save(folder / "real.npy", np.asarray([real for _, _, real in rows]))
    (folder / "captions.json").write_text(json.dumps([captions for captions, _, _ in rows]))
    (folder / "classes.json").write_text(json.dumps([classes for _, classes, _ in rows]))
    return LatentDataset(folder, encoder.eval(), seed, esc10=frozenset({"rain", "dog"}))


@pytest.mark.parametrize(
    "caption",
    ["one dog", "two dogs", "six shots", "rain, then thunder", "a bell followed by a horn", "after rain", "fast steps",
     "slow steps", "rapid fire", "a single clap", "quick knocks, before rain"],
)  # fmt: skip
def test_captions_that_say_how_many_or_when_are_telling(caption: str) -> None:
    assert TELLING.search(caption)


@pytest.mark.parametrize("caption", ["rain", "someone talks", "breakfast", "an afternoon", "stones", "a slowdown", ""])
def test_captions_that_only_look_like_it_are_not(caption: str) -> None:
    assert not TELLING.search(caption)


def test_groups_keep_their_shares_whatever_their_captions_say(tmp_path: Path) -> None:
    weights = dataset(tmp_path, FIRST + SECOND + THIRD).weights
    shares = [weights[:2].sum(), weights[2:5].sum(), weights[5:].sum()]
    assert shares == pytest.approx([ESC10_SHARE, SAMPLES_SHARE, 1 - ESC10_SHARE - SAMPLES_SHARE])
    assert weights.sum() == pytest.approx(1.0) and weights.min() > 0


def test_telling_clips_weigh_twice_as_much_as_others_of_their_group(tmp_path: Path) -> None:
    """A clip counts as telling if any of its captions is."""
    weights = dataset(tmp_path, FIRST + SECOND + THIRD).weights
    assert TELLING_WEIGHT == 2.0
    for telling, others in ((1, [0]), (3, [2, 4]), (5, [6, 7])):
        for other in others:
            assert weights[telling] == pytest.approx(2 * weights[other])


@pytest.mark.parametrize("rows", [FIRST, SECOND, THIRD, FIRST + THIRD])
def test_groups_that_are_missing_leave_their_share_to_the_others(tmp_path: Path, rows: list[Row]) -> None:
    weights = dataset(tmp_path, rows).weights
    assert weights.sum() == pytest.approx(1.0)
    if rows == FIRST + THIRD:
        assert weights[:2].sum() / weights[2:].sum() == pytest.approx(ESC10_SHARE / (1 - ESC10_SHARE - SAMPLES_SHARE))


def test_where_all_or_none_are_telling_all_weigh_the_same(tmp_path: Path) -> None:
    for name, caption in (("all", "two bells"), ("none", "bells")):
        weights = dataset(tmp_path / name, [([caption], [], False)] * 5).weights
        assert weights == pytest.approx([0.2] * 5)


def test_clips_are_drawn_by_their_weights(tmp_path: Path) -> None:
    data = dataset(tmp_path, FIRST + SECOND + THIRD)
    rows = np.concatenate([data.describe(step, 500)["rows"] for step in range(20)])
    counts = np.bincount(rows, minlength=8) / len(rows)
    assert np.abs(counts - data.weights).max() < 4 * np.sqrt(0.25 / len(rows))


def test_a_batch_is_a_function_of_seed_and_step(tmp_path: Path) -> None:
    first, again, other = (dataset(tmp_path, FIRST + SECOND + THIRD, seed) for seed in (1, 1, 2))
    a, b = first.batch(3, 6, 0.3), again.batch(3, 6, 0.3)
    assert torch.equal(a.z_0, b.z_0) and torch.equal(a.conditioning.tokens, b.conditioning.tokens)
    assert torch.equal(a.conditioning.mask, b.conditioning.mask)
    assert first.describe(3, 6) != other.describe(3, 6)
    assert first.describe(3, 6)["rows"] == a.z_0[:, 0, 0].int().tolist()


def test_weights_are_part_of_what_the_data_are(tmp_path: Path) -> None:
    captions = [*FIRST, *SECOND, *THIRD]
    moved = [*captions[:-1], (["heavy"], [], True)]  # the same captions, another group
    assert dataset(tmp_path / "a", captions).identity == dataset(tmp_path / "b", captions).identity
    assert dataset(tmp_path / "a", captions).identity != dataset(tmp_path / "c", moved).identity


def test_words_get_lost_but_never_the_sentence() -> None:
    tokens = torch.randn(400, 6, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(6)[None] < torch.arange(400)[:, None] % 6 + 1
    left = leave_out_words(Conditioning(tokens, mask), np.random.default_rng(0))
    assert left.mask[:, 0].all() and not (left.mask & ~mask).any() and torch.equal(left.tokens, tokens)
    words = mask[:, 1:]
    lost = float((words & ~left.mask[:, 1:]).sum() / words.sum())
    assert lost == pytest.approx(1 - 0.9 * 0.95, abs=0.05)
