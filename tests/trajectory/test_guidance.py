"""nu-sampling (Eq. 10)."""

import torch

from soundctm.trajectory import jump
from soundctm.trajectory.guidance import nu_jump
from tests.oracles.gaussian import GaussianStudent, text
from tests.oracles.tiny import random_latents, random_text, tiny_dit


def test_nu_mixes_the_two_jumps_in_one_doubled_batch() -> None:
    student = GaussianStudent(null=-0.5)
    z = torch.randn(2, 1, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    prompt, null = text(1.0, 2.0), text(-0.5, -0.5)
    mixed = nu_jump(student, z, 5.0, 1.0, 2.0, prompt, null, 2.5)
    assert student.batches == [4]
    G_text, G_null = (jump(student, z, 5.0, 1.0, 2.0, c) for c in (prompt, null))
    assert torch.allclose(mixed, G_null + 2.5 * (G_text - G_null), atol=1e-12)


def test_nu_one_is_the_text_jump_and_skips_the_unconditional_half() -> None:
    student = GaussianStudent(null=-0.5)
    z = torch.ones(2, 1, 4, dtype=torch.float64)
    mixed = nu_jump(student, z, 5.0, 1.0, 2.0, text(1.0, 2.0), text(-0.5, -0.5), 1.0)
    assert student.batches == [2]
    assert torch.equal(mixed, jump(student, z, 5.0, 1.0, 2.0, text(1.0, 2.0)))


def test_nu_zero_forgets_the_text_also_when_lengths_differ() -> None:
    student, z = tiny_dit("student"), random_latents(2, 8)
    null = random_text(2, 1, seed=9)
    mixed = nu_jump(student, z, 5.0, 1.0, 2.0, random_text(2, 6), null, 0.0)
    assert torch.allclose(mixed, jump(student, z, 5.0, 1.0, 2.0, null), atol=1e-5)
