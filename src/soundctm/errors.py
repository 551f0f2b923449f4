"""The one error class for mistakes a user can make and mend, and words for what was found wrong."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

WANTED = {
    "int": "is no whole number; give one",
    "float": "is no number; give one",
    "finite": "is no number; give one",
    "bool": "is neither true nor false; give one of them",
    "string": "is no text; give one",
    "tuple": "is no list; give one",
    "list": "is no list; give one",
    "dict": "is no object with keys; give one",
    "model": "is no object with keys; give one",
}
LENGTHS = {  # by kinds of error: which number belongs to the words
    "string_too_short": ("min_length", "is too short; give {} characters or more"),
    "string_too_long": ("max_length", "is too long; give {} characters or fewer"),
    "too_short": ("min_length", "has too few entries; give {} or more"),
    "too_long": ("max_length", "has too many entries; give {} or fewer"),
}
BOUNDS = {"ge": "{:g} or more", "gt": "more than {:g}", "le": "{:g} or less", "lt": "less than {:g}"}


class UserError(ValueError):
    """Bad input from outside: a prompt, a number, a file, a folder, a model.

    The message is one line that says what was received, what is accepted and what to do. The command line prints it
    and ends with exit code 2; in Python it is a ``ValueError``.
    """


def shown(text: object, longest: int = 40) -> str:
    """What was given, as it is quoted in an error: short, and on one line."""
    quoted = repr(text) if isinstance(text, str) else str(text)
    return quoted if len(quoted) <= longest else f"{quoted[:longest]}… ({len(str(text)):,} characters)"


def plain_words(error: "ErrorDetails") -> str:
    """What pydantic found, in words that say what was received and what to give."""
    kind, given, context = error["type"], shown(error["input"]), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"{given} is not known; accepted are {context['expected']}"
    bound = next((words.format(context[name]) for name, words in BOUNDS.items() if name in context), None)
    if bound is not None and kind.startswith(("greater", "less")):
        return f"{given} is out of range; give {bound}"
    if kind in LENGTHS:
        name, words = LENGTHS[kind]
        return f"{given} {words.format(context[name])}"
    if kind == "missing":
        return "it is missing; give it"
    if kind == "extra_forbidden":
        return "it is not known; leave it out"
    if kind == "string_pattern_mismatch":
        return f"{given} is not of the form that is accepted, {context['pattern']}"
    if kind == "union_tag_invalid":
        return f"{context['tag']!r} is not known; accepted are {context['expected_tags']}"
    wanted = WANTED.get(kind.split("_")[0])
    return f"{given} {wanted}" if wanted else f"{given}: {error['msg']}"
