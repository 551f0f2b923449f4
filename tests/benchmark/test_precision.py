"""The gate of coarser precisions."""

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from precision import PASS, verdict

PLAIN = {"esc10 recognised, 1 steps": 0.95, "procedural recognised, 16 steps": 0.9411, "frechet, 1 steps": 47.91}


def test_one_point_less_passes_and_so_does_more() -> None:
    assert verdict(PLAIN, PLAIN) == PASS
    least = {"esc10 recognised, 1 steps": 0.94, "procedural recognised, 16 steps": 0.9311, "frechet, 1 steps": 48.91}
    best = {"esc10 recognised, 1 steps": 1.0, "procedural recognised, 16 steps": 1.0, "frechet, 1 steps": 20.0}
    assert verdict(least, PLAIN) == verdict(best, PLAIN) == PASS


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("esc10 recognised, 1 steps", 0.9399, "esc10 recognised, 1 steps: 0.9399, float32 0.95"),
        ("procedural recognised, 16 steps", 0.931, "procedural recognised, 16 steps: 0.931, float32 0.9411"),
        ("frechet, 1 steps", 48.92, "frechet, 1 steps: 48.92, float32 47.91"),
        ("frechet, 1 steps", math.nan, "frechet, 1 steps: nan, float32 47.91"),
    ],
)
def test_more_than_that_in_one_column_does_not(name: str, value: float, said: str) -> None:
    assert verdict(PLAIN | {name: value}, PLAIN) == said


def test_all_that_is_worse_is_named() -> None:
    worse = {name: 0.5 for name in PLAIN} | {"frechet, 1 steps": 60.0}
    assert verdict(worse, PLAIN).count(";") == 2
