"""The ``soundctm`` command: assembles the commands and turns errors into one line."""

import errno
import io
import os
import sys
from importlib import metadata
from typing import Any, NoReturn

import typer

from soundctm.cli.batch import batch
from soundctm.cli.benchmark import benchmark
from soundctm.cli.common import complain
from soundctm.cli.control import control
from soundctm.cli.convert import convert_app
from soundctm.cli.data import data_app
from soundctm.cli.deliver import deliver
from soundctm.cli.demo import demo
from soundctm.cli.doctor import doctor
from soundctm.cli.edit import edit_app
from soundctm.cli.export import export
from soundctm.cli.generate import generate
from soundctm.cli.info import info
from soundctm.cli.models import models
from soundctm.cli.refine import refine
from soundctm.cli.replay import replay
from soundctm.cli.serve import serve, studio
from soundctm.cli.takeset import takeset
from soundctm.cli.train import train_app
from soundctm.cli.verify import verify
from soundctm.errors import UserError, shown

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode="rich",
    epilog='Begin with:  soundctm generate "three slow knocks on a wooden door"',
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"soundctm {metadata.version('soundctm')}\n")
        raise typer.Exit


@app.callback()
def about(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Text to sound: audition ideas in one step, refine the one you chose in sixteen."""


app.command()(generate)
app.command()(refine)
app.command()(replay)
app.command()(control)
app.command()(batch)
app.command("set")(takeset)
app.add_typer(edit_app, name="edit")
app.command()(deliver)
app.command()(verify)
app.command()(info)
app.command()(models)
app.command()(demo)
app.command()(benchmark)
app.command()(doctor)
app.command()(export)
app.command()(studio)
app.command()(serve)
app.add_typer(convert_app, name="convert")
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")


# Newer versions of typer carry a click of their own: the base of all usage errors is found through a public name.
USAGE_ERROR: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
INTERRUPTED = 130
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def main() -> None:
    """Entry point: exit code 2 and one line for what the user can mend, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):  # a prompt may hold what the encoding of a redirected output does not
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        _end(str(error))
    except USAGE_ERROR as error:
        if not error.format_message():  # a command without arguments has shown its help
            sys.exit(2)
        _end(_usage(error))
    except BrokenPipeError:  # the reader of a pipe went away: nothing left to say, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        hint = "free some space or choose another folder" if error.errno in DISK_FULL else "check the path"
        _end(f"{error.strerror or error}: {error.filename or 'a file'}; {hint}")
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:  # some versions of typer return it instead of raising
        _end("interrupted; files already written are complete", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


TYPED = {"valid integer": "a whole number", "valid number": "a number", "valid float": "a number"}  # parsers' words


def _usage(error: Any) -> str:
    """What is wrong with an option or its value, and where to read what is accepted."""
    context, param = getattr(error, "ctx", None), getattr(error, "param", None)
    see = f"see {context.command_path if context else 'soundctm'} --help"
    given = None if param is None else _given(param.opts, param.nargs)
    if given is None or param is None or not isinstance(error, typer.BadParameter):
        return f"{error.format_message().rstrip('.')}; {see}"
    said = error.message.rstrip(".")
    wrong = next((f"give {wanted}" for sign, wanted in TYPED.items() if sign in said), said[:1].lower() + said[1:])
    about = getattr(param, "help", None) or see  # an argument has no help
    return f"{param.opts[0]} is {shown(given)}; {wrong}: {about.rstrip('.')}"


def _given(names: list[str], count: int) -> str | None:
    """The words after an option on the command line; None where it is not there, or more than once."""
    words, found = sys.argv[1:], list[str]()
    for i, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name in names:
            found.append(value if sign else " ".join(words[i + 1 : i + 1 + count]))
    return found[0] if len(found) == 1 else None


def _end(message: str, code: int = 2) -> NoReturn:
    complain(message)
    sys.exit(code)
