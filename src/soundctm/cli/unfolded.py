"""Options that commands share, as groups: dataclasses whose fields are options."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def unfolded(function: Callable[..., None]) -> Callable[..., None]:
    """The command whose options are the parameters of ``function``, where one that is annotated with a dataclass stands
    for the fields of that, which may be such groups themselves."""
    kinds = get_type_hints(function, include_extras=True)
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
    return all(getattr(group, name) == getattr(option, "default", option) for name, option in usual.items())


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)


def _options(name: str, kind: Any, default: Any) -> Iterator[Parameter]:
    if not _is_group(kind):
        yield Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        return
    kinds = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if field.default_factory is not MISSING:
            raise TypeError(f"{kind.__name__}.{field.name} has a default_factory; give an option as its default")
        default = Parameter.empty if field.default is MISSING else field.default
        yield from _options(field.name, kinds[field.name], default)


def _folded(name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    if not _is_group(kind):
        return values[name]
    kinds = get_type_hints(kind, include_extras=True)
    return kind(**{field.name: _folded(field.name, kinds[field.name], values) for field in fields(kind)})
