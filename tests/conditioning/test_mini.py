"""The embedded text encoder on a dozen words and random weights."""

from pathlib import Path

import pytest
import torch

from soundctm.conditioning.mini import MiniTextEncoder, quantise_rows
from soundctm.errors import UserError
from tests.oracles.folder import TEXT, tokenizer


@pytest.fixture
def encoder() -> MiniTextEncoder:
    torch.manual_seed(0)
    encoder = MiniTextEncoder(TEXT, tokenizer()).eval().requires_grad_(False)
    encoder.set_table(torch.randn(TEXT.vocabulary, TEXT.table_dim))
    encoder.weigh.weight.normal_()
    return encoder


def test_tokens_do_not_depend_on_neighbours(encoder: MiniTextEncoder) -> None:
    alone = encoder.encode(["heavy rain"])
    among = encoder.encode(["three slow knocks, a bell, heavy thunder", "heavy rain", ""])
    n = alone.tokens.shape[1]
    assert torch.equal(among.tokens[1, :n], alone.tokens[0])
    assert among.mask[1].sum() == n and not among.tokens[1, n:].any()


def test_padding_inside_the_network_changes_nothing(encoder: MiniTextEncoder) -> None:
    ids = torch.tensor(encoder.tokenize(["heavy rain"]))
    padded = torch.cat([ids, torch.full((1, 3), 7)], dim=1)
    mask = torch.arange(padded.shape[1])[None] < ids.shape[1]
    short, long = encoder(encoder.vectors(ids), mask[:, : ids.shape[1]]), encoder(encoder.vectors(padded), mask)
    torch.testing.assert_close(long.sentence, short.sentence)
    torch.testing.assert_close(long.words[:, : ids.shape[1]], short.words)
    torch.testing.assert_close(long.joint, short.joint)


def test_the_empty_prompt_is_start_and_end(encoder: MiniTextEncoder) -> None:
    empty = encoder.encode([""])
    assert empty.tokens.shape == (1, 3, TEXT.dim) and empty.mask.all()  # sentence, [CLS], [SEP]
    assert not torch.allclose(empty.tokens[:, 0], encoder.encode(["rain"]).tokens[:, 0])


def test_order_of_words_is_heard(encoder: MiniTextEncoder) -> None:
    first, second = encoder.encode(["rain, thunder", "thunder, rain"]).tokens
    assert (first - second).abs().max() > 1e-3


def test_capitals_are_not(encoder: MiniTextEncoder) -> None:
    assert torch.equal(encoder.encode(["Heavy RAIN"]).tokens, encoder.encode(["heavy rain"]).tokens)


def test_long_prompts_lose_their_end(encoder: MiniTextEncoder) -> None:
    assert encoder.encode(["rain " * 500]).tokens.shape[1] == 1 + TEXT.max_tokens


def test_embeddings_have_unit_length(encoder: MiniTextEncoder) -> None:
    norms = encoder.embed(["rain", "", "a bell"]).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(3))


def test_score_is_the_cosine_over_the_temperature(encoder: MiniTextEncoder) -> None:
    latents = torch.randn(2, TEXT.latent_channels, 20)
    wanted = torch.einsum("bd,bd->b", encoder.embed(["rain", "a bell"]), encoder.tower(latents)) / 0.07
    torch.testing.assert_close(encoder.score(["rain", "a bell"], latents), wanted)
    with pytest.raises(ValueError, match="1 prompts for 2 latents"):
        encoder.score(["rain"], latents)


def test_quantised_rows_err_by_half_a_step() -> None:
    table = torch.randn(50, 16) * torch.logspace(-3, 2, 50)[:, None]
    values, scale = quantise_rows(table)
    error = (values.float() * scale[:, None] - table).abs() / scale[:, None]
    # The step is rounded to half precision: the largest entries, 127 steps, may be off by 127 / 2048 more.
    assert values.dtype == torch.int8 and error.max() <= 0.5 + 127 / 2048
    assert torch.equal(scale.half().float(), scale)


def test_saved_and_loaded_it_says_the_same(encoder: MiniTextEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    first, again = MiniTextEncoder.load(tmp_path), MiniTextEncoder.load(tmp_path)
    prompts = ["three slow knocks", ""]
    torch.testing.assert_close(first.encode(prompts).tokens, encoder.encode(prompts).tokens, atol=0.02, rtol=0)
    assert torch.equal(first.encode(prompts).tokens, again.encode(prompts).tokens)
    assert torch.equal(first.table, encoder.table)  # exact: the table is stored as it is used


def test_damaged_folders_are_named(encoder: MiniTextEncoder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"text_encoder\.json is missing"):
        MiniTextEncoder.load(tmp_path)
    encoder.save(tmp_path)
    with pytest.raises(UserError, match="does not fit its sizes"):
        MiniTextEncoder.load(tmp_path, TEXT.model_copy(update={"dim": 32}))
    with pytest.raises(UserError, match=r"13 tokens.* 20 rows"):
        MiniTextEncoder.load(tmp_path, TEXT.model_copy(update={"vocabulary": 20}))
    weights = tmp_path / "text_encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UserError, match="damaged or foreign"):
        MiniTextEncoder.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="is no tokenizer"):
        MiniTextEncoder.load(tmp_path)
