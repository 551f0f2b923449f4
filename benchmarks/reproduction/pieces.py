"""What is to be done: pieces with what they need, and the child process that does one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reproduction import sets, takes
from reproduction.files import read_json, write_json
from reproduction.settings import SHARD, Settings
from reproduction.training import train_variant, trained
from reproduction.variants import (
    BASELINE,
    OMEGAS,
    SEEDS,
    TEACHER_STEPS,
    VARIANT_SETTINGS,
    VARIANTS,
    Setting,
    grid_settings,
    shipped_settings,
)
from soundctm import SoundCTM
from soundctm.metrics.evaluator import Listener, load_listener

# Seconds of one core, measured on one thread of an AMD EPYC. The time left is these in proportion to what finished
# pieces took, so only their ratios matter.
CLIP, HELD_OUT = 0.05, 0.25
FORWARD, DECODE, GUIDED = 0.012, 0.13, 0.024
STEP = {BASELINE: 1.43, "l2_s": 1.22, "l2_0": 1.48, "no_dsm": 1.47, "gan": 2.32}
START = 4.0  # of a process
ITS_TEACHER = Setting(TEACHER_STEPS)


@dataclass(frozen=True)
class Piece:
    """``name`` is also its file in ``out/done``; ``cost`` in seconds of one core; ``needs`` other pieces' names;
    ``makes`` the files that a finished one has left, as far as settings that were added later ask for new ones."""

    name: str
    cost: float
    do: Callable[["Place"], None]
    needs: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where everything lies, and what is loaded when it is first asked for."""

    out: Path
    settings: Settings

    @cached_property
    def model(self) -> SoundCTM:
        return SoundCTM.from_pretrained(self.settings.model)

    @cached_property
    def listener(self) -> Listener:
        return load_listener()

    @cached_property
    def reference(self) -> sets.Reference:
        return sets.read_reference(self.reference_path)

    @property
    def data(self) -> Path:
        return self.out / "data"

    @property
    def reference_path(self) -> Path:
        return self.out / "reference.safetensors"

    def shard(self, index: int) -> Path:
        return self.data / f"shard-{index:03d}.safetensors"

    def student(self, variant: str, seed: int) -> Path:
        return self.out / "students" / f"{variant}-{seed}"

    def takes(self, who: str, seed: int) -> Path:
        return self.out / "takes" / f"{who}-{seed}"

    def done(self, name: str) -> Path:
        return self.out / "done" / f"{name}.json"

    def finished(self, piece: Piece) -> bool:
        """Whether a piece has ended and all that it makes today is there."""
        return self.done(piece.name).exists() and all((self.out / name).exists() for name in piece.makes)


def do(place: Place, piece: Piece) -> None:
    """Do a piece in this process and note that it is done, in how many ``seconds`` and in how many of one core, those
    of an earlier part of it included."""
    path = place.done(piece.name)
    before = read_note(path) if path.exists() else {"seconds": 0.0, "core_seconds": 0.0}
    clock, core = time.monotonic(), time.process_time()
    piece.do(place)
    took = {"seconds": time.monotonic() - clock, "core_seconds": time.process_time() - core}
    write_json(path, {name: round(before[name] + value, 1) for name, value in took.items()})


def read_note(path: Path) -> dict[str, float]:
    """What :func:`do` wrote. A note from before cores were noted counts as on a core of its own all the time."""
    note: dict[str, float] = read_json(path)
    return {"core_seconds": note["seconds"], **note}


def all_pieces(settings: Settings) -> list[Piece]:
    """Every piece, in the order in which they are begun: long ones first, so that all cores end together."""
    shards = [_shard(i, settings) for i in range(settings.shards)]
    names = tuple(piece.name for piece in shards)
    joined = Piece("data", 5, lambda p: sets.join_shards([p.shard(i) for i in range(settings.shards)], p.data), names)
    trainings = [_training(v, seed, settings) for v in sorted(VARIANTS, key=lambda v: -STEP[v]) for seed in SEEDS]
    judged = [_takes_of_variant(v, seed, settings) for v in VARIANTS for seed in SEEDS]
    guides = [_takes_of_teacher(seed, settings) for seed in SEEDS]
    shipped = [_takes_of_shipped(seed, settings) for seed in SEEDS]
    grid = [_grid_row(omega, seed, settings) for omega in OMEGAS for seed in SEEDS]
    return [_reference(settings), *shards, joined, *trainings, *guides, *shipped, *grid, *judged]


def _reference(settings: Settings) -> Piece:
    def run(place: Place) -> None:
        sets.make_reference(place.model, place.listener, settings, place.reference_path)

    return Piece("reference", START + HELD_OUT * settings.reference, run)


def _shard(index: int, settings: Settings) -> Piece:
    count = min(SHARD, settings.clips - index * SHARD)
    return Piece(
        f"data-{index:03d}", START + CLIP * count,
        lambda place: sets.make_shard(place.model, settings, index, place.shard(index)),
    )  # fmt: skip


def _training(variant: str, seed: int, settings: Settings) -> Piece:
    def run(place: Place) -> None:
        train_variant(place.model, place.data, variant, seed, settings.steps, place.student(variant, seed))

    return Piece(f"train-{variant}-{seed}", START + STEP[variant] * settings.steps, run, ("data",))


def _cost(settings: list[Setting], count: int) -> float:
    jumps = sum(each.steps * (1 if each.nu == 1.0 else 2) for each in settings)
    return START + count * (FORWARD * jumps + DECODE * len(settings))


def _files(who: str, seed: int, chosen: Sequence[Setting], count: int) -> tuple[str, ...]:
    """What a piece of takes leaves."""
    return tuple(f"takes/{who}-{seed}/{name}" for setting in chosen for name in takes.take_files(setting, count))


def _takes_of_variant(variant: str, seed: int, settings: Settings) -> Piece:
    chosen = list(VARIANT_SETTINGS[variant])

    def run(place: Place) -> None:
        _make(place, chosen, variant, seed, settings.takes, place.student(variant, seed))

    needs, files = (f"train-{variant}-{seed}", "reference"), _files(variant, seed, chosen, settings.takes)
    return Piece(f"takes-{variant}-{seed}", _cost(chosen, settings.takes), run, needs, files)


def _takes_of_shipped(seed: int, settings: Settings) -> Piece:
    chosen = shipped_settings()
    cost = _cost(chosen, settings.takes)
    return Piece(
        f"takes-shipped-{seed}", cost, lambda place: _make(place, chosen, "shipped", seed, settings.takes),
        ("reference",), _files("shipped", seed, chosen, settings.takes),
    )  # fmt: skip


def _grid_row(omega: float, seed: int, settings: Settings) -> Piece:
    chosen = grid_settings(omega)
    name = f"grid-omega{omega:g}-{seed}"

    def run(place: Place) -> None:
        _make(place, chosen, "grid", seed, settings.grid_takes)

    files = _files("grid", seed, chosen, settings.grid_takes)
    return Piece(name, _cost(chosen, settings.grid_takes), run, ("reference",), files)


def _takes_of_teacher(seed: int, settings: Settings) -> Piece:
    def run(place: Place) -> None:
        takes.make_takes(
            place.model, place.listener, place.reference, takes.teacher_sampler(place.model), ITS_TEACHER, seed,
            settings.takes, place.takes("teacher", seed),
        )  # fmt: skip

    evaluations = 2 * TEACHER_STEPS
    cost = START + settings.takes * (GUIDED * evaluations + DECODE)
    files = _files("teacher", seed, [ITS_TEACHER], settings.takes)
    return Piece(f"takes-teacher-{seed}", cost, run, ("reference",), files)


def _make(
    place: Place, chosen: list[Setting], who: str, seed: int, count: int, student_folder: Path | None = None
) -> None:
    """Takes of the shipped student, or of the trained one in a folder, under several settings."""
    student = place.model.student if student_folder is None else trained(student_folder)
    for setting in chosen:
        sampler = takes.student_sampler(place.model, student, setting)
        takes.make_takes(
            place.model, place.listener, place.reference, sampler, setting, seed, count, place.takes(who, seed)
        )
