"""A recipe to put into files, with what a test wants to say."""

from typing import Any

from soundctm.audio import Recipe


def recipe(**fields: Any) -> Recipe:
    """A valid recipe; ``fields`` replace its values."""
    values: dict[str, Any] = {
        "prompt": "heavy rain", "seed": 7, "take": 2, "steps": 16, "seconds": 1.0, "omega": 3.0, "nu": 1.0,
        "gamma": 0.0, "model": "mini", "model_hash": "0123456789abcdef", "sample_rate": 8000, "version": "0.1.0",
    }  # fmt: skip
    return Recipe.model_validate(values | fields)
