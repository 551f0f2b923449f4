"""What leaves a Conditioning is what went in, padded where lengths differ."""

import pytest
import torch

from soundctm.conditioning import Conditioning
from tests.oracles.tiny import random_text


def test_cat_pads_to_the_longest_and_keeps_every_real_token() -> None:
    short, long = random_text(1, 2), random_text(2, 5, seed=3, real=[5, 3])
    both = Conditioning.cat([short, long])
    assert both.tokens.shape == (3, 5, 16)
    assert both.mask.sum(1).tolist() == [2, 5, 3]
    assert torch.equal(both.tokens[:1, :2], short.tokens)
    assert torch.equal(both.tokens[1:], long.tokens)


def test_one_item_expands_to_any_batch_and_several_only_to_their_own() -> None:
    one = random_text(1, 3)
    assert torch.equal(one.expand(4).tokens, one.tokens.repeat(4, 1, 1))
    assert len(random_text(2, 3).expand(2)) == 2
    with pytest.raises(ValueError, match="does not expand to 3"):
        random_text(2, 3).expand(3)


def test_select_takes_tokens_and_mask_together() -> None:
    text = random_text(3, 4, real=[1, 2, 3])
    chosen = text.select(torch.tensor([2, 0]))
    assert chosen.mask.sum(1).tolist() == [3, 1]
    assert torch.equal(chosen.tokens, text.tokens[[2, 0]])


def test_dtype_is_that_of_the_tokens_only() -> None:
    moved = random_text(1, 2).to(dtype=torch.float64)
    assert (moved.tokens.dtype, moved.mask.dtype) == (torch.float64, torch.bool)


@pytest.mark.parametrize(
    ("tokens", "mask"),
    [
        (torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool)),
        (torch.zeros(2, 3, 4), torch.ones(2, 2, dtype=torch.bool)),
        (torch.zeros(2, 3, 4), torch.ones(2, 3)),
    ],
)
def test_shapes_and_mask_type_that_do_not_fit_are_refused(tokens: torch.Tensor, mask: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Conditioning(tokens, mask)
