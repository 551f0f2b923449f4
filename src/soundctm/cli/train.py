"""``soundctm train``: teachers, students, autoencoders, and the embedded model again."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console

from soundctm.cli.common import complain
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.backbones.dit import DiT
    from soundctm.training.gan import Decoder
    from soundctm.training.plan import Plan
    from soundctm.training.runner import RunOptions
    from soundctm.training.world import World

train_app = typer.Typer(no_args_is_help=True, help="Train models.")

Device = Literal["cpu", "cuda"]
StrategyName = Literal["ddp", "fsdp"]
CONFIG = typer.Option(..., "--config", help="A TOML file, or a shipped name such as smoke/teacher.")
DATA = typer.Option(..., "--data", help="Folder of soundctm data prepare with --latents.")
OUT = typer.Option(..., "--out", "-o", help="Folder for checkpoint, log and weights.")
RESUME = typer.Option(False, "--resume", help="Go on from the checkpoint in --out.")
MINUTES = typer.Option(None, "--minutes", min=0.0, help="End this run after so long, with a clean checkpoint.")
DRY_RUN = typer.Option(False, "--dry-run", help="Say what would be done, check the data, and stop.")
BOARD = typer.Option(False, "--board", help="Write TensorBoard files to OUT/board.")
LISTEN = typer.Option(None, "--listen", metavar="MODEL", help="Model that decodes, for --board and a GAN loss.")
DEVICE = typer.Option("cpu", "--device", help="cpu or cuda; under torchrun each process takes its own.")
STRATEGY = typer.Option("ddp", "--strategy", help="Under torchrun: whole copies (ddp) or sharded weights (fsdp).")
SHARDED = typer.Option(False, "--sharded", help="A checkpoint that every process writes its part of, as a folder.")
THREADS = typer.Option(None, "--threads", min=1, help="CPU threads; one less than there are cores is best.")


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

    _check_apart(start, out)
    settings = read_config(config, TeacherTraining)
    source = PreparedDataset(data, settings.seed)
    first = None if start is None else _backbone(start, "teacher")
    world = _join(device, threads)
    with _leaving(world):
        if dry_run:
            _say(teacher_plan(settings, source, Spread(world.size, strategy), first), world)
            return
        options = _options(out, resume, minutes, board, strategy, sharded)
        _report(train_teacher(settings, source, options, world, _decoder(listen, device), first), out, world)


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

    _check_apart(start, out)
    settings = read_config(config, StudentTraining)
    source = PreparedDataset(data, settings.seed)
    guiding = _backbone(guide, "teacher")
    first = None if start is None else _backbone(start, "student")
    world = _join(device, threads)
    with _leaving(world):
        if settings.gan is not None and listen is None:
            raise UserError("the GAN loss judges sound and needs a decoder; give --listen MODEL, or leave gan out")
        if dry_run:
            decode = None if settings.gan is None else _decoder(listen, device)
            _say(student_plan(settings, guiding, source, Spread(world.size, strategy), decode, first), world)
            return
        options = _options(out, resume, minutes, board, strategy, sharded)
        _report(train_student(settings, guiding, source, options, world, _decoder(listen, device), first), out, world)


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
    world = _join(device, threads)
    with _leaving(world):
        if start is not None and not isinstance(settings, SpectralTraining):
            raise UserError(f'--start needs a configuration with kind = "spectral", {config} has "{settings.kind}"')
        if dry_run:
            if isinstance(settings, SpectralTraining):
                plan = spectral_plan(settings, source, start, world.size)
            else:
                plan = autoencoder_plan(settings, source)
            _say(plan, world)
            return
        options = _options(out, resume, minutes, board, "ddp", False)
        if isinstance(settings, SpectralTraining):
            finished = spectral.train(settings, source, options, world, start)
        else:
            finished = dac.train(settings, source, options, world)
        _report(finished, out, world)


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
    """Train the embedded model from nothing: data, autoencoder, text encoder, teacher, student, audition."""
    from soundctm.training.mini import train_mini

    train_mini(out, data, scale, threads, clips)


def _join(device: Device, threads: int | None) -> "World":
    """This process's place, with torch's threads set."""
    import torch

    from soundctm.training.world import World

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device cuda is not available here: no GPU is found; leave --device out for the CPU")
    if threads is not None:
        torch.set_num_threads(threads)
    return World.join(device)


def _options(
    out: Path, resume: bool, minutes: float | None, board: bool, strategy: StrategyName, sharded: bool
) -> "RunOptions":
    from soundctm.cli.common import output_folder
    from soundctm.training.runner import RunOptions

    folder = output_folder(out)
    return RunOptions(folder, resume, limit_minutes=minutes, strategy=strategy, sharded=sharded, board=board)


def _check_apart(start: str | None, out: Path) -> None:
    if start is not None and Path(start).resolve() == out.resolve():
        raise UserError(f"--start and --out are both {out}; choose another --out, the start is kept")


def _backbone(reference: str, part: Literal["teacher", "student"]) -> "DiT":
    """The teacher or student of a training's folder or of a model."""
    from soundctm.cli.common import load_model
    from soundctm.training.parts import load_backbone

    if (Path(reference) / f"{part}.json").is_file():
        return load_backbone(Path(reference), part)[0]
    if Path(reference).is_dir() and not (Path(reference) / "config.json").is_file():
        raise UserError(f"{reference} holds neither a trained {part} nor a model; let soundctm train {part} finish")
    model = load_model(reference, "cpu")
    found = model.teacher if part == "teacher" else model.student
    if found is None:
        raise UserError(f"model {reference} has no teacher; give the folder of soundctm train teacher")
    return found


def _decoder(listen: str | None, device: Device) -> "Decoder | None":
    """What makes sounds of latents."""
    from soundctm.cli.common import load_model
    from soundctm.training.listening import ModelDecoder

    if listen is None:
        return None
    return ModelDecoder(load_model(listen, device))


def _say(plan: "Plan", world: "World") -> None:
    """Print a plan, once."""
    if not world.first:
        return
    console = Console(highlight=False, soft_wrap=True)
    for label, words in plan.lines:
        console.print(f"{label:>14}  {words}", markup=False)


def _report(finished: bool, out: Path, world: "World") -> None:
    """Say where things are, once."""
    if world.first:
        go_on = "the same command with --resume goes on"
        message = f"finished; weights are in {out}" if finished else f"stopped, with a checkpoint in {out}; {go_on}"
        print(message, file=sys.stderr)


@contextmanager
def _leaving(world: "World") -> Iterator[None]:
    """End this process at once where it is one of many, and let one of them speak of what the user can mend."""
    code = 0
    try:
        yield
    except UserError as error:
        if world.size == 1:
            raise
        if world.first:
            complain(str(error))
        code = 2
    except Exception:
        if world.size == 1:
            raise
        traceback.print_exc()
        code = 1
    world.end(code)
