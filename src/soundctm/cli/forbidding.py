"""What a studio forbids, as every command that makes sounds of a prompt asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from soundctm.forbidden import Filter

ForbidOption = typer.Option(
    [], "--forbid", envvar="SOUNDCTM_FORBID", show_envvar=True,
    help="A list of words and /expressions/ that no prompt may have; several may be given.",
)  # fmt: skip
HookOption = typer.Option(
    None, "--hook", envvar="SOUNDCTM_HOOK", show_envvar=True,
    help="module:function that gets a prompt and returns a reason to refuse it.",
)  # fmt: skip


def checked_filter(lists: Sequence[Path], hook: str | None, *prompts: str) -> "Filter":
    """What is forbidden, for what the model makes of prompts that themselves are not. Raises
    :class:`~soundctm.errors.UserError` where it is, and for lists and hooks that cannot be used."""
    from soundctm.forbidden import make_filter

    forbidden = make_filter(lists, hook)
    for prompt in prompts:
        forbidden.check_prompt(prompt)
    return forbidden


@dataclass(frozen=True)
class Forbidding:
    """Both options, as a group of them (:mod:`soundctm.cli.unfolded`)."""

    forbid: list[Path] = ForbidOption
    hook: str = HookOption

    def checked(self, *prompts: str) -> "Filter":
        """:func:`checked_filter` of them."""
        return checked_filter(self.forbid, self.hook, *prompts)
