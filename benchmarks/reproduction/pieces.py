"""What is to be done: pieces with what they need, and the child process that does one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reproduction import sets, takes
from reproduction.files import write_json
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
    """``name`` is also its file in ``out/done``; ``cost`` in seconds of one core; ``needs`` other pieces' names."""

    name: str
    cost: float
    do: Callable[["Place"], None]
    needs: tuple[str, ...] = ()


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


def do(place: Place, piece: Piece) -> None:
    """Do a piece in this process and note that it is done."""
    begin = time.monotonic()
    piece.do(place)
    write_json(place.done(piece.name), {"seconds": round(time.monotonic() - begin, 1)})


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


def _takes_of_variant(variant: str, seed: int, settings: Settings) -> Piece:
    chosen = list(VARIANT_SETTINGS[variant])

    def run(place: Place) -> None:
        _make(place, chosen, variant, seed, settings.takes, place.student(variant, seed))

    needs = (f"train-{variant}-{seed}", "reference")
    return Piece(f"takes-{variant}-{seed}", _cost(chosen, settings.takes), run, needs)


def _takes_of_shipped(seed: int, settings: Settings) -> Piece:
    chosen = shipped_settings()
    cost = _cost(chosen, settings.takes)
    return Piece(
        f"takes-shipped-{seed}", cost, lambda place: _make(place, chosen, "shipped", seed, settings.takes),
        ("reference",),
    )  # fmt: skip


def _grid_row(omega: float, seed: int, settings: Settings) -> Piece:
    chosen = grid_settings(omega)
    name = f"grid-omega{omega:g}-{seed}"

    def run(place: Place) -> None:
        _make(place, chosen, "grid", seed, settings.grid_takes)

    return Piece(name, _cost(chosen, settings.grid_takes), run, ("reference",))


def _takes_of_teacher(seed: int, settings: Settings) -> Piece:
    def run(place: Place) -> None:
        takes.make_takes(
            place.model, place.listener, place.reference, takes.teacher_sampler(place.model), ITS_TEACHER, seed,
            settings.takes, place.takes("teacher", seed),
        )  # fmt: skip

    evaluations = 2 * TEACHER_STEPS
    cost = START + settings.takes * (GUIDED * evaluations + DECODE)
    return Piece(f"takes-teacher-{seed}", cost, run, ("reference",))


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
