"""What a studio forbids in prompts: a list of words and expressions, and a function of its own."""

import importlib
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundctm.errors import UserError, shown

Hook = Callable[[str], Any]
HOOK_FORM = "write module:function, which takes a prompt and returns a reason to refuse it, or None"


def seen(text: str) -> str:
    """A text without forms of width and signs that nobody sees, its words one space apart."""
    composed = unicodedata.normalize("NFKC", text)
    return " ".join("".join(sign for sign in composed if unicodedata.category(sign) != "Cf").split())


def plain(text: str) -> str:
    """What is :func:`seen` of a text, without case: ``Straße`` is ``strasse``."""
    return seen(unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True)
class Rule:
    """A line of a list: what it says, and where it matches."""

    text: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Filter:
    """Refuses prompts by ``rules`` and by ``hook``."""

    rules: tuple[Rule, ...] = ()
    hook: Hook | None = None
    hook_name: str = ""

    def reason(self, prompt: str) -> str:
        """Why a prompt is refused; "" where it is not."""
        forms = (plain(prompt), seen(prompt)) if self.rules else ()  # an expression may be written for either
        for rule in self.rules:
            if any(map(rule.pattern.search, forms)):
                return f"the list of what is forbidden has {shown(rule.text)}"
        if self.hook is None:
            return ""
        try:
            said = self.hook(prompt)
        except Exception as error:  # a program of somebody else's, which may raise anything
            raise UserError(
                f"the hook {self.hook_name} failed at {shown(prompt)}: {type(error).__name__}: {error}"
            ) from error
        if said is not None and not isinstance(said, str):
            raise UserError(f"the hook {self.hook_name} returned {type(said).__name__}; {HOOK_FORM}")
        return said or ""

    def check_prompt(self, prompt: str) -> None:
        """Raise :class:`UserError` for a prompt that is refused."""
        if reason := self.reason(prompt):
            raise UserError(f"refused: {reason}")

    def check_heard(self, prompts: Iterable[str], understood: Callable[[str], str]) -> None:
        """:meth:`check_understood` of prompts by a model that says what it hears in each."""
        if self.rules or self.hook is not None:  # without them nobody needs to ask the model
            for prompt in prompts:
                self.check_understood(prompt, understood(prompt))

    def check_understood(self, prompt: str, text: str) -> None:
        """Raise :class:`UserError` where the ``text`` that a model hears in a prompt is refused."""
        if text != prompt and (reason := self.reason(text)):
            raise UserError(f'refused: the model understands it as "{text}": {reason}')


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a list: a word or several a line, found as whole words in any case; between slashes a regular
    expression. Empty lines and those that begin with # are passed over."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}; give a list of forbidden words") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no UTF-8; save the list as UTF-8") from error
    rules = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            rules.append(Rule(line, _pattern(line, f"{path}, line {number}")))
    if not rules:
        raise UserError(f"{path} forbids nothing; write a word or an expression a line")
    return tuple(rules)


def _pattern(line: str, where: str) -> re.Pattern[str]:
    if len(line) > 2 and line.startswith("/") and line.endswith("/"):
        try:
            return re.compile(line[1:-1], re.IGNORECASE)
        except re.error as error:
            raise UserError(f"{where}: {shown(line)} is no regular expression ({error})") from error
    words = plain(line)
    if not words:
        raise UserError(f"{where}: {shown(line)} has nothing that could be seen in a prompt; take it out")
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")


def load_hook(name: str) -> Hook:
    """The function that ``module:function`` names; modules in the working folder are found as well."""
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise UserError(f"the hook is {name!r}; {HOOK_FORM}")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UserError(f"the hook {name!r} is not to be found ({error}); {HOOK_FORM}") from error
    except Exception as error:  # the module is somebody else's, and may raise anything
        raise UserError(f"the hook {name!r} cannot be loaded ({type(error).__name__}: {error}); mend it") from error
    finally:
        sys.path.remove(here)
    if not callable(found):
        raise UserError(f"the hook {name!r} is no function; {HOOK_FORM}")
    hook: Hook = found
    return hook


def make_filter(lists: Sequence[Path], hook: str | None) -> Filter:
    """The filter of lists and of a hook by its name."""
    rules = tuple(rule for path in lists for rule in read_rules(path))
    return Filter(rules, None if hook is None else load_hook(hook), hook or "")
