"""A text that is prepared once is the text that is read afresh."""

import copy
from typing import Any

import pytest
import torch

from soundctm.backbones.text import BUCKET, PreparedText, TextMemory
from soundctm.conditioning import Conditioning
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

FORMS: list[dict[str, Any]] = [{}, MINI, {"kv_heads": 2}, {"qk_norm": True}]
LEVELS = {"c_noise_s": torch.tensor([-1.0, 0.1]), "omega": torch.tensor([1.0, 4.0])}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [random_text(2, 5), random_text(2, 5, real=[5, 2]), random_text(2, 1)])
def test_prepared_text_changes_nothing(form: dict[str, Any], text: Conditioning) -> None:
    student, x = tiny_dit("student", **form), random_latents(2, 9)
    fresh = student(x, torch.tensor([0.5, 1.0]), text, **LEVELS)
    prepared = student(x, torch.tensor([0.5, 1.0]), student.prepare(text), **LEVELS)
    assert torch.allclose(prepared, fresh, atol=1e-5) and fresh.abs().max() > 0.1


@pytest.mark.parametrize("form", FORMS)
def test_filling_up_changes_nothing(form: dict[str, Any]) -> None:
    student, x, text = tiny_dit("student", **form), random_latents(2, 9), random_text(2, 5, real=[5, 2])
    memory = student.prepare(text).memory
    level = student.embed(torch.tensor([0.5, 1.0]), LEVELS["c_noise_s"], LEVELS["omega"], memory.pooled)
    plain, filled = student.core(x, level, memory), student.core(x, level, memory.bucketed())
    assert memory.bucketed().tokens == BUCKET and torch.allclose(plain, filled, atol=1e-5)


def test_one_token_is_folded_into_a_vector() -> None:
    student = tiny_dit("student")
    memory = student.prepare(random_text(2, 1)).memory
    assert memory.constants is not None and memory.constants.shape == (2, 2, 1, 32) and memory.keys is None
    assert memory.tokens == 0 and memory.bucketed() is memory
    assert student.prepare(random_text(2, 2, real=[1, 1])).memory.constants is None  # padded: the mask must count


def test_joined_memories_are_those_of_the_joined_texts() -> None:
    student, one, two = tiny_dit("student", **MINI), random_text(1, 3), random_text(2, 6, seed=5)
    parts = [student.prepare(text).memory.padded(6) for text in (one, two)]
    joined, whole = TextMemory.cat(parts), student.prepare(Conditioning.cat([one, two])).memory
    assert joined.keys is not None and whole.keys is not None and joined.mask is not None and whole.mask is not None
    seen = whole.mask[None, :, None, :, None]
    assert torch.equal(joined.mask, whole.mask)
    assert torch.allclose(joined.keys * seen, whole.keys * seen, atol=1e-6)
    assert joined.pooled is not None and whole.pooled is not None
    assert torch.allclose(joined.pooled, whole.pooled, atol=1e-6)


def test_memories_of_two_kinds_do_not_join() -> None:
    student = tiny_dit("student")
    memories = [student.prepare(random_text(1, n)).memory for n in (1, 3)]
    with pytest.raises(ValueError, match="different kinds"):
        TextMemory.cat(memories)
    with pytest.raises(ValueError, match="3 text tokens cannot be filled up to 2"):
        memories[1].padded(2)


def test_text_is_prepared_once_and_by_each_network_for_itself() -> None:
    student, other, text = tiny_dit("student"), tiny_dit("student", seed=1), random_text(1, 3)
    prepared = student.prepare(text)
    assert student.prepare(prepared) is prepared
    levels = {"c_noise_s": torch.zeros(1), "omega": torch.ones(1)}
    x = random_latents(1, 4)
    assert torch.equal(other(x, torch.ones(1), prepared, **levels), other(x, torch.ones(1), text, **levels))
    assert not isinstance(prepared.expand(2), PreparedText)


@pytest.mark.parametrize("form", FORMS)
def test_what_another_network_has_prepared_is_not_taken_for_ones_own(form: dict[str, Any]) -> None:
    """Nor what this one has prepared before its weights changed; a network that shares the weights may read it."""
    student, other, text = tiny_dit("student", **form), tiny_dit("student", seed=1, **form), random_text(1, 3)
    prepared, own = other.prepare(text), student.prepare(text).memory
    again = student.prepare(prepared)
    assert again is not prepared and again.mark == student.mark() != prepared.mark
    assert again.memory.keys is not None and own.keys is not None and prepared.memory.keys is not None
    assert torch.equal(again.memory.keys, own.keys) and not torch.allclose(own.keys, prepared.memory.keys, atol=1e-2)
    assert copy.copy(student).prepare(again) is again
    student.blocks[0].cross_attn.to_kv.weight.neg_()  # type: ignore[union-attr,operator]
    changed = student.prepare(again).memory.keys
    assert changed is not None and not torch.allclose(changed, own.keys, atol=1e-2)
