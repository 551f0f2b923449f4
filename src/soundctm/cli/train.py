"""``soundctm train``: make the embedded model again."""

from pathlib import Path

import typer

train_app = typer.Typer(no_args_is_help=True, help="Train models.")


@train_app.callback()
def train() -> None:
    """Train models."""


@train_app.command()
def mini(
    out: Path = typer.Option(Path("runs/mini"), help="Working folder; an interrupted training goes on from it."),
    data: Path = typer.Option(
        None, help="Folder with esc10, sonic_pi and kenney_interface; procedural sounds alone when left out."
    ),
    scale: float = typer.Option(1.0, help="Factor on every stage's time budget."),
    threads: int = typer.Option(3, help="Threads; one less than there are cores keeps steps from stalling."),
) -> None:
    """Train the embedded model from nothing: data, autoencoder, text encoder, teacher, student."""
    from soundctm.training.mini import train_mini

    train_mini(out, data, scale, threads)
