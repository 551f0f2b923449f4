"""``soundctm train trajectories`` and ``follow``: what a teacher has gone, and a student that goes the same way."""

from pathlib import Path

import typer

from soundctm.cli.training import (
    CONFIG,
    DATA,
    DEVICE,
    DRY_RUN,
    MINUTES,
    OUT,
    RESUME,
    SHARDED,
    STRATEGY,
    THREADS,
    Device,
    StrategyName,
    backbone,
    check_apart,
    join,
    leaving,
    options_of,
    report,
    say,
)
from soundctm.errors import UserError


def trajectories(
    config: str = CONFIG, data: Path = DATA, out: Path = OUT,
    guide: str = typer.Option(..., "--teacher", help="Folder of a trained teacher, or a model that has one."),
    resume: bool = RESUME, minutes: float = MINUTES, dry_run: bool = DRY_RUN, device: Device = DEVICE,
    threads: int = THREADS,
) -> None:  # fmt: skip
    r"""Solve trajectories of a teacher, from noise to sound, and write them for a student to follow.

    Example:

        soundctm train trajectories --config smoke/trajectories --data prepared --teacher runs/teacher --out runs/gone
    """
    from soundctm.training.config import Recording, read_config
    from soundctm.training.data.prepared import PreparedDataset
    from soundctm.training.following_plan import recording_plan
    from soundctm.training.runner import record_trajectories

    check_apart(guide, out, "--teacher")
    settings = read_config(config, Recording)
    source = PreparedDataset(data, settings.seed)
    guiding = backbone(guide, "teacher")
    world = join(device, threads)
    with leaving(world):
        if world.size > 1:
            raise UserError("trajectories are recorded by one process; leave torchrun out")
        if dry_run:
            say(recording_plan(settings, guiding, source), world)
            return
        options = options_of(out, resume, minutes, False, "ddp", False)
        report(record_trajectories(settings, guiding, source, options, world), out, world, "trajectories")


def follow(
    config: str = CONFIG, data: Path = DATA, out: Path = OUT,
    gone: Path = typer.Option(..., "--trajectories", help="Folder of soundctm train trajectories."),
    start: str = typer.Option(..., "--start", help="Trained student to go on with, or its model."),
    resume: bool = RESUME, minutes: float = MINUTES, dry_run: bool = DRY_RUN, device: Device = DEVICE,
    strategy: StrategyName = STRATEGY, sharded: bool = SHARDED, threads: int = THREADS,
) -> None:  # fmt: skip
    r"""Go on with a student by the trajectories that its teacher has gone: many cheap steps, with no teacher in them.

    Example:

        soundctm train follow --config smoke/follow --data prepared --trajectories runs/gone --start runs/student \
            --out runs/followed
    """
    from soundctm.training.config import FollowTraining, read_config
    from soundctm.training.data.prepared import PreparedDataset
    from soundctm.training.following_plan import following_plan
    from soundctm.training.memory import Spread
    from soundctm.training.runner import train_following
    from soundctm.training.trajectories import Trajectories

    check_apart(start, out)
    settings = read_config(config, FollowTraining)
    source, way = PreparedDataset(data, settings.seed), Trajectories(gone)
    first = backbone(start, "student")
    world = join(device, threads)
    with leaving(world):
        if dry_run:
            say(following_plan(settings, first, way, source, Spread(world.size, strategy)), world)
            return
        options = options_of(out, resume, minutes, False, strategy, sharded)
        report(train_following(settings, first, way, source, options, world), out, world)
