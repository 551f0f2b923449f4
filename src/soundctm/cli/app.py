"""The ``soundctm`` command: assembles the commands and turns errors into one line."""

import sys

import click
import typer
from rich.console import Console

from soundctm.cli.convert import convert_app
from soundctm.cli.demo import demo
from soundctm.cli.generate import generate
from soundctm.cli.info import info
from soundctm.cli.models import models
from soundctm.cli.refine import refine
from soundctm.cli.train import train_app
from soundctm.errors import UserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Text to sound: audition ideas in one step, refine the one you chose in sixteen.",
    epilog='Begin with:  soundctm generate "three slow knocks on a wooden door"',
)
app.command()(generate)
app.command()(refine)
app.command()(info)
app.command()(models)
app.command()(demo)
app.add_typer(convert_app, name="convert")
app.add_typer(train_app, name="train")


def main() -> None:
    """Entry point: exit code 2 and one line for what the user can mend, 130 when interrupted."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        errors.print(f"soundctm: {error}", style="red", markup=False)
        sys.exit(2)
    except click.ClickException as error:
        errors.print(f"soundctm: {error.format_message()}", style="red", markup=False)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        errors.print("soundctm: interrupted; files already written are complete")
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
