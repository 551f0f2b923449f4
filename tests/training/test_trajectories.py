"""Trajectories that a teacher has gone: recorded, drawn from, and learnt from, where they are known in closed form."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm.backbones import DiT
from soundctm.diffusion.precond import c_in, c_noise, c_out, c_skip, column
from soundctm.errors import UserError
from soundctm.training.config import FollowTraining, OptimizerConfig, Recording
from soundctm.training.draws import generator_of
from soundctm.training.following import FollowTask, aim
from soundctm.training.loop import Loop
from soundctm.training.trainee import KEPT
from soundctm.training.trajectories import ABOUT, RecordingTask, Trajectories
from soundctm.training.world import World
from soundctm.trajectory import jump
from soundctm.trajectory.jump import towards
from tests.oracles.latents import GaussianLatents, gaussian_jump, tiny_backbone

BATCHES = 6
CONFIG = Recording(steps=BATCHES, batch=16, solver_steps=24, keep_every=2, precision="fp32")


def recording(out: Path, config: Recording = CONFIG) -> RecordingTask:
    """From a teacher that is exact: its zero network is the denoiser of a Gaussian, at any guidance."""
    torch.manual_seed(0)
    return RecordingTask(config, DiT(tiny_backbone()), GaussianLatents(), out, World())


def record(out: Path, config: Recording = CONFIG) -> Trajectories:
    out.mkdir(parents=True, exist_ok=True)
    task = recording(out, config)
    for index in range(BATCHES):
        task.step(index, 0.0)
    task.close()
    return Trajectories(out)


@pytest.fixture(scope="module")
def trajectories(tmp_path_factory: pytest.TempPathFactory) -> Trajectories:
    return record(tmp_path_factory.mktemp("recorded"))


def test_what_is_recorded_are_the_teachers_trajectories(trajectories: Trajectories) -> None:
    assert len(trajectories) == 96 and len(trajectories.levels) == 13
    drawn = trajectories.draw(200, 0.3, 0.3, generator_of(1))
    assert (drawn.s < drawn.t).all()
    expected = gaussian_jump(drawn.z_t, drawn.t, drawn.s)
    error = (drawn.z_s - expected).square().mean((1, 2)) / expected.square().mean((1, 2))
    assert float(error.max()) < 2e-3  # of Heun's method, and of half precision
    assert float(drawn.omega.min()) >= 1.0 and float(drawn.omega.max()) <= 4.0 and float(drawn.omega.std()) > 0.5


def test_shares_of_the_stretches_begin_at_the_top_and_end_at_the_bottom(trajectories: Trajectories) -> None:
    def shares(from_top: float, to_end: float) -> tuple[float, float]:
        drawn = trajectories.draw(2000, from_top, to_end, generator_of(2))
        top, end = float(trajectories.levels[0]), float(trajectories.levels[-1])
        return float((drawn.t == top).float().mean()), float((drawn.s == end).float().mean())

    assert shares(1.0, 1.0) == (1.0, 1.0)
    evenly = shares(0.0, 0.0)
    assert evenly[0] == pytest.approx(1 / 12, abs=0.02) and 0.1 < evenly[1] < 0.5
    assert shares(0.4, 0.0)[0] == pytest.approx(0.4 + 0.6 / 12, abs=0.04)


def test_each_stretch_has_the_words_of_its_trajectory(trajectories: Trajectories) -> None:
    drawn = trajectories.draw(64, 1.0, 0.0, generator_of(3))
    said = torch.cat([GaussianLatents().batch(i, 16, 0.0).conditioning.tokens for i in range(BATCHES)])
    starts = torch.cat([torch.from_numpy(np.load(trajectories.folder / f"z.{i}.npy")[:, 0]) for i in range(BATCHES)])
    starts = starts.float()
    for z_t, tokens in zip(drawn.z_t, drawn.conditioning.tokens, strict=True):
        (row,) = [i for i, start in enumerate(starts) if torch.equal(start, z_t)]
        assert torch.equal(tokens, said[row].half().float())


def test_a_jump_with_this_aim_lands_where_the_teacher_did(trajectories: Trajectories) -> None:
    drawn = trajectories.draw(50, 0.2, 0.2, generator_of(4))
    assert torch.allclose(towards(drawn.z_t, aim(drawn), drawn.t, drawn.s), drawn.z_s, atol=1e-4)


@pytest.mark.parametrize("save_seconds", [0.0, 1e9], ids=["checkpoints", "before the first checkpoint"])
def test_a_recording_that_was_stopped_goes_on_to_the_same_files(
    tmp_path: Path, trajectories: Trajectories, save_seconds: float
) -> None:
    def run(limit: int) -> Trajectories | None:
        task = recording(tmp_path)
        done = 0

        def step(index: int, progress: float) -> dict[str, float]:
            nonlocal done
            done += 1
            if done > limit:
                raise KeyboardInterrupt
            figures = task.step(index, progress)
            if done == limit:  # killed with a batch written that no checkpoint knows of
                raise KeyboardInterrupt
            return figures

        loop = Loop(task.parts, tmp_path, steps=BATCHES, save_seconds=save_seconds, settings=dict(task.identity))
        try:
            loop.run(step)
        except KeyboardInterrupt:
            return None
        task.close()
        return Trajectories(tmp_path)

    assert run(2) is None
    with pytest.raises(UserError, match="holds no recorded trajectories"):
        Trajectories(tmp_path)
    again = run(100)
    assert again is not None and again.identity == trajectories.identity
    names = {path.name for path in trajectories.folder.glob("*.npy")}
    assert names == {path.name for path in tmp_path.glob("*.npy")} and len(names) == 4 * BATCHES
    for name in names:
        assert (tmp_path / name).read_bytes() == (trajectories.folder / name).read_bytes()


def test_another_recording_takes_nothing_over(tmp_path: Path, trajectories: Trajectories) -> None:
    """From a run that was killed before its first checkpoint; a finished one is kept."""
    left = recording(tmp_path)
    for index in range(3):
        left.step(index, 0.0)
    other = recording(tmp_path, CONFIG.model_copy(update={"solver_steps": 12, "seed": 1}))
    other.step(0, 0.0)
    other.close()
    assert Trajectories(tmp_path).batches == 1 and not (tmp_path / "z.1.npy").exists()
    with pytest.raises(UserError, match="holds recorded trajectories; choose another --out"):
        recording(trajectories.folder).step(0, 0.0)
    assert Trajectories(trajectories.folder).identity == trajectories.identity


def test_it_needs_few_open_files(trajectories: Trajectories) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    again = Trajectories(trajectories.folder)
    for i in range(5):
        again.draw(50, 0.4, 0.4, generator_of(i))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


@pytest.mark.parametrize("damage", ["a list", "no batches", "words for a number", "an empty file", "another shape"])
def test_a_damaged_folder_is_refused_in_one_line(damage: str, tmp_path: Path, trajectories: Trajectories) -> None:
    folder = Path(shutil.copytree(trajectories.folder, tmp_path / "damaged"))
    about = json.loads((folder / ABOUT).read_text())
    match damage:
        case "a list":
            (folder / ABOUT).write_text("[]")
        case "no batches":
            (folder / ABOUT).write_text(json.dumps(about | {"batches": 0}))
        case "words for a number":
            (folder / ABOUT).write_text(json.dumps(about | {"config": {"steps": "many"}}))
        case "an empty file":
            (folder / "mask.2.npy").write_bytes(b"")
        case _:
            np.save(folder / "z.3.npy", np.zeros((2, 3, 4, 5), np.float16))
    with pytest.raises(UserError, match="holds no recorded trajectories that can be read") as refused:
        Trajectories(folder)
    assert "\n" not in str(refused.value)


def test_numbers_beyond_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="half precision has not; lower sigma_max"):
        recording(tmp_path, CONFIG.model_copy(update={"sigma_max": 4e4})).step(0, 0.0)
    assert not list(tmp_path.glob("*.npy"))


def errors(student: DiT) -> list[float]:
    """Relative squared error of jumps from the top to three levels, against the closed form."""
    z = 80 * torch.randn(256, 4, 6, generator=generator_of(9))
    text, t, found = GaussianLatents().batch(999, 256, 0.0).conditioning, torch.full((256,), 80.0), []
    for level in (0.002, 0.5, 5.0):
        s = torch.full((256,), level)
        with torch.no_grad():
            G: Tensor = jump(student, z, t, s, 3.0, text)
        known = gaussian_jump(z, t, s)
        found.append(float((G - known).square().mean() / known.square().mean()))
    return found


def test_a_student_that_follows_them_jumps_as_they_went(trajectories: Trajectories) -> None:
    settings = FollowTraining(
        steps=300, batch=32, precision="fp32", ema=0.95, drop_caption=0.0,
        optimizer=OptimizerConfig(name="adamw", learning_rate=1e-2),
    )  # fmt: skip
    torch.manual_seed(0)
    student = DiT(tiny_backbone("student"))
    before = errors(student)
    task = FollowTask(settings, student, trajectories, GaussianLatents(), World())
    figures = [task.step(i, i / 300) for i in range(300)]
    after = errors(task.trainee.averages[KEPT].module)
    assert figures[-1]["follow"] < figures[0]["follow"]
    assert before[0] > 0.9 and after[0] < 0.1 and after[1] < 0.02 and after[2] < 0.001, (before, after)


def test_errors_of_the_raw_network_count_the_same_at_every_level(trajectories: Trajectories) -> None:
    """``lambda(t) |g - aim|^2 = |F - F*|^2``, where ``F*`` is what F must be for g to be the aim."""
    settings = FollowTraining(
        steps=1, batch=64, precision="fp32", from_top=0.0, to_end=0.0, dsm_weight=0.0,
        optimizer=OptimizerConfig(name="adamw", learning_rate=1e-2),
    )  # fmt: skip
    torch.manual_seed(0)
    student = DiT(tiny_backbone("student"))
    generator = generator_of(settings.seed, 0, 0)
    stretch = trajectories.draw(64, 0.0, 0.0, generator)
    t, s = stretch.t, stretch.s
    with torch.no_grad():
        x = column(c_in(t)) * stretch.z_t
        F = student(x, c_noise(t), stretch.conditioning, c_noise_s=c_noise(s), omega=stretch.omega)
    wanted = (aim(stretch) - column(c_skip(t)) * stretch.z_t) / column(c_out(t))
    task = FollowTask(settings, student, trajectories, GaussianLatents(), World())
    assert len(set(t.tolist())) > 3
    assert task.step(0, 0.0)["follow"] == pytest.approx(float((F - wanted).square().mean()), rel=1e-4)


def test_other_levels_and_other_latents_are_refused(trajectories: Trajectories) -> None:
    optimizer = OptimizerConfig(name="adamw", learning_rate=1e-2)
    settings = FollowTraining(steps=1, batch=2, optimizer=optimizer)
    for name in ("sigma_min", "sigma_max", "rho"):
        other = settings.model_copy(update={name: 5.0})
        with pytest.raises(UserError, match=f"{name} is 5, the trajectories were recorded with"):
            FollowTask(other, DiT(tiny_backbone("student")), trajectories, GaussianLatents(), World())
    with pytest.raises(UserError, match="the data have 9 latent frames, the trajectories 6"):
        FollowTask(settings, DiT(tiny_backbone("student")), trajectories, GaussianLatents(frames=9), World())
    with pytest.raises(UserError, match="takes 6 latent channels and text of 8 numbers, the trajectories have 4 and 8"):
        FollowTask(settings, DiT(tiny_backbone("student", 6)), trajectories, GaussianLatents(6), World())


def test_a_student_has_no_trajectories_to_record() -> None:
    with pytest.raises(UserError, match="received a student"):
        RecordingTask(CONFIG, DiT(tiny_backbone("student")), GaussianLatents(), Path(), World())
