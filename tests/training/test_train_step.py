"""The benchmark of a training step: the official style is an oracle of ours, and all variants take the same steps."""

import math
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.config import OptimizerConfig, StudentTraining, read_config
from soundctm.training.draws import generator_of, solver_steps
from soundctm.training.student import TARGET, StudentTask
from soundctm.training.world import World
from tests.oracles.latents import GaussianLatents, tiny_backbone

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import train_step  # noqa: E402
from train_step_parts import figures, turns  # noqa: E402
from train_step_parts.official import OfficialStep  # noqa: E402
from train_step_parts.turns import OFFICIAL, VARIANTS, Job, Task, Turn  # noqa: E402

BATCH, INDEX = 4, 3
RADAM = OptimizerConfig(name="radam", learning_rate=1.0)  # its first steps are the clipped gradient
ALIKE = {
    "steps": 10, "batch": BATCH, "precision": "fp32", "max_solver_steps": 6, "drop_caption": 0.0, "optimizer": RADAM,
    "schedule": "constant", "distance": "official", "dsm_weight": 0.3,
}  # fmt: skip


class Given:
    """Encoders of what is encoded already; they count the prompts of each call."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def latents(self, x: Tensor) -> Tensor:
        return x

    def text(self, prompts: Tensor) -> Conditioning:
        self.asked.append(len(prompts))
        return Conditioning(prompts, torch.ones(prompts.shape[:2], dtype=torch.bool))


def fill(network: torch.nn.Module, seed: int) -> None:
    """Random weights everywhere, so that nothing is zero by construction."""
    generator = generator_of(seed)
    for parameter in network.parameters():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)


def both(form: str) -> tuple[StudentTask, OfficialStep, Given]:
    """Our task and the official step, with the same weights, in a form of the backbone."""
    backbone = tiny_backbone()
    if form == "token":
        plain = {"time_conditioning": "token", "jump_embedding": "shared", "pooled_context": False, "qk_norm": False}
        backbone = backbone.model_copy(update=plain)
    config, teacher, source, encoders = StudentTraining.model_validate(ALIKE), DiT(backbone), GaussianLatents(), Given()
    fill(teacher, 1)
    ours = StudentTask(config, teacher, source, World())
    fill(ours.trainee.module, 2)
    fill(ours.trainee.averages[TARGET].module, 3)
    official = OfficialStep(config, teacher, encoders, source.unconditional().tokens)
    official.student.load_state_dict(ours.trainee.module.state_dict())
    official.target.load_state_dict(ours.trainee.averages[TARGET].module.state_dict())
    return ours, official, encoders


@pytest.mark.parametrize("form", ["token", "adaln"])
def test_the_official_step_is_ours_where_both_are_set_alike(form: str) -> None:
    """Encoders, precision, distance and last layer set equal: losses, weight, update and target are the same, though
    the backbones, the solver's guidance and the ways back are other code."""
    ours, official, _ = both(form)
    official.last_layer = official.student.project_out.weight  # the official code takes the convolution after it
    before = [p.detach().clone() for p in official.student.parameters()]
    batch = ours.source.batch(INDEX, BATCH, 0.0)
    theirs, found = official.step(batch.z_0, batch.conditioning.tokens, INDEX), ours.step(INDEX, 0.5)
    for name in ("ctm", "dsm", "lambda_dsm"):
        assert found[name] > 1e-4 and math.isclose(theirs[name], found[name], rel_tol=1e-3), name
    student, target = ours.trainee.module, ours.trainee.averages[TARGET].module
    for old, a, b in zip(before, official.student.parameters(), student.parameters(), strict=True):
        assert torch.allclose(a - old, b - old, rtol=1e-3, atol=1e-3 * float((b - old).detach().abs().max()) + 1e-6)
    assert max(float((b - old).detach().abs().max()) for old, b in zip(before, student.parameters(), strict=True)) > 0.1
    assert all(
        torch.allclose(a, b, atol=1e-4) for a, b in zip(official.target.parameters(), target.parameters(), strict=True)
    )


def test_the_official_step_encodes_every_prompt_of_every_call_alone() -> None:
    """4 k B of the teacher, and 5 B of student (twice), target and features (twice), at k solver steps."""
    ours, official, encoders = both("token")
    batch = ours.source.batch(INDEX, BATCH, 0.0)
    official.step(batch.z_0, batch.conditioning.tokens, INDEX)
    k = solver_steps(ours.config, generator_of(ours.config.seed, INDEX, 0))
    assert encoders.asked == [1] * BATCH * (4 * k + 5)


def test_the_official_step_does_not_go_on_without_a_number() -> None:
    ours, official, _ = both("token")
    batch = ours.source.batch(INDEX, BATCH, 0.0)
    with pytest.raises(FloatingPointError, match="no number"):
        official.step(torch.full_like(batch.z_0, torch.nan), batch.conditioning.tokens, INDEX)


def test_few_steps_stand_for_all_that_are_drawn() -> None:
    """Their numbers of solver steps are the quantiles of the uniform distribution on 1 .. 39."""
    config = read_config("paper-44k-dit-1b/student", StudentTraining)
    chosen = turns.choose(config, 5)
    assert all(abs(a - b) <= 2 for a, b in zip(chosen.solver_steps, (4, 12, 20, 28, 36), strict=True))
    drawn = [solver_steps(config, generator_of(config.seed, index, 0)) for index in chosen.indices]
    assert tuple(drawn) == chosen.solver_steps
    assert all(solver_steps(config, generator_of(config.seed, index, 0)) == 1 for index in chosen.warmup)


def test_every_variant_takes_every_step_once_and_turns_are_reversed() -> None:
    chosen = turns.choose(read_config("paper-44k-dit-1b/student", StudentTraining), 7)
    plan = train_step.rounds(chosen, ["a", "b", "c"], 3)
    assert [each.order for each in plan] == [("a", "b", "c"), ("c", "b", "a"), ("a", "b", "c")]
    assert sorted(index for each in plan for index in each.steps.indices) == sorted(chosen.indices)
    assert {len(each.steps.indices) for each in plan} == {2, 3}


def job(preset: str, depth: int | None = None) -> Job:
    return Job(preset=preset, depth=depth, batch=1, device="cpu", threads=1)


def test_what_encoders_do_not_fit_is_left_out_and_never_replaced() -> None:
    wanted, left_out = train_step.fitting(job("paper-44k-dit-1b"), tuple(VARIANTS))
    assert wanted == list(VARIANTS) and not left_out
    wanted, left_out = train_step.fitting(job("mini"), tuple(VARIANTS))
    assert set(left_out) == {OFFICIAL, "encoders in the step"} and set(wanted) == set(VARIANTS) - set(left_out)
    assert all("64 channels and 12 tokens of 192" in why for why in left_out.values())
    with pytest.raises(UserError, match="nothing is left to measure"):
        train_step.fitting(job("mini"), (OFFICIAL,))


def turn(*seconds: float, text: float = 0.0) -> Turn:
    none = (0.0,) * len(seconds)
    text_seconds = tuple(text * each for each in seconds)
    return Turn(seconds=seconds, text=text_seconds, autoencoder=none, memory=int(seconds[0]), device_memory=None)


def test_ratios_are_taken_step_by_step() -> None:
    """Steps differ in length by their solver steps, and a ratio of medians would mix them."""
    found = figures.pooled({OFFICIAL: [turn(10, 90, text=0.1), turn(40)], "cached": [turn(5, 30), turn(10)]})
    ratio = found["cached"].ratio
    assert ratio is not None and (ratio.min, ratio.median, ratio.max) == (2, 3, 4)
    assert found["cached"].times == (5, 30, 10) and found["cached"].spread.median == 10
    assert found["cached"].steps_per_second == pytest.approx(3 / 45)
    assert found[OFFICIAL].ratio is None and found[OFFICIAL].text == pytest.approx(10 / 140)
    assert (found[OFFICIAL].memory, found["cached"].memory) == (40, 10)
    assert figures.pooled({"cached": [turn(5)]})["cached"].ratio is None


def test_the_time_left_goes_by_what_each_variant_took() -> None:
    progress = figures.Progress(["slow", "fast", "slow", "fast", "new"])
    progress.left, progress.taken = ["slow", "fast", "new"], {"slow": [90.0, 110.0], "fast": [10.0]}
    assert progress.seconds_left() == pytest.approx(100 + 10 + 70)
    progress.left = []
    assert progress.seconds_left() == 0


def test_a_turn_of_a_cached_step_hears_nothing_of_encoders() -> None:
    chosen = turns.choose(job("smoke", 1).config(VARIANTS["cached"]), 2)
    task = Task(job=job("smoke", 1), variant="cached", warmup=chosen.warmup, indices=chosen.indices)
    taken = turns.measure(task)
    assert len(taken.seconds) == 2 and taken.text == taken.autoencoder == (0.0, 0.0)
    with pytest.raises(FloatingPointError, match="not finite"):
        turns.finite({"ctm": math.nan})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--steps", "0"], "give a whole number, 1 or more"),
        (["--device", "abacus"], "device 'abacus' is not available"),
        (["--preset", "mini", "--variants", OFFICIAL], "nothing is left to measure"),
    ],
)
def test_what_can_be_mended_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        train_step.main(arguments)
    assert ended.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.slow
def test_a_comparison_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "step.json"
    names = ["cached", "cached, checkpointing"]
    small = ["--preset", "smoke", "--depth", "1", "--steps", "2", "--rounds", "2", "--threads", "1"]
    train_step.main([*small, "--variants", OFFICIAL, *names, "--out", str(out)])
    report = figures.Report.model_validate_json(out.read_text())
    assert list(report.variants) == names and set(report.left_out) == {OFFICIAL}
    assert report.rounds == 2 and len(report.solver_steps) == 2 and report.depth == 1
    assert all(len(each.times) == 2 for each in report.variants.values())
    said = capsys.readouterr()
    assert all(f"| {name} |" in said.out for name in names) and "round 2 of 2" in said.err and "min left" in said.err
