"""The memory estimate against what autograd really keeps, and what really lives at once."""

import gc
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from soundctm.backbones import DiT, DiTConfig, parameters
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.config import FollowTraining, OptimizerConfig, Recording, StudentTraining, TeacherTraining
from soundctm.training.following import FollowTask
from soundctm.training.memory import (
    FLOAT,
    Memory,
    Spread,
    activations,
    following_memory,
    kept_bytes,
    student_memory,
    teacher_memory,
)
from soundctm.training.plan import student_plan
from soundctm.training.precision import Precision, arithmetic
from soundctm.training.student import StudentTask
from soundctm.training.trajectories import RecordingTask, Trajectories
from soundctm.training.world import World
from tests.oracles.latents import WIDTH, GaussianLatents, tiny_backbone
from tests.oracles.peak import peak_bytes
from tests.oracles.waves import GAN, Waves

FRAMES, TOKENS, BATCH = 48, 3, 16
SHARDED = ("weights", "gradients", "optimizer", "averages")


def backbone(depth: int = 4, width: int = 32) -> DiTConfig:
    return DiTConfig(**{**tiny_backbone().model_dump(), "depth": depth, "width": width})


def distillation(**changes: Any) -> StudentTraining:
    settings = {"steps": 5, "batch": BATCH, "precision": "fp32", "max_solver_steps": 2, **changes}
    optimizer = OptimizerConfig(name="adamw", learning_rate=1e-3)
    return StudentTraining.model_validate({"optimizer": optimizer, **settings})


def estimate(spread: Spread = Spread(), sizes: DiTConfig | None = None, **changes: Any) -> Memory:
    return student_memory(distillation(**changes), sizes or backbone(), FRAMES, TOKENS, spread, Waves())


@pytest.mark.parametrize(("precision", "width"), [("fp32", 16), ("bf16", 16), ("bf16", 96)])
@pytest.mark.parametrize("frozen", [False, True])
def test_the_extrapolated_count_is_that_of_the_whole_network(precision: Precision, width: int, frozen: bool) -> None:
    """In bfloat16 rounded weights are kept too: once, however many clips there are."""
    sizes, items = backbone(5, width), 6
    network = DiT(sizes).requires_grad_(not frozen)
    text = Conditioning(torch.zeros(items, 3, WIDTH), torch.ones(items, 3, dtype=torch.bool))
    x, level = torch.zeros(items, 4, 24, requires_grad=frozen), torch.zeros(items)
    with arithmetic(precision):
        counted = kept_bytes(network.parameters(), lambda: network(x, level, text))
    found = activations(sizes, items, 24, 3, precision, checkpointing=False, frozen=frozen)
    assert 0.8 < found / counted < 1.25


def test_checkpointing_keeps_less() -> None:
    whole, less = (activations(backbone(8), 4, 24, 3, "fp32", checkpointing=on) for on in (False, True))
    assert less < 0.4 * whole


def test_parameters_are_counted_without_building() -> None:
    assert parameters(tiny_backbone()) == sum(p.numel() for p in DiT(tiny_backbone()).parameters())


@pytest.mark.parametrize(
    "changes", [{"distance": "l2_s"}, {"distance": "l2_0"}, {"distance": "teacher"}, {"distance": "l2_0", "gan": GAN}]
)
def test_a_step_takes_what_was_said(changes: dict[str, Any]) -> None:
    """The peak of a step's tensors: activations, sound, and the gradients as they come."""
    source = GaussianLatents(frames=FRAMES)
    torch.manual_seed(0)
    task = StudentTask(distillation(**changes), DiT(backbone()), source, World(), decode=Waves())
    for network in (task.teacher, task.trainee.module, *(each.module for each in task.trainee.averages.values())):
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.1)
    batch = source.batch(0, BATCH, 0.0)
    gc.collect()
    peak = peak_bytes(lambda: task.backward(batch.z_0, batch.conditioning, 0, 0, slice(0, BATCH)))
    said = estimate(**changes)
    assert 0.85 < (said.activations + said.sound + said.gradients + said.discriminators / 4) / peak < 1.15


def test_following_takes_what_was_counted(tmp_path: Path) -> None:
    source = GaussianLatents(frames=FRAMES)
    recording = RecordingTask(Recording(steps=1, solver_steps=4), DiT(backbone()), source, tmp_path, World())
    recording.step(0, 0.0)
    recording.close()
    optimizer = OptimizerConfig(name="adamw", learning_rate=1e-3)
    settings = FollowTraining(steps=5, batch=BATCH, precision="fp32", optimizer=optimizer)
    student = DiT(backbone().student())
    task = FollowTask(settings, student, Trajectories(tmp_path), source, World())
    batch = source.batch(0, BATCH, 0.0)
    gc.collect()
    peak = peak_bytes(lambda: task.backward(batch.z_0, batch.conditioning, 0, 0, slice(0, BATCH)))
    said = following_memory(settings, student.config, FRAMES, TOKENS)
    assert 0.85 < (said.activations + said.gradients) / peak < 1.15


def test_every_ingredient_takes_more() -> None:
    plain, far, guided = (estimate(distance=name) for name in ("l2_s", "l2_0", "teacher"))
    assert plain.activations < far.activations and plain.activations < guided.activations
    assert estimate(distance="l2_s", dsm=False).activations < 0.6 * plain.activations
    judged = estimate(distance="l2_s", gan=GAN)
    assert judged.activations == far.activations, "a jump to the lowest level, as for l2_0"
    assert judged.discriminators > 0 == plain.discriminators and judged.sound > 0 == plain.sound
    longer = estimate(distance="l2_s", gan={**GAN, "crop_frames": 2 * GAN["crop_frames"]})
    assert longer.sound > 1.7 * judged.sound and longer.discriminators == judged.discriminators
    assert estimate(gan={**GAN, "crop_frames": 10 * FRAMES}).sound == estimate(gan={**GAN, "crop_frames": FRAMES}).sound
    assert estimate(distance="l2_0", gan=GAN).activations > judged.activations


def test_discriminators_are_four_of_each_weight() -> None:
    """The weight, its gradient and two moments; among several processes the gradient once more, in a bucket."""
    settings = distillation(gan=GAN)
    task = StudentTask(settings, DiT(backbone()), GaussianLatents(frames=FRAMES), World(), decode=Waves())
    count = sum(p.numel() for p in task.adversary.trainee.module.parameters())  # type: ignore[union-attr]
    assert estimate(gan=GAN).discriminators == 4 * FLOAT * count
    for strategy in ("ddp", "fsdp"):
        assert estimate(Spread(2, strategy), gan=GAN).discriminators == 5 * FLOAT * count


def test_shards_divide_what_learns() -> None:
    alone, *sharded = (estimate(Spread(processes, "fsdp")) for processes in (1, 2, 4, 8))
    for processes, each in zip((2, 4, 8), sharded, strict=True):
        for name in SHARDED:
            assert getattr(each, name) == pytest.approx(getattr(alone, name) / processes, rel=1e-3)
        assert each.teacher == alone.teacher, "the guide is whole everywhere"
        assert each.activations == pytest.approx(alone.activations / processes, rel=0.02)
        assert 0 < each.gathered < alone.weights
    assert alone.gathered == 0
    totals = [each.total for each in (alone, *sharded)]
    assert totals == sorted(totals, reverse=True)


def test_whole_copies_are_whole_and_average_gradients_in_buckets() -> None:
    alone, copies = estimate(), estimate(Spread(4, "ddp"))
    for name in ("weights", "optimizer", "averages", "teacher"):
        assert getattr(copies, name) == getattr(alone, name)
    assert copies.gradients == 2 * alone.gradients and copies.gathered == 0
    assert copies.activations == pytest.approx(alone.activations / 4, rel=0.02)


def test_deep_networks_gather_a_small_share() -> None:
    """Three blocks, one of them gradients, and what is outside the blocks: however deep."""
    shallow, deep = (estimate(Spread(2, "fsdp"), sizes=backbone(depth)) for depth in (4, 16))
    assert shallow.gathered == deep.gathered


def test_a_teacher_is_counted_alike() -> None:
    settings = {"steps": 1, "batch": 8, "backbone": backbone(), "optimizer": {"name": "adamw", "learning_rate": 1e-3}}
    config = TeacherTraining.model_validate(settings)
    alone, sharded = (teacher_memory(config, FRAMES, TOKENS, spread) for spread in (Spread(), Spread(2, "fsdp")))
    assert alone.weights == FLOAT * parameters(backbone()) == 2 * sharded.weights
    assert (alone.averages, alone.optimizer) == (alone.weights, 2 * alone.weights)
    muon = config.model_copy(update={"optimizer": OptimizerConfig(name="muon", learning_rate=1e-3)})
    assert alone.weights < teacher_memory(muon, FRAMES, TOKENS).optimizer < alone.optimizer


def test_the_plan_says_it_for_each_process() -> None:
    source, teacher = GaussianLatents(frames=FRAMES), DiT(backbone())
    said = []
    for spread in (Spread(), Spread(2, "fsdp")):
        said.append(dict(student_plan(distillation(gan=GAN), teacher, source, spread, Waves()).lines)["memory"])
    assert all("discriminators" in words and "sound" in words for words in said)
    assert "gathered" not in said[0] and "processes" not in said[0]
    assert "gathered" in said[1] and "in each of 2 processes (fsdp)" in said[1]
    schedule = dict(student_plan(distillation(warmup=0.1), teacher, source).lines)["schedule"]
    assert "cosine after a warm-up over 10 %" in schedule


def test_a_gan_loss_cannot_be_counted_without_a_decoder() -> None:
    with pytest.raises(UserError, match="needs a decoder"):
        student_memory(distillation(gan=GAN), backbone(), FRAMES, TOKENS)
