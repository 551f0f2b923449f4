"""Data flows one way through the rooms, and so do imports (the table of docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

import soundctm

SOURCE = Path(soundctm.__file__).parent

# From the ground floor up. Rooms on one floor never import each other.
FLOORS = (
    {"errors", "filenames", "locks", "onednn"}, {"arguments", "audio", "forbidden"},
    {"autoencoder", "conditioning", "backbones"}, {"diffusion"}, {"trajectory"}, {"control"}, {"engines"},
    {"config", "checks", "sources"}, {"folder", "edits", "observed", "takes", "prompts", "revisions", "delivery"},
    {"performance"}, {"lanes"}, {"crew"}, {"computation"}, {"model", "convert"}, {"server"},
)  # fmt: skip
INFERENCE = set().union(*FLOORS) - {"server"}
# Rooms beside the ladder: what each may import besides itself.
BESIDE = {
    "metrics": {"errors", "audio", "conditioning"},
    "training": INFERENCE | {"metrics"},
    "benchmark": INFERENCE,
    "doctor": INFERENCE | {"benchmark"},
    "batch": INFERENCE | {"metrics"},
    "cli": INFERENCE | {"metrics", "training", "benchmark", "doctor", "server", "batch"},
}
# Conditioning is the form in which text travels: every room may know the form, none but its own the encoders.
FORM_OF_TEXT = {"soundctm.conditioning", "soundctm.conditioning.types"}


def allowed(room: str) -> set[str]:
    """Rooms that a room may import."""
    if room in BESIDE:
        return BESIDE[room] | {room}
    (floor,) = (i for i, rooms in enumerate(FLOORS) if room in rooms)
    return set().union(*FLOORS[:floor]) | {room}


def modules_in(source: str) -> set[str]:
    """Every module of the package that a source text imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"soundctm.{a.name}" for a in node.names} if node.module == "soundctm" else {str(node.module)}
    return {name for name in found if name.split(".")[0] == "soundctm"}


def violations(room: str, source: str) -> list[str]:
    """Imports in a source text that its room may not make."""
    return sorted(
        name
        for name in modules_in(source)
        if not (room == "backbones" and name in FORM_OF_TEXT)
        and (name.count(".") == 0 or name.split(".")[1] not in allowed(room))
    )


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(SOURCE.rglob("*.py")) if room_of(path) not in ("__init__", "__main__")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_rooms_import_only_what_is_below_them(path: Path) -> None:
    assert violations(room_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("audio", "import soundctm.model"),
        ("audio", "from soundctm import SoundCTM"),
        ("autoencoder", "from soundctm.conditioning import Conditioning"),
        ("backbones", "from soundctm.conditioning.mini import MiniTextEncoder"),
        ("backbones", "from soundctm.autoencoder import Normalizer"),
        ("diffusion", "from soundctm.trajectory import jump"),
        ("model", "def f():\n    from soundctm.training.loop import Loop"),
        ("metrics", "from soundctm.model import SoundCTM"),
        ("training", "from soundctm.cli.app import main"),
        ("model", "from soundctm.benchmark.naive import NaivePath"),
        ("benchmark", "from soundctm.training.loop import Loop"),
        ("benchmark", "from soundctm.doctor.run import examine"),
        ("delivery", "from soundctm.model import SoundCTM"),
    ],
)
def test_the_check_sees_a_violation(room: str, line: str) -> None:
    assert len(violations(room, line)) == 1
