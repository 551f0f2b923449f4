"""``soundctm serve`` and ``soundctm studio``: the API, and the page that uses it."""

import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from soundctm.cli.common import load_model
from soundctm.cli.forbidding import ForbidOption, HookOption, checked_filter
from soundctm.cli.options import DeviceOption, EngineOption, ModelOption, PrecisionOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.forbidden import Filter
    from soundctm.server.api import Settings
    from soundctm.server.jobs import Limits
    from soundctm.server.library import Library

PORT = 8765
PACKAGES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "sqlalchemy", "PIL")  # of the extra
LibraryOption = typer.Option(None, "--library", help="Folder for the sounds; one in your data folder when left out.")
DatabaseOption = typer.Option(None, "--database", help="Where it is listed: postgresql://...; in the folder itself.")
PortOption = typer.Option(PORT, "--port", help="Port to listen at; 0 for any that is free.")
FreePortOption = typer.Option(None, "--port", help=f"{PORT} when left out, or a free one if that is taken.")
HostOption = typer.Option("127.0.0.1", help="Address to listen at; others than this machine's own need a token.")
TokenOption = typer.Option(
    None, envvar="SOUNDCTM_TOKEN", show_envvar=True, help="What every request must bring: 16 letters, digits or more."
)
NameOption = typer.Option([], "--name", help="A further name that this machine is called by; may be repeated.")
QueueOption = typer.Option(None, "--queue", help="Takes that may wait; of one client half as many. 512 when left out.")


def serve(
    library: Path = LibraryOption,
    database: str = DatabaseOption,
    port: int = PortOption,
    host: str = HostOption,
    token: str = TokenOption,
    name: list[str] = NameOption,
    queue: int = QueueOption,
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    model: str = ModelOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = PrecisionOption,
) -> None:
    """Serve the API: jobs, their events and a library of sounds, for programs. It is described at /docs.

    Examples:

        soundctm serve

        soundctm serve --library sounds --port 9000
    """
    _check_installed()
    from soundctm.server.api import Settings
    from soundctm.server.jobs import Limits

    settings = Settings(host=host, token=token, names=tuple(name), page=None)
    limits = Limits() if queue is None else Limits(queue=queue)
    words, computed = checked_filter(forbid, hook), (model, device, engine, precision)
    _run(settings, limits, words, (port,), library, database, computed, browse=False)


def studio(
    library: Path = LibraryOption,
    database: str = DatabaseOption,
    port: int = FreePortOption,
    host: str = HostOption,
    token: str = TokenOption,
    name: list[str] = NameOption,
    no_open: bool = typer.Option(False, "--no-open", help="Print the address only, and open no browser."),
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    model: str = ModelOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = PrecisionOption,
) -> None:
    """Open the studio in a browser: audition while you type, refine what you like. Ctrl+C ends it.

    Examples:

        soundctm studio

        soundctm studio --library sounds --no-open
    """
    _check_installed()
    from soundctm.server.api import Settings
    from soundctm.server.jobs import Limits

    settings = Settings(host=host, token=token, names=tuple(name))
    ports = (PORT, 0) if port is None else (port,)
    words, computed = checked_filter(forbid, hook), (model, device, engine, precision)
    _run(settings, Limits(), words, ports, library, database, computed, browse=not no_open)


def _check_installed() -> None:
    for package in PACKAGES:
        try:
            import_module(package)
        except ModuleNotFoundError as error:
            raise UserError(f"the server needs {package}, which is missing; pip install 'soundctm[studio]'") from error


def _run(
    settings: "Settings", limits: "Limits", forbidden: "Filter", ports: tuple[int, ...], folder: Path | None,
    database: str | None, model: tuple[str, str, str, str], browse: bool,
) -> None:  # fmt: skip
    """Bind first, so that a port that is taken is said at once; then load, and serve until a signal comes."""
    from soundctm.metrics.likeness import Likeness
    from soundctm.server.api.running import first_bound, serve_until_signal
    from soundctm.server.jobs import Workshop
    from soundctm.server.library import Library

    with (
        first_bound(settings.host, ports) as listener,
        Library.open(folder or default_folder(), database) as library,
        Workshop(load_model(*model), library, limits, Likeness(), forbidden) as workshop,
    ):
        _say_recovered(library)
        serve_until_signal(settings, listener, workshop, lambda address: _ready(address, browse))


def default_folder() -> Path:
    """The library of this user, by the rules of the XDG base directories."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share") / "soundctm" / "library"


def _say_recovered(library: "Library") -> None:
    found = library.recovered
    parts = {"listed again": found.adopted, "set aside": found.set_aside, "lost with their files": found.dropped}
    told = ", ".join(f"{len(ids)} {what}" for what, ids in parts.items() if ids)
    if told:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"sounds of {library.folder}: {told}", markup=False)


def _ready(address: str, browse: bool) -> None:
    sys.stdout.write(f"soundctm is at {address}  (Ctrl+C ends it)\n")
    sys.stdout.flush()
    if browse:
        import webbrowser

        # Some browsers keep the one who opens them waiting, and the server has to answer meanwhile.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
