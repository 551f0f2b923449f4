"""``soundctm models``: what is there to use."""

import json
import sys

from rich.console import Console

from soundctm.cli.options import JsonOption


def models(as_json: bool = JsonOption) -> None:
    """List the models that ship with the package."""
    from soundctm.folder import SHIPPED, shipped_models

    names = shipped_models()
    if as_json:
        sys.stdout.write(json.dumps({"models": names}) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    for name in names:
        size = sum(path.stat().st_size for path in (SHIPPED / name).iterdir()) / 1e6
        console.print(f"{name}   {size:.1f} MB, ships with the package")
    console.print("A folder made by `soundctm convert official`, or a hub id, works wherever a name does.")
