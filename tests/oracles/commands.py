"""What a command did: its exit code, its words, the files it made."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def made(result: Result) -> list[dict[str, Any]]:
    """What a command with ``--json`` wrote, which went well."""
    assert result.code == 0, result.err
    return list(json.loads(result.out)["files"])


def check_refusal(result: Result, said: str) -> None:
    """Exit code 2 and one line, with ``said`` in it, on stderr; nothing on stdout."""
    assert result.code == 2, result
    assert said in result.err
    assert result.err.startswith("soundctm: ") and len(result.err.splitlines()) == 1
    assert result.out == "" and "Traceback" not in result.err
