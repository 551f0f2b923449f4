"""What is wrong with a request is said in plain words: what was received and what is accepted."""

from typing import Any

import pytest

from tests.server.api.running import Running, refused

WRONG: dict[str, tuple[str, Any, str | None, str]] = {
    "a text for a list": ("generate", {"prompt": "a", "targets": "up"}, "targets", "'up' is no list; give one"),
    "a number for an object": ("generate", {"prompt": "a", "steering": 5}, "steering", "5 is no object with keys"),
    "no prompt": ("generate", {}, "prompt", "it is missing; give it"),
    "a number for a text": ("generate", {"prompt": 5}, "prompt", "5 is no text; give one"),
    "a text for a number": ("generate", {"prompt": "a", "steps": "x"}, "steps", "'x' is no whole number; give one"),
    "a number as a text": (
        "generate", {"prompt": "a", "steering": {"auditions": "4"}}, "steering.auditions", "'4' is no whole number",
    ),
    "an unknown feature": (
        "generate", {"prompt": "a", "targets": [{"feature": "warm", "points": []}]}, "targets.0.feature",
        "'warm' is not known; accepted are 'intensity'",
    ),
    "a point of three": (
        "generate", {"prompt": "a", "targets": [{"feature": "pitch", "points": [[0, 1, 2]]}]}, "targets.0.points.0",
        "[0, 1, 2] has too many entries; give 2 or fewer",
    ),
    "no targets": ("shape", {"clip": "0" * 32, "targets": []}, "targets", "[] has too few entries; give 1 or more"),
    "a short id": ("refine", {"clip": "abc"}, "clip", "'abc' is too short; give 32 characters or more"),
    "a long id": ("refine", {"clip": "0" * 33}, "clip", "is too long; give 32 characters or fewer"),
    "an id of other signs": ("refine", {"clip": "x" * 32}, "clip", "is not of the form that is accepted, ^[0-9a-f]+$"),
    "a list for all": ("generate", ["rain"], None, "the body: ['rain'] is no object with keys"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_errors_say_what_was_received_and_what_is_accepted(server: Running, what: str) -> None:
    path, body, field, said = WRONG[what]
    error = refused(server.client.post(f"/v1/{path}", json=body), 400)
    assert error["field"] == field and said in error["message"], error
    assert not any(word in error["message"] for word in ("Input should", "tuple", "should have", "required"))
