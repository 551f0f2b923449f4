"""Networks that round in every way there is, and whether that is noticed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from soundctm import SoundCTM
from soundctm.backbones.text import TextMemory
from soundctm.doctor.bits import compare_bits
from soundctm.engines.accelerated import AcceleratedStudent
from soundctm.engines.threads import physical_cores
from soundctm.folder import read_parts
from soundctm.takes import Engine

Rounding = Callable[[Tensor], Tensor]


class Rounded(SoundCTM):
    """A model whose student's answers are rounded in some way."""

    rounding: Rounding

    @property
    def engine(self) -> Engine:
        def core(x: Tensor, level: Tensor, text: TextMemory, span: Tensor | None = None) -> Tensor:
            return self.rounding(self.student.core(x, level, text, span))

        return replace(super().engine, student=AcceleratedStudent(self.student, core))


@pytest.fixture
def rounded(tiny_folder: Path) -> Callable[[Rounding], Rounded]:
    def make(rounding: Rounding) -> Rounded:
        model = Rounded(read_parts(tiny_folder), "tiny")
        model.rounding = rounding
        return model

    return make


def test_a_take_is_the_same_whatever_is_beside_it(model: SoundCTM) -> None:
    bits = compare_bits(model)
    assert bits.batch and (bits.cores is None) == (physical_cores() == 1)


def test_kernels_that_round_by_the_size_of_a_batch(rounded: Callable[[Rounding], Rounded]) -> None:
    """The batcher sees it and asks for the takes one by one, so that they are the same all the same."""
    bits = compare_bits(rounded(lambda F: F * (1 + 1e-6 * len(F))))
    assert bits.batch and not bits.rows


def test_a_network_that_forgets_what_it_has_said(rounded: Callable[[Rounding], Rounded]) -> None:
    generator = torch.Generator().manual_seed(0)
    assert not compare_bits(rounded(lambda F: F + 1e-3 * torch.randn(F.shape, generator=generator))).batch


@pytest.mark.skipif(physical_cores() == 1, reason="one core is all cores here")
def test_kernels_that_round_by_the_number_of_cores(rounded: Callable[[Rounding], Rounded]) -> None:
    assert compare_bits(rounded(lambda F: F * (1 + 1e-6 * torch.get_num_threads()))).cores is False
