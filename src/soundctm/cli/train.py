"""``soundctm train``: teachers, students, autoencoders, and the embedded model again."""

from pathlib import Path

import typer

from soundctm.cli.training import (
    BOARD,
    CONFIG,
    DATA,
    DEVICE,
    DRY_RUN,
    LISTEN,
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
    decoder,
    join,
    leaving,
    options_of,
    report,
    say,
)
from soundctm.cli.trajectories import follow, trajectories
from soundctm.errors import UserError

train_app = typer.Typer(no_args_is_help=True, help="Train models.")


@train_app.callback()
def train() -> None:
    """Train models."""


@train_app.command()
def teacher(
    config: str = CONFIG, data: Path = DATA, out: Path = OUT,
    start: str = typer.Option(None, "--start", help='Trained teacher to go on with, or its model; start = "teacher".'),
    resume: bool = RESUME, minutes: float = MINUTES, dry_run: bool = DRY_RUN, board: bool = BOARD,
    listen: str = LISTEN, device: Device = DEVICE, strategy: StrategyName = STRATEGY, sharded: bool = SHARDED,
    threads: int = THREADS,
) -> None:  # fmt: skip
    r"""Train a teacher: EDM denoising score matching on prepared latents.

    Example:

        soundctm train teacher --config smoke/teacher --data prepared --out runs/teacher
    """
    from soundctm.training.config import TeacherTraining, read_config
    from soundctm.training.data.prepared import PreparedDataset
    from soundctm.training.memory import Spread
    from soundctm.training.plan import teacher_plan
    from soundctm.training.runner import train_teacher

    check_apart(start, out)
    settings = read_config(config, TeacherTraining)
    source = PreparedDataset(data, settings.seed)
    first = None if start is None else backbone(start, "teacher")
    world = join(device, threads)
    with leaving(world):
        if dry_run:
            say(teacher_plan(settings, source, Spread(world.size, strategy), first), world)
            return
        options = options_of(out, resume, minutes, board, strategy, sharded)
        report(train_teacher(settings, source, options, world, decoder(listen, device), first), out, world)


@train_app.command()
def student(
    config: str = CONFIG, data: Path = DATA, out: Path = OUT,
    guide: str = typer.Option(..., "--teacher", help="Folder of a trained teacher, or a model that has one."),
    start: str = typer.Option(None, "--start", help='Trained student to go on with, or its model; start = "student".'),
    resume: bool = RESUME, minutes: float = MINUTES, dry_run: bool = DRY_RUN, board: bool = BOARD,
    listen: str = LISTEN, device: Device = DEVICE, strategy: StrategyName = STRATEGY, sharded: bool = SHARDED,
    threads: int = THREADS,
) -> None:  # fmt: skip
    r"""Distil a teacher into a student that jumps from any noise level to any other (Algorithm 2).

    Example:

        soundctm train student --config smoke/student --data prepared --teacher runs/teacher --out runs/student
    """
    from soundctm.training.config import StudentTraining, read_config
    from soundctm.training.data.prepared import PreparedDataset
    from soundctm.training.memory import Spread
    from soundctm.training.plan import student_plan
    from soundctm.training.runner import train_student

    check_apart(start, out)
    settings = read_config(config, StudentTraining)
    source = PreparedDataset(data, settings.seed)
    guiding = backbone(guide, "teacher")
    first = None if start is None else backbone(start, "student")
    world = join(device, threads)
    with leaving(world):
        if settings.gan is not None and listen is None:
            raise UserError("the GAN loss judges sound and needs a decoder; give --listen MODEL, or leave gan out")
        if dry_run:
            decode = None if settings.gan is None else decoder(listen, device)
            say(student_plan(settings, guiding, source, Spread(world.size, strategy), decode, first), world)
            return
        options = options_of(out, resume, minutes, board, strategy, sharded)
        report(train_student(settings, guiding, source, options, world, decoder(listen, device), first), out, world)


train_app.command()(trajectories)
train_app.command()(follow)


@train_app.command()
def autoencoder(
    config: str = CONFIG,
    data: Path = typer.Option(..., "--data", help="Folder of soundctm data prepare; latents are not needed."),
    out: Path = OUT,
    start: Path = typer.Option(None, "--start", help="Trained spectral autoencoder to go on with; codec stays."),
    resume: bool = RESUME, minutes: float = MINUTES, dry_run: bool = DRY_RUN, board: bool = BOARD,
    device: Device = DEVICE, threads: int = THREADS,
) -> None:  # fmt: skip
    r"""Train an autoencoder, by the kind of its configuration: the paper's Gaussian DAC ("autoencoder") or the embedded
    model's, which is fast ("spectral").

    Example:

        soundctm train autoencoder --config smoke/autoencoder --data prepared --out runs/autoencoder
    """
    from soundctm.training import dac, spectral
    from soundctm.training.autoencoder_config import read_autoencoder_config
    from soundctm.training.data.waveforms import PreparedCrops
    from soundctm.training.plan import autoencoder_plan, spectral_plan
    from soundctm.training.spectral_config import SpectralTraining

    settings = read_autoencoder_config(config)
    source = PreparedCrops(data, settings.seed)
    world = join(device, threads)
    with leaving(world):
        if start is not None and not isinstance(settings, SpectralTraining):
            raise UserError(f'--start needs a configuration with kind = "spectral", {config} has "{settings.kind}"')
        if dry_run:
            if isinstance(settings, SpectralTraining):
                plan = spectral_plan(settings, source, start, world.size)
            else:
                plan = autoencoder_plan(settings, source)
            say(plan, world)
            return
        options = options_of(out, resume, minutes, board, "ddp", False)
        if isinstance(settings, SpectralTraining):
            finished = spectral.train(settings, source, options, world, start)
        else:
            finished = dac.train(settings, source, options, world)
        report(finished, out, world)


@train_app.command()
def assemble(
    out: Path = typer.Option(..., "--out", "-o", help="New model folder."),
    base: str = typer.Option("mini", help="Model that gives every part that is not given here."),
    student: Path = typer.Option(None, help="Folder of soundctm train student."),
    teacher: Path = typer.Option(None, help="Folder of soundctm train teacher."),
    autoencoder: Path = typer.Option(None, help="Folder of soundctm train autoencoder."),
    name: str = typer.Option(None, help="Name in recipes; that of the folder when left out."),
) -> None:
    r"""Put trained parts into a model folder for generate, refine and data prepare.

    Example:

        soundctm train assemble --student runs/student --teacher runs/teacher --out my-model
    """
    from soundctm.folder import locate
    from soundctm.training.assemble import assemble_model

    given = {"student": student, "teacher": teacher, "autoencoder": autoencoder}
    trained = {part: folder for part, folder in given.items() if folder is not None}
    if not trained:
        raise UserError("nothing to assemble; give --student, --teacher or --autoencoder")
    folder = assemble_model(locate(base), out, name or out.name, trained)
    typer.echo(f"wrote {folder}; use it with --model {folder}")


@train_app.command()
def mini(
    out: Path = typer.Option(Path("runs/mini"), help="Working folder; an interrupted training goes on from it."),
    data: Path = typer.Option(
        None, help="Folder with esc10, sonic_pi and kenney_interface; procedural sounds alone when left out."
    ),
    scale: float = typer.Option(1.0, help="Factor on every stage's time budget."),
    threads: int = typer.Option(3, min=1, help="Threads; one less than there are cores keeps steps from stalling."),
    clips: int = typer.Option(None, min=1, help="Procedural sounds to make, of 0.44 MB each; 26,000 when left out."),
) -> None:
    """Train the embedded model from nothing: data, autoencoder, text encoder, teacher, student and what refines it."""
    from soundctm.training.mini import train_mini

    train_mini(out, data, scale, threads, clips)
