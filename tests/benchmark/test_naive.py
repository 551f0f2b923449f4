"""The naive path makes the same sound, from the same weights, the long way."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from soundctm import SoundCTM, UserError
from soundctm.autoencoder import GaussianDAC
from soundctm.benchmark.naive import NaivePath, checkpointed
from soundctm.benchmark.plain import directly
from tests.oracles.paper import STUDENT, tiny_paper_model

LIMIT = 1e-4  # of the norm: rounding, and what a decoder makes of it


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("seconds", [None, 0.1301])
def test_it_sounds_as_ours(model: SoundCTM, steps: int, seconds: float | None) -> None:
    options: dict[str, Any] = {"takes": 2, "steps": steps, "seconds": seconds, "seed": 3}
    naive = NaivePath(model).generate("heavy rain", **options)
    ours = model.generate("heavy rain", **options)
    assert len(naive) == len(ours) == 2
    for slow, clip in zip(naive, ours, strict=True):
        assert slow.dtype == np.float32 and slow.shape == clip.samples.shape
        assert np.abs(slow).max() > 1e-3 and distance(slow, clip.samples) < LIMIT


def test_prompts_and_seeds_matter(model: SoundCTM) -> None:
    path = NaivePath(model)
    first = path.generate("heavy rain", seed=3)[0]
    assert distance(path.generate("a bell", seed=3)[0], first) > LIMIT
    assert distance(path.generate("heavy rain", seed=4)[0], first) > 0.1


def places(weights: Iterable[Tensor]) -> set[int]:
    return {value.data_ptr() for value in weights}


def test_weights_of_the_student_are_shared(model: SoundCTM) -> None:
    held = places(NaivePath(model).student.weights.values())
    assert held and held <= places(model.student.state_dict().values())


def test_the_dac_decodes_from_weights_in_the_usual_layout(paper: SoundCTM) -> None:
    """A model holds them in a faster one, and goes on to."""
    decoder = NaivePath(paper).decoder
    theirs = paper.autoencoder.state_dict()
    assert decoder is not None and decoder.weights
    assert all(value.is_contiguous() and value.equal(theirs[name]) for name, value in decoder.weights.items())
    assert not all(theirs[name].is_contiguous() for name in decoder.weights)


def test_alone_with_a_model_nothing_is_held_twice(paper: SoundCTM) -> None:
    """Its peak of memory would be that of a copy which the official code does not have."""
    model = tiny_paper_model()
    decoder = NaivePath(model, alone=True).decoder
    assert decoder is not None and all(value.is_contiguous() for value in decoder.weights.values())
    assert places(decoder.weights.values()) <= places(model.autoencoder.state_dict().values())
    sounds = (each.generate("heavy rain", seed=3)[0] for each in (NaivePath(model, alone=True), NaivePath(paper)))
    assert np.array_equal(*sounds)


def test_both_texts_are_read_at_every_step(paper: SoundCTM) -> None:
    calls = Counter[str]()
    for name in ("text_branch", "text_projection"):
        part: nn.Module = getattr(paper.text_encoder, name)
        part.register_forward_hook(lambda *_, name=name: calls.update([name]))
    NaivePath(paper).generate("heavy rain", steps=3)
    assert calls == {"text_branch": 6, "text_projection": 6}


def test_every_layer_sees_a_doubled_batch_at_every_step(model: SoundCTM) -> None:
    path = NaivePath(model)
    assert path.student.call is checkpointed
    batches: list[int] = []

    def watched(layer: Any, name: str, h: Tensor, *inputs: Any) -> Tensor:
        batches.append(len(h))
        return directly(layer, name, h, *inputs)

    path.student.call = watched
    path.generate("heavy rain", takes=3, steps=2)
    assert batches == [6] * (model.config.student.depth * 2)


def test_the_prepared_student_is_left_alone(model: SoundCTM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes the student or the DAC faster, the naive path stays what it is."""

    def forbidden(*inputs: Any, **options: Any) -> None:
        raise AssertionError("the naive path went the fast way")

    path = NaivePath(model)
    for module in model.student.modules():
        monkeypatch.setattr(module, "forward", forbidden)
    if isinstance(model.autoencoder, GaussianDAC):
        monkeypatch.setattr(model.autoencoder, "decode", forbidden)
        for module in model.autoencoder.modules():
            monkeypatch.setattr(module, "forward", forbidden)
    assert path.generate("heavy rain")[0].shape[0] == 1


def test_weight_norm_is_computed_at_every_call(paper: SoundCTM) -> None:
    """The length of a direction does not count, whatever happens to it between calls."""
    decoder = NaivePath(paper).decoder
    assert decoder is not None
    z = torch.randn(1, STUDENT.channels, 9, generator=torch.Generator().manual_seed(0))
    before = decoder(z)
    decoder.weights = {
        name: 3.0 * value if name.endswith(".weight") else value for name, value in decoder.weights.items()
    }
    torch.testing.assert_close(decoder(z), before, rtol=1e-4, atol=1e-6)


def test_windows_are_not_part_of_it(tiny: SoundCTM) -> None:
    with pytest.raises(UserError, match=r"seconds is 3\.5; the naive path makes at most the 3 s"):
        NaivePath(tiny).generate("heavy rain", seconds=3.5)
