"""Trains something tiny, as a process of its own: to be killed, resumed, or run by torchrun."""

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from soundctm.backbones import DiT
from soundctm.errors import UserError
from soundctm.training import dac, spectral
from soundctm.training.config import FollowTraining, OptimizerConfig, Recording, StudentTraining, TeacherTraining
from soundctm.training.following import FollowTask
from soundctm.training.runner import RunOptions, run
from soundctm.training.student import StudentTask
from soundctm.training.task import Task
from soundctm.training.teacher import TeacherTask
from soundctm.training.trajectories import ABOUT, RecordingTask, Trajectories
from soundctm.training.world import World
from tests.oracles.autoencoder import TINY_ADVERSARY, Sines, tiny_spectral, tiny_training
from tests.oracles.latents import GaussianLatents, tiny_backbone
from tests.oracles.waves import GAN, Waves

ADAMW, RADAM, MUON = (OptimizerConfig(name=name, learning_rate=1e-2) for name in ("adamw", "radam", "muon"))
PLAIN: dict[str, Any] = {"precision": "fp32", "optimizer": ADAMW}
TEACHERS: dict[str, dict[str, Any]] = {"teacher": PLAIN, "teacher-muon": {"precision": "bf16", "optimizer": MUON}}
STUDENTS: dict[str, dict[str, Any]] = {
    "student": PLAIN,
    "student-far": {**PLAIN, "distance": "l2_0"},
    "student-on": {**PLAIN, "start": "student"},
    "student-gan": {"precision": "fp32", "optimizer": RADAM, "gan": GAN},
}
PARTS = (*TEACHERS, *STUDENTS, "follow", "autoencoder", "spectral")


def build(arguments: argparse.Namespace, world: World) -> Task:
    common = {"steps": arguments.steps, "batch": 8, "accumulate": 2}
    source = GaussianLatents()
    if arguments.part in TEACHERS:
        config = TeacherTraining.model_validate({**common, **TEACHERS[arguments.part], "backbone": tiny_backbone()})
        return TeacherTask(config, source, world, arguments.strategy)
    torch.manual_seed(0)
    teacher, first = DiT(tiny_backbone()), DiT(tiny_backbone().student())
    for parameter in (*teacher.parameters(), *first.parameters()):
        torch.nn.init.normal_(parameter, std=0.2)
    if arguments.part == "follow":
        follow = FollowTraining.model_validate({**common, **PLAIN})
        return FollowTask(follow, first, gone(arguments.out / "gone", teacher), source, world, arguments.strategy)
    student = StudentTraining.model_validate({**common, **STUDENTS[arguments.part], "max_solver_steps": 3})
    goes_on = first if student.start == "student" else None
    return StudentTask(student, teacher, source, world, arguments.strategy, Waves(), goes_on)


def gone(folder: Path, teacher: DiT) -> Trajectories:
    """A few trajectories of the teacher."""
    if not (folder / ABOUT).exists():
        folder.mkdir(parents=True, exist_ok=True)
        task = RecordingTask(Recording(steps=1, solver_steps=4, precision="fp32"), teacher, GaussianLatents(), folder,
                             World())  # fmt: skip
        task.step(0, 0.0)
        task.close()
    return Trajectories(folder)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--stop-after", type=int, default=-1)
    parser.add_argument("--strategy", choices=("ddp", "fsdp"), default="ddp")
    parser.add_argument("--sharded", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    world = World.join("cpu")
    code = 0
    print("begins", flush=True)  # whoever is going to kill this process waits for it
    try:
        train(arguments, world)
    except UserError as error:
        print(error, file=sys.stderr)
        code = 2
    world.end(code)
    return code


def train(arguments: argparse.Namespace, world: World) -> None:
    options = RunOptions(
        arguments.out, resume=arguments.resume, save_seconds=0.1, log_every=1, strategy=arguments.strategy,
        sharded=arguments.sharded,
    )  # fmt: skip
    sounds = Sines(pause=0.02 * arguments.slow)
    if arguments.part == "autoencoder":
        dac.train(tiny_training(steps=arguments.steps), sounds, options, world)
        return
    if arguments.part == "spectral":
        spectral.train(tiny_spectral(steps=arguments.steps, adversary=TINY_ADVERSARY), sounds, options, world)
        return
    task = build(arguments, world)
    whole = task.step

    def step(index: int, progress: float) -> dict[str, float]:
        figures = whole(index, progress)
        time.sleep(0.02 * arguments.slow)
        if index + 1 == arguments.stop_after:
            signal.raise_signal(signal.SIGTERM)
        return figures

    task.step = step  # type: ignore[method-assign]
    run(task, "teacher" if arguments.part in TEACHERS else "student", options)


if __name__ == "__main__":
    sys.exit(main())
