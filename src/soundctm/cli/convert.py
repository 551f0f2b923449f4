"""``soundctm convert``: checkpoints of others -> model folders."""

from pathlib import Path

import typer

convert_app = typer.Typer(no_args_is_help=True, help="Turn checkpoints of others into model folders.")


@convert_app.callback()
def convert() -> None:
    """Turn checkpoints of others into model folders."""


@convert_app.command()
def official(
    student: Path = typer.Option(help="Student DiT (.pt, .pth or .safetensors)."),
    autoencoder: Path = typer.Option(help="Gaussian DAC."),
    latent_stats: Path = typer.Option(help="Latent mean and standard deviation (z_mean, z_std)."),
    clap: Path = typer.Option(help="CLAP checkpoint with the text branch."),
    out: Path = typer.Option(help="New model folder."),
    teacher: Path = typer.Option(None, help="Teacher DiT, for distillation and comparison."),
    clap_heads: int = typer.Option(
        None, help="Attention heads of the text branch, where they are not 64 channels wide."
    ),
) -> None:
    r"""Convert the official SoundCTM-DiT checkpoints. Version 1 or 2 is told by the width of the text vectors.

    Example:

        soundctm convert official --student student.pt --autoencoder vae.pth --latent-stats stats.pth \
            --clap clap.pt --out dit-1b
    """
    from soundctm.convert import convert_official

    folder = convert_official(student, autoencoder, latent_stats, clap, out, teacher, clap_heads)
    typer.echo(f"wrote {folder}; use it with --model {folder}")
