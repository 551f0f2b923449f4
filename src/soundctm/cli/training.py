"""What the commands that train have in common."""

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
THREADS = typer.Option(None, "--threads", min=1, max=1024, help="CPU threads; one less than there are cores is best.")


def join(device: Device, threads: int | None) -> "World":
    """This process's place, with torch's threads set."""
    import torch

    from soundctm.training.world import World

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device cuda is not available here: no GPU is found; leave --device out for the CPU")
    if threads is not None:
        torch.set_num_threads(threads)
    return World.join(device)


def options_of(
    out: Path, resume: bool, minutes: float | None, board: bool, strategy: StrategyName, sharded: bool
) -> "RunOptions":
    from soundctm.cli.common import output_folder
    from soundctm.training.runner import RunOptions

    folder = output_folder(out)
    return RunOptions(folder, resume, limit_minutes=minutes, strategy=strategy, sharded=sharded, board=board)


def check_apart(start: str | None, out: Path, option: str = "--start") -> None:
    """Raise UserError where what a training goes on with, or learns from, would be written over."""
    if start is not None and Path(start).resolve() == out.resolve():
        raise UserError(f"{option} and --out are both {out}; choose another --out, what is there is kept")


def backbone(reference: str, part: Literal["teacher", "student"]) -> "DiT":
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


def decoder(listen: str | None, device: Device) -> "Decoder | None":
    """What makes sounds of latents."""
    from soundctm.cli.common import load_model
    from soundctm.training.listening import ModelDecoder

    if listen is None:
        return None
    return ModelDecoder(load_model(listen, device))


def say(plan: "Plan", world: "World") -> None:
    """Print a plan, once."""
    if not world.first:
        return
    console = Console(highlight=False, soft_wrap=True)
    for label, words in plan.lines:
        console.print(f"{label:>14}  {words}", markup=False)


def report(finished: bool, out: Path, world: "World", what: str = "weights") -> None:
    """Say where things are, once."""
    if world.first:
        go_on = "the same command with --resume goes on"
        message = f"finished; {what} are in {out}" if finished else f"stopped, with a checkpoint in {out}; {go_on}"
        print(message, file=sys.stderr)


@contextmanager
def leaving(world: "World") -> Iterator[None]:
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
