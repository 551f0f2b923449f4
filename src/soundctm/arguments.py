"""Arguments of public functions, held against the annotations of their parameters: one place for the types of all.

``pydantic.validate_call`` is no help: strict, it refuses numbers of numpy, and it reads no ``typing.TypedDict`` before
Python 3.12.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, wraps
from inspect import Parameter, signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel

from soundctm.errors import UserError, shown

P = ParamSpec("P")
R = TypeVar("R")


class Plain(NamedTuple):
    """A kind of value that is not quoted by its class: what it is called, its classes, and how it becomes plain
    Python."""

    words: str
    example: str
    classes: tuple[type, ...]
    read: Callable[[Any], Any]


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits: out of any range
        return math.inf if value > 0 else -math.inf


PLAIN: dict[Any, Plain] = {
    int: Plain("a whole number", "4", (Integral,), int),
    float: Plain("a number", "0.5", (Real,), _number),
    bool: Plain("True or False", "True", (bool, np.bool_), bool),
    str: Plain("a text", "'rain'", (str,), lambda text: text),
    Path: Plain("a path", "Path('rain.wav')", (Path,), lambda path: path),
}
EXAMPLES = {  # of our own classes, by their names: most of them live in rooms above this one
    "Clip": "Clip.load(path)",
    "Recipe": "clip.recipe",
    "Steering": "Steering(auditions=4)",
    "Target": 'targets.from_shape("rise", 5.0)',
    "Plan": "edits.fill(clip, 1.0, 2.0)",
}
NO_LISTS = (str, bytes, Mapping, BaseModel)  # what can be gone through and is no list all the same
QUOTED = (str, bytes, bool, float, NoneType)
LONG = 10**30  # whole numbers beyond it are not quoted


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, for arguments of the types that its annotations say; those of numpy become plain numbers.

    Raises :class:`UserError` for any other. Copies of recipes take values as they are: one that got through would be
    met where nobody expects it, or in a file that cannot be read. Which numbers and names are accepted, a function says
    itself.
    """
    parameters = signature(function).parameters
    places = [name for name, each in parameters.items() if each.kind is Parameter.POSITIONAL_OR_KEYWORD]
    settings = next((name for name, each in parameters.items() if each.kind is Parameter.VAR_KEYWORD), None)

    @cache  # not before the first call: annotations may name what is written further down
    def kinds() -> dict[str, Any]:
        found = get_type_hints(function)
        if settings:  # Unpack[...] of a TypedDict
            found |= get_type_hints(get_args(found.pop(settings))[0])
        return found

    def given(name: str, value: Any) -> Any:
        if settings and name not in kinds():  # else they would be swallowed, or refused in the words of pydantic
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}")
        try:
            return read(name, value, kinds().get(name, Any))
        except UserError as error:
            if value is None and (name not in parameters or parameters[name].default is not Parameter.empty):
                raise UserError(f"{error}, or leave it out") from error
            raise

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        placed = [given(name, value) for name, value in zip(places, args, strict=False)]
        named = {name: given(name, value) for name, value in kwargs.items()}
        return function(*placed, *args[len(places) :], **named)  # type: ignore[arg-type]

    return call


def read(name: str, value: Any, kind: Any) -> Any:
    """What is given for a parameter of this name, in plain Python. Raises :class:`UserError` unless it is of its
    kind."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(name, value, kind)
    if origin in (Sequence, tuple):
        return _several(name, value, kind)
    if origin is Mapping:
        return _by_keys(name, value, kind)
    if kind is Any or (origin is Callable and callable(value)):
        return value
    plain = _plain(kind)
    if plain is None:
        fits = origin is None and isinstance(value, kind)
    else:  # True is a whole number to Python, and to nobody else
        fits = isinstance(value, plain.classes) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise _refusal(name, value, kind)
    return value if plain is None else plain.read(value)


def received(value: Any) -> str:
    """What was given, as it stands after "is": a short value itself, of anything else the type."""
    if isinstance(value, QUOTED) or (isinstance(value, int) and abs(value) < LONG):
        return shown(value)
    return f"of type {type(value).__name__}"


def _refusal(name: str, value: Any, kind: Any) -> UserError:
    return UserError(f"{name} is {received(value)}; give {_wanted(kind)}")


def _plain(kind: Any) -> Plain | None:
    """A text where the kind is one of several names: the function knows them, and words for another."""
    return PLAIN.get(str if get_origin(kind) is Literal else kind)


def _one_of(name: str, value: Any, kind: Any) -> Any:
    if value is None and NoneType in get_args(kind):
        return None
    kinds = _without_none(kind)
    if len(kinds) == 1:  # it says best what is wrong with it
        return read(name, value, kinds[0])
    for each in kinds:
        with suppress(UserError):
            return read(name, value, each)
    raise _refusal(name, value, kind)


def _without_none(kind: Any) -> list[Any]:
    return [each for each in get_args(kind) if each is not NoneType]


def _several(name: str, value: Any, kind: Any) -> tuple[Any, ...]:
    if not isinstance(value, Iterable) or isinstance(value, NO_LISTS):
        raise _refusal(name, value, kind)
    items, kinds = tuple(value), get_args(kind)
    if _fixed(kind) and len(items) != len(kinds):
        raise UserError(f"{name} has {len(items)} values; give {_wanted(kind)}")
    each = kinds if _fixed(kind) else kinds[:1] * len(items)
    return tuple(read(f"{name}[{i}]", *both) for i, both in enumerate(zip(items, each, strict=True)))


def _fixed(kind: Any) -> bool:
    """Whether it is a tuple of so many and no more."""
    return get_origin(kind) is tuple and Ellipsis not in get_args(kind)


def _by_keys(name: str, value: Any, kind: Any) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise _refusal(name, value, kind)
    keys, values = get_args(kind)
    return {read(f"a key of {name}", key, keys): read(f"{name}[{key!r}]", each, values) for key, each in value.items()}


def _wanted(kind: Any) -> str:
    """What to give for a parameter of this kind."""
    origin, plain = get_origin(kind), _plain(kind)
    if plain is not None:
        return plain.words
    if origin in (Union, UnionType):
        return " or ".join(_wanted(each) for each in _without_none(kind))
    if origin in (Sequence, tuple):
        return f"{'a tuple' if _fixed(kind) else 'a list'} like {_example(kind)}"
    if origin is Mapping:
        return "a dict like {clip.digest: clip}"
    if origin is Callable:
        return "a function"
    return f"a {kind.__name__}, for example {_example(kind)}"


def _example(kind: Any) -> str:
    origin, inner, plain = get_origin(kind), get_args(kind), _plain(kind)
    if plain is not None:
        return plain.example
    if origin in (Union, UnionType):
        return _example(_without_none(kind)[0])
    if _fixed(kind):
        return f"({', '.join(map(_example, inner))})"
    if origin in (Sequence, tuple):
        return f"[{_example(inner[0])}]"
    return EXAMPLES[kind.__name__]
