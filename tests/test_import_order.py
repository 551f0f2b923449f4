"""Data flows one way through the rooms, and so do imports."""

import ast
from pathlib import Path

import soundctm

SOURCE = Path(soundctm.__file__).parent
ROOMS = {
    "errors": 0, "audio": 1, "autoencoder": 2, "conditioning": 2, "backbones": 3, "diffusion": 4, "trajectory": 5,
    "control": 6, "config": 7, "checks": 7, "folder": 8, "model": 9, "convert": 9, "server": 10, "cli": 11,
}  # fmt: skip
# Rooms beside the ladder: what each may import.
ALLOWED = {
    "metrics": {"errors", "audio", "conditioning", "metrics"},
    "training": {*ROOMS, "training", "metrics"} - {"cli", "server"},
}
SAME_FLOOR = {
    ("conditioning", "autoencoder"),
    ("autoencoder", "conditioning"),
    ("config", "checks"),
    ("checks", "config"),
}


def imports_of(path: Path) -> set[str]:
    """Names of the rooms that a file imports."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        rooms |= {name.split(".")[1] for name in names if name.startswith("soundctm.")}
    return rooms


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def violations() -> list[str]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        room = room_of(path)
        if room in ("__init__", "__main__"):
            continue
        for other in imports_of(path) - {room}:
            if room == "cli":
                fine = True
            elif room in ALLOWED:
                fine = other in ALLOWED[room]
            else:
                fine = other in ROOMS and ROOMS[other] <= ROOMS[room] and (room, other) not in SAME_FLOOR
            if not fine:
                found.append(f"{path.relative_to(SOURCE)} imports {other}")
    return found


def test_rooms_import_only_what_is_below_them() -> None:
    assert violations() == []


def test_the_check_sees_a_violation() -> None:
    assert ROOMS["audio"] < ROOMS["model"]
    assert "model" not in ALLOWED["metrics"]
    assert imports_of(SOURCE / "model.py") >= {"audio", "trajectory", "folder"}
