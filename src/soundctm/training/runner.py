"""Runs a backbone's training from its configuration to its weights on disk."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from soundctm.audio.io import write_atomically
from soundctm.backbones.dit import DiT
from soundctm.training.checkpoint import Stateful
from soundctm.training.config import Budget, FollowTraining, Recording, StudentTraining, TeacherTraining
from soundctm.training.data.source import LatentSource
from soundctm.training.following import FollowTask
from soundctm.training.gan import Decoder
from soundctm.training.listening import Listening
from soundctm.training.loop import Loop
from soundctm.training.parts import TRAINING, write_part
from soundctm.training.reporters import Bar, Board, Figures, Lines, Listen, Reporter
from soundctm.training.student import StudentTask
from soundctm.training.task import Task
from soundctm.training.teacher import TeacherTask
from soundctm.training.trainee import KEPT, Strategy
from soundctm.training.trajectories import RecordingTask, Trajectories
from soundctm.training.world import World

# Keys of a configuration that may change when a training is resumed: its budget, and how its steps are computed.
MAY_CHANGE = {"steps", "minutes", "checkpointing", "compiled", "statistics_batches"}


@dataclass(frozen=True)
class RunOptions:
    """How a training runs on this machine; nothing here changes what is learnt.

    ``resume``: True goes on from the checkpoint in ``out``, False begins, None does what fits. ``limit_minutes`` ends
    this run with a clean checkpoint. ``strategy`` "fsdp" shards the weights, and with them the checkpoint
    (``sharded``). ``board`` writes TensorBoard files to ``out/board``, with sounds every ``panels_every`` steps and at
    the end, given a decoder.
    """

    out: Path
    resume: bool | None = False
    limit_minutes: float | None = None
    save_seconds: float = 120.0
    log_every: int = 50
    strategy: Strategy = "ddp"
    sharded: bool = False
    board: bool = False
    panels_every: int = 1000


def train_teacher(
    config: TeacherTraining, source: LatentSource, options: RunOptions, world: World, decode: Decoder | None = None,
    first: DiT | None = None,
) -> bool:  # fmt: skip
    """Train a teacher; ``first`` is the teacher that training goes on with, where ``config.start`` asks for one. Writes
    ``out/teacher.safetensors`` and ``teacher.json``. False when interrupted."""
    return run(TeacherTask(config, source, world, options.strategy, first), "teacher", options, decode)


def train_student(
    config: StudentTraining, teacher: DiT, source: LatentSource, options: RunOptions, world: World,
    decode: Decoder | None = None, first: DiT | None = None,
) -> bool:  # fmt: skip
    """Distil a teacher; ``first`` is the student that training goes on with, where ``config.start`` asks for one.
    Writes ``out/student.safetensors`` and ``student.json``. False when interrupted."""
    task = StudentTask(config, teacher, source, world, options.strategy, decode, first)
    return run(task, "student", options, decode)


def record_trajectories(
    config: Recording, teacher: DiT, source: LatentSource, options: RunOptions, world: World
) -> bool:
    """Write trajectories of a teacher into ``out``. False when interrupted."""
    task = RecordingTask(config, teacher, source, options.out, world)
    return run_and_write(task, options, None, task.close)


def train_following(
    config: FollowTraining, student: DiT, trajectories: Trajectories, source: LatentSource, options: RunOptions,
    world: World,
) -> bool:  # fmt: skip
    """Go on with ``student`` by trajectories of its teacher. Writes ``out/student.safetensors`` and ``student.json``.
    False when interrupted."""
    return run(FollowTask(config, student, trajectories, source, world, options.strategy), "student", options)


def run(task: Task, name: str, options: RunOptions, decode: Decoder | None = None) -> bool:
    """Run a task until its budget is spent, then write the averaged weights as the part ``name``.

    ``decode`` makes the sounds of the board; a network that is sharded over processes is not listened to.
    """
    heard = decode is not None and not (options.strategy == "fsdp" and task.world.size > 1)
    listen = Listening.of(task, decode) if heard and decode is not None else None
    return run_and_write(task, options, listen, lambda: _write_backbone(task, name, options.out))


def _write_backbone(task: Task, name: str, out: Path) -> None:
    """Weights, sizes and configuration; every process must call this, the first one writes."""
    weights = task.trainee.weights(KEPT)
    if task.world.first:
        settings = task.config.model_dump_json(indent=1).encode()
        write_atomically(out / f"{name}{TRAINING}", lambda file: file.write(settings))
        write_part(weights, task.trainee.module.config, out, name)


class Runnable(Protocol):
    """What :func:`run_loop` runs."""

    world: World

    @property
    def parts(self) -> Mapping[str, Stateful]: ...

    @property
    def identity(self) -> Mapping[str, str]: ...

    @property
    def config(self) -> Budget: ...

    def step(self, index: int, progress: float) -> Figures: ...

    def inspect(self, index: int) -> Mapping[str, Any]: ...


def run_loop(task: Runnable, options: RunOptions, listen: Listen | None = None) -> bool:
    """Run a task until its budget is spent; ``listen`` makes the sounds of the board. False when interrupted."""
    config = task.config
    with reporters(options, task.world, listen) as chosen:
        loop = Loop(
            task.parts, options.out, config.minutes, steps=config.steps, limit_minutes=options.limit_minutes,
            save_seconds=options.save_seconds, resume=options.resume, world=task.world, reporters=chosen,
            sharded=options.sharded or options.strategy == "fsdp", inspect=task.inspect,
            settings=_settings(config) | dict(task.identity), defaults=_defaults(config),
        )  # fmt: skip
        return loop.run(task.step, options.log_every, options.panels_every if options.board else 0)


def _settings(config: Budget) -> dict[str, Any]:
    """What may not change when a training is resumed, as a checkpoint keeps it."""
    return config.model_dump(mode="json", exclude=MAY_CHANGE)


def _defaults(config: Budget) -> dict[str, Any]:
    """What a checkpoint from before one of these settings existed did: a new key's default is what was done before."""
    fields = type(config).model_fields
    defaults = {name: field.get_default() for name, field in fields.items() if not field.is_required()}
    settings = _settings(config.model_copy(update=defaults))
    return {name: value for name, value in settings.items() if name in defaults}


def run_and_write(task: Runnable, options: RunOptions, listen: Listen | None, write: Callable[[], None]) -> bool:
    """:func:`run_loop`, then, when the budget is spent, ``write`` in every process; all of them wait for it."""
    finished = run_loop(task, options, listen)
    if finished:
        write()
    task.world.wait()
    return finished


@contextmanager
def reporters(options: RunOptions, world: World, listen: Listen | None) -> Iterator[tuple[Reporter, ...]]:
    """A bar on a terminal, lines elsewhere, and TensorBoard where it is asked for; one process reports for all."""
    if not world.first:
        yield ()
        return
    boards = (Board(options.out / "board", listen),) if options.board else ()
    if sys.stderr.isatty():
        with Bar() as bar:
            yield (bar, *boards)
    else:
        yield (Lines(), *boards)
