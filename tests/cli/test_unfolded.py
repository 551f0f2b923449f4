"""Groups of options: a command has the options of all groups, and its function gets them folded."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from soundctm.cli.unfolded import left_out, unfolded


@dataclass(frozen=True)
class Colour:
    """A group with two defaults."""

    hue: float = typer.Option(0.25, help="Of 1.")
    names: list[str] = typer.Option([], "--name", help="Several.")  # noqa: RUF009


@dataclass(frozen=True, kw_only=True)
class Paint:
    """A group that holds another."""

    coats: int = typer.Option(2)
    colour: Colour
    wet: bool = typer.Option(False, "--wet")


@dataclass(frozen=True, kw_only=True)
class Lacquer(Paint):
    """The same with another default."""

    coats: int = typer.Option(7)


def run(kind: type[Any], *words: str) -> dict[str, Any]:
    """What the function of a command gets."""
    seen: dict[str, Any] = {}
    app = typer.Typer()

    def paint(wall: str, *, paint: Any, hurry: bool = typer.Option(False, "--hurry")) -> None:
        seen.update(wall=wall, paint=paint, hurry=hurry)

    paint.__annotations__["paint"] = kind
    app.command()(unfolded(paint))
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return seen


def test_what_is_left_out_has_the_defaults_of_the_options() -> None:
    assert run(Paint, "north") == {
        "wall": "north",
        "hurry": False,
        "paint": Paint(colour=Colour(0.25, []), coats=2, wet=False),
    }


def test_options_reach_the_groups_that_they_are_of() -> None:
    seen = run(Paint, "north", "--hue", "0.5", "--name", "a", "--name", "b", "--coats", "3", "--wet", "--hurry")
    assert seen["paint"] == Paint(colour=Colour(0.5, ["a", "b"]), coats=3, wet=True) and seen["hurry"]


def test_a_group_may_have_another_default_in_the_same_place() -> None:
    assert run(Lacquer, "north")["paint"] == Lacquer(colour=Colour(0.25, []), coats=7, wet=False)


def test_the_help_lists_options_in_the_order_of_the_fields() -> None:
    app = typer.Typer()

    @app.command()
    @unfolded
    def paint(*, paint: Lacquer, last: int = 1) -> None:
        """Paint."""

    names = [option.name for option in typer.main.get_command(app).params]
    assert names[:5] == ["coats", "hue", "names", "wet", "last"]


def test_a_field_without_a_default_must_be_given() -> None:
    @dataclass(frozen=True)
    class Brush:
        """A group of one argument."""

        width: int

    assert run(Brush, "north", "3")["paint"] == Brush(3)
    with pytest.raises(AssertionError, match="Missing argument"):
        run(Brush, "north")


def test_defaults_are_options() -> None:
    @dataclass(frozen=True)
    class Brush:
        """A group whose default is made for each."""

        hairs: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match=r"Brush\.hairs has a default_factory"):
        run(Brush, "north")


@pytest.mark.parametrize(
    ("words", "plain"), [((), True), (("--hue", "0.25"), True), (("--hue", "0.3"), False), (("--name", "a"), False)]
)
def test_left_out_says_whether_anything_else_was_given(words: tuple[str, ...], plain: bool) -> None:
    assert left_out(run(Paint, "north", *words)["paint"].colour) is plain
