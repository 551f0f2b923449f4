"""A whole examination, from settings to a diagnosis."""

from collections.abc import Sequence

import torch

from soundctm.benchmark.measurement import Progress, silent
from soundctm.benchmark.subjects import load
from soundctm.doctor.advice import advise, title
from soundctm.doctor.cautions import warnings
from soundctm.doctor.fits import measure_fit
from soundctm.doctor.host import describe_host, memory_of
from soundctm.doctor.results import Diagnosis, Row
from soundctm.doctor.rows import examine_row
from soundctm.doctor.settings import Settings, check_settings
from soundctm.doctor.subject import Subject, open_subject
from soundctm.errors import UserError

PROCESSES = 3  # of each row, for its memory
CHECKS, THOROUGH, PROCESS = 1.0, 5.0, 3.0  # seconds of a row and of a process, roughly: for the time left


class Course:
    """How much of what was foreseen is done, in seconds."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self.quick, self.progress = settings.quick, progress
        rows = len(settings.devices) * len(settings.options)
        self.done, self.total = 0.0, rows * (self.row + self.memory)

    @property
    def row(self) -> float:
        return CHECKS if self.quick else THOROUGH

    @property
    def memory(self) -> float:
        return 0.0 if self.quick else PROCESSES * PROCESS

    def tell(self, label: str, cost: float) -> None:
        """Begin something that lasts about so long."""
        self.progress(label, self.done, self.total)
        self.done += cost


def examine(settings: Settings, progress: Progress = silent, command: Sequence[str] = ()) -> Diagnosis:
    """Examine a model on this machine. Raises :class:`UserError` for what is not known here.

    All golden checks come first; then, with no model in memory, the processes that measure memory.
    """
    check_settings(settings)
    host, course = describe_host(), Course(settings, progress)
    course.tell("loading the model", 0.0)
    subject = open_subject(settings.model)
    rows = [row for device in settings.devices for row in _rows_of(subject, device, settings, course)]
    if not settings.quick:
        give_memory_back()
        rows = [_with_memory(row, subject, course) if row.available else row for row in rows]
    sick = subject.references.state == "stale" or any(row.verdict in ("off", "failed") for row in rows)
    return Diagnosis(
        command=tuple(command), healthy=not sick, model=subject.facts, host=host, references=subject.references,
        rows=tuple(rows), warnings=warnings(host, rows, subject.references), advice=advise(rows, subject.references),
    )  # fmt: skip


def give_memory_back() -> None:
    """On a GPU, torch keeps what models held for tensors to come: it would be missing from what a process of its own
    finds free."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _rows_of(subject: Subject, device: str, settings: Settings, course: Course) -> list[Row]:
    """All rows of a device, without their memory."""
    model, rows = load(subject.name, device), []
    for options in settings.options:
        course.tell(f"checking {options.engine} {options.precision} on {device}", course.row)
        rows.append(examine_row(model, device, options, subject.golden, not settings.quick))
        if not rows[-1].available:
            course.total -= course.memory
    return rows


def _with_memory(row: Row, subject: Subject, course: Course) -> Row:
    """A row with its first take and what fits."""

    def tick() -> None:
        course.tell(f"memory of {title(row)}", PROCESS)

    try:
        fresh, fit = measure_fit(
            row, subject.name, subject.config, subject.in_flight(row.device), memory_of(row.device), tick
        )
    except UserError as error:
        return row.model_copy(update={"words": "; ".join(filter(None, (row.words, str(error))))})
    return row.model_copy(update={"fresh": fresh, "fit": fit})
