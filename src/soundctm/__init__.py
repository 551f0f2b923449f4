"""soundctm: words to sound in one step, refined in sixteen without losing what you chose."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip, Recipe
    from soundctm.model import SoundCTM

__version__ = version("soundctm")
__all__ = ["Clip", "Recipe", "SoundCTM", "UserError", "__version__"]

_HOMES = {"Clip": "soundctm.audio", "Recipe": "soundctm.audio", "SoundCTM": "soundctm.model"}


def __getattr__(name: str) -> Any:
    """Import torch only when something needs it: ``soundctm --help`` answers at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'soundctm' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
