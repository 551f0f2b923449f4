"""Options that commands share, as groups: dataclasses whose fields are options."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def unfolded(function: Callable[..., None]) -> Callable[..., None]:
    """The command whose options are the parameters of ``function``, where one that is annotated with a dataclass stands
    for the fields of that, which may be such groups themselves."""
    kinds = get_type_hints(function)
    given = signature(function).parameters
    options = [option for name in given for option in _options(name, kinds[name], given[name].default)]

    @wraps(function)
    def command(**values: Any) -> None:
        function(**{name: _folded(name, kinds[name], values) for name in given})

    command.__signature__ = Signature(options)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in options}
    return command


def left_out(group: Any) -> bool:
    """Whether every option of a group is what it is when nothing is said."""
    usual: dict[str, Any] = {field.name: field.default for field in fields(group)}
    return all(getattr(group, name) == option.default for name, option in usual.items())


def _is_group(kind: Any) -> bool:
    return is_dataclass(kind)


def _options(name: str, kind: Any, default: Any) -> Iterator[Parameter]:
    if not _is_group(kind):
        yield Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        return
    kinds = get_type_hints(kind)
    for field in fields(kind):
        yield from _options(field.name, kinds[field.name], field.default)


def _folded(name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    if not _is_group(kind):
        return values[name]
    kinds = get_type_hints(kind)
    return kind(**{field.name: _folded(field.name, kinds[field.name], values) for field in fields(kind)})
