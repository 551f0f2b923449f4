"""What is forbidden is refused by every command that makes sounds of a prompt, before anything is made."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

COMMANDS = {
    "generate": ("generate", "{}"), "control": ("control", "{}", "--intensity", "rise"), "set": ("set", "{}"),
    "batch": ("batch", "cues.csv"),
}  # fmt: skip


def typed(name: str, prompt: str, folder: Path, *options: str) -> list[str]:
    """A command of this prompt, which for a batch stands in a sheet."""
    (folder / "cues.csv").write_text(f"prompt\nrain\n{prompt}\n")
    (folder / "no.txt").write_text("# ours\ngunshot\n")
    (folder / "dogs.txt").write_text("dog\n")
    return [word.format(prompt) for word in COMMANDS[name]] + ["--out", "o", *options]


@pytest.mark.parametrize("name", COMMANDS)
def test_by_an_option_by_the_environment_and_by_a_hook(
    name: str, refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "refused: the list of what is forbidden has 'gunshot'"
    command = typed(name, "a Gunshot far away", tmp_path)
    result = refused(said, *command, "--forbid", "no.txt")
    assert ("line 3, column prompt" in result.err) == (name == "batch")
    with monkeypatch.context() as patch:
        patch.setenv("SOUNDCTM_FORBID", os.pathsep.join(["dogs.txt", "no.txt"]))
        refused(said, *command)
        patch.setenv("SOUNDCTM_FORBID", "none.txt")
        refused("no such file: none.txt", *command)
    refused("module:function", *command, "--hook", "nothing")
    rules = ModuleType("studio_policy")
    rules.check = lambda prompt: "ask the client" if "Gunshot" in prompt else None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "studio_policy", rules)
    monkeypatch.setenv("SOUNDCTM_HOOK", "studio_policy:check")
    refused("refused: ask the client", *command)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_model_would_make_of_other_words(name: str, refused, tmp_path: Path) -> None:
    said = "refused: the model understands it as \"a dog\": the list of what is forbidden has 'dog'"
    result = refused(said, *typed(name, "a hound baying", tmp_path, "--engine", "eager"), "--forbid", "dogs.txt")
    assert ("line 3, column prompt" in result.err) == (name == "batch")


def test_an_edit_is_refused_for_any_of_its_prompts(refused, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "dogs.txt").write_text("dog\n")
    fill = ("fill", "sea.wav", "--start", "0.1", "--end", "0.2", "--out", "o", "--prompt")
    refused("the list of what is forbidden has 'dog'", "edit", *fill, "a dog barking", "--forbid", "dogs.txt")
    refused('the model understands it as "a dog"', "edit", *fill, "a hound baying", "--forbid", "dogs.txt")
    monkeypatch.setenv("SOUNDCTM_FORBID", "dogs.txt")
    refused("has 'dog'", "edit", "transform", "sea.wav", "a dog barking", "--out", "o")
    refused("has 'dog'", "edit", "morph", "sea.wav", "sea.wav", "--other-prompt", "dog", "--out", "o")


def test_what_is_allowed_is_made(run, tiny_folder: Path, tmp_path: Path) -> None:
    command = typed("generate", "rain", tmp_path, "--forbid", "no.txt", "--model", str(tiny_folder), "--takes", "1")
    assert run(*command).code == 0 and len(list((tmp_path / "o").glob("*.wav"))) == 1
