"""Laws of students that are converted while they are loaded."""

import weakref

import pytest
import torch
from torch import Tensor, nn

from soundctm.engines.eager import build
from soundctm.engines.options import Precision
from soundctm.engines.streaming import streamed
from tests.oracles.engines import CONVERTED, CPU, ask
from tests.oracles.tiny import MINI, tiny_dit


@pytest.mark.parametrize("precision", CONVERTED)
def test_it_is_the_student_that_was_converted_whole(precision: Precision) -> None:
    student = tiny_dit("student", **MINI)
    expected, _ = build(student, nn.Identity(), precision, CPU)
    weights = student.state_dict()
    made = streamed(student.config, lambda name: weights[name].clone(), precision, CPU)
    asked = ask(student)
    assert torch.equal(made.core(*asked), expected.core(*asked))
    assert not made.training
    assert not any(value.requires_grad for value in made.parameters())


@pytest.mark.parametrize("precision", CONVERTED)
def test_the_float32_weights_of_one_block_at_a_time_are_in_memory(precision: Precision) -> None:
    weights = tiny_dit("student", depth=4).state_dict()
    read: list[tuple[str, weakref.ref[Tensor]]] = []

    def take(name: str) -> Tensor:
        block = ".".join(name.split(".")[:2])
        alive = {other for other, value in read if value() is not None}
        assert alive <= {block}, "weights of an earlier block are still there"
        value = weights[name].clone()
        if name.startswith("blocks.") and name.endswith(("proj.weight", "ff.out.weight", "to_out.weight")):
            read.append((block, weakref.ref(value)))
        return value

    streamed(tiny_dit("student", depth=4).config, take, precision, CPU)
    assert len(read) == 4 * 4


@pytest.mark.parametrize("precision", CONVERTED)
def test_weights_of_another_model_are_named(precision: Precision) -> None:
    weights = tiny_dit("student").state_dict()
    with pytest.raises(ValueError, match=r"blocks\.1\.ff\.out\.weight is \(3, 3\); the config says \(32, 128\)"):
        streamed(
            tiny_dit("student").config,
            lambda name: torch.zeros(3, 3) if name == "blocks.1.ff.out.weight" else weights[name], precision, CPU,
        )  # fmt: skip
