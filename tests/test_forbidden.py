"""A filter refuses what it names, however it is written, and nothing else."""

import sys
from pathlib import Path

import pytest

from soundctm.errors import UserError
from soundctm.forbidden import Filter, Rule, load_hook, make_filter, read_rules


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "no.txt"
    path.write_text("\ufeff# a comment\n\ngun\ncar crash\n/drums? (and|&) bass/\nC++\nStraße\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "prompt",
    ["a gun", "GUN!", "Car  Crash nearby", "a drum & bass beat", "g\u00adun", "\uff47\uff55\uff4e", "c++", "STRASSE"],
)
def test_words_are_found_in_any_form(prompt: str, words: Path) -> None:
    assert make_filter([words], None).reason(prompt).startswith("the list of what is forbidden has ")


@pytest.mark.parametrize("prompt", ["a gunshot", "begun", "a car, a crash", "drum or bass", "c"])
def test_parts_of_words_are_not(prompt: str, words: Path) -> None:
    assert make_filter([words], None).reason(prompt) == ""


def test_a_hook_gives_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "studio_rules.py").write_text(
        "def check(prompt):\n    return 'ask the client first' if 'logo' in prompt else None\n"
        "def breaks(prompt):\n    raise RuntimeError('no network')\ndef wrong(prompt):\n    return 3\nnumber = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    found = make_filter([], "studio_rules:check")
    assert found.reason("our logo sound") == "ask the client first" and found.reason("rain") == ""
    with pytest.raises(UserError, match="RuntimeError: no network"):
        make_filter([], "studio_rules:breaks").reason("rain")
    with pytest.raises(UserError, match="returned int"):
        make_filter([], "studio_rules:wrong").reason("rain")
    for name in ("studio_rules", "studio_rules:none", "studio_rules:number", "no_rules:check", ":"):
        with pytest.raises(UserError, match="module:function"):
            load_hook(name)
    del sys.modules["studio_rules"]


@pytest.mark.parametrize("text", ["check = (", "raise RuntimeError('no licence')", "import no_such_module"])
def test_a_hook_that_fails_as_it_is_loaded_is_named(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_rules.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"the hook 'broken_rules:check' (cannot be loaded|is not to be found)"):
        load_hook("broken_rules:check")


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "forbids nothing"), ("# x\n", "forbids nothing"), ("a\n/(/\n", "line 2"), ("\u200b\n", "line 1")],
)
def test_lists_that_cannot_be_used(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "no.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_rules(tmp_path / "no.txt")


class Counting:
    """A pattern that finds nothing and counts how often it looks."""

    looks = 0

    def search(self, text: str) -> None:
        self.looks += 1


def test_a_rule_looks_at_a_prompt_in_its_two_forms_and_no_more() -> None:
    patterns = [Counting() for _ in range(20)]
    rules = Filter(tuple(Rule(f"word{n}", pattern) for n, pattern in enumerate(patterns)))  # type: ignore[arg-type]
    for number in range(5):
        assert rules.reason(f"Heavy Rain, number {number}") == ""
    assert {pattern.looks for pattern in patterns} == {2 * 5}


def test_an_expression_may_be_written_for_either_form(tmp_path: Path) -> None:
    (tmp_path / "no.txt").write_text("/Straße/\n", encoding="utf-8")
    found = make_filter([tmp_path / "no.txt"], None)
    assert found.reason("in der Straße") and found.reason("in der STRAßE")
    (tmp_path / "no.txt").write_text("/strasse/\n", encoding="utf-8")
    assert make_filter([tmp_path / "no.txt"], None).reason("in der Straße")
