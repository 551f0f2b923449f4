"""What ``soundctm batch`` and ``set`` say: what is wrong with a sheet, how far a run is, what came of it."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from soundctm.cli.common import counted, progress
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.batch.faults import SheetError
    from soundctm.batch.report import Result
    from soundctm.batch.run import Outcome

LEFT_OUT = 1  # exit code where a take was left out
MOST_FAULTS = 50  # that are told
EVERY = 30.0  # seconds between two lines of progress where there is no terminal
LABEL = "network steps"
GOES_ON = "the same command goes on from here"


class Log:
    """Says in a line now and then how far a run is, as a callback ``(done, total)``."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.clock = say, clock
        self.begun = self.told = clock()

    def __call__(self, done: int, total: int) -> None:
        now = self.clock()
        if now - self.told >= EVERY and done:
            self.told = now
            left = (now - self.begun) / done * (total - done) / 60
            self.say(f"{done:,} of about {total:,} {LABEL}, about {left:.0f} min left")


@contextmanager
def pace(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Progress of a long run: a bar on a terminal, lines in a log, nothing when quiet; and how one that is interrupted
    goes on."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        if quiet or console.is_terminal:
            with progress(LABEL, quiet) as callback:
                yield callback
        else:
            yield Log(lambda line: console.print(line, markup=False))
    except KeyboardInterrupt:
        console.print(GOES_ON, markup=False)
        raise


def tell_faults(error: "SheetError") -> UserError:
    """Print the faults of a sheet but a single one, which is its own summary."""
    if len(error.faults) == 1:
        return error
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    from soundctm.batch.faults import printable

    source, more = printable(error.source), len(error.faults) - MOST_FAULTS
    for fault in error.faults[:MOST_FAULTS]:
        console.print(f"{source}, {fault}", markup=False)
    if more > 0:
        console.print(f"{source}, and {more} more", markup=False)
    return UserError(f"{source}: {len(error.faults)} faults; nothing was made. Mend them and run again")


def tell_outcome(outcome: "Outcome", folder: Path, as_json: bool) -> None:
    """Say what came of the takes; the command ends with code 1 where one was left out."""
    from soundctm.batch.place import REPORT, SHEET

    results = outcome.results
    kept = sum(result.kept for result in results)
    tries = sum(int(result.cells["tries"]) for result in results)
    if as_json:
        files: list[dict[str, Any]] = [_plain(result, folder) for result in results]
        summary = {
            "kept": kept, "tries": tries, "added": outcome.added, "changed": outcome.changed,
            "report": str(folder / REPORT), "sheet": str(folder / SHEET), "removed": outcome.removed,
            "notes": outcome.notes, "files": files,
        }  # fmt: skip
        sys.stdout.write(json.dumps(summary, allow_nan=False) + "\n")
    else:
        console = Console(soft_wrap=True, highlight=False)
        takes = f"{counted(kept, 'take')} kept of {len(results)}, from {counted(tries, 'candidate')}"
        news = f"{outcome.added} new, {outcome.changed} made anew, {kept - outcome.added - outcome.changed} as before"
        console.print(f"{takes}. {news}. Listen: {folder / SHEET}; figures: {folder / REPORT}", markup=False)
        for note in _notes(outcome):
            console.print(f"  {note}", markup=False)
    if kept < len(results):
        raise typer.Exit(LEFT_OUT)


def _notes(outcome: "Outcome") -> Iterator[str]:
    """What is not as it was asked for, what is no longer there, and what is good to know."""
    from soundctm.batch.faults import printable
    from soundctm.batch.hints import some

    if outcome.removed:
        yield f"removed {counted(len(outcome.removed), 'file')} that no row makes any more: {some(outcome.removed)}"
    yield from map(printable, outcome.notes)
    firsts = [result.cells for result in outcome.results if result.cells["take"] == 1 and result.kept]
    for cells in firsts:
        if cells["understood"] != cells["prompt"]:
            yield f'{cells["row"]}: understood as "{cells["understood"]}" ({cells["understood_score"]:.2f})'
    yield from _unnamed(outcome.results)
    yield from _missed(outcome.results)
    yield from map(printable, _left_out(outcome.results))


def _unnamed(results: Sequence["Result"]) -> Iterator[str]:
    """Rows for which a list of categories had nothing."""
    from soundctm.batch.hints import some
    from soundctm.delivery.ucs import THRESHOLD

    found = [
        f"{cells['row']} ({cells['catid_nearest']} at {cells['catid_score']:.2f})"
        for cells in (result.cells for result in results)
        if cells["take"] == 1 and cells["catid_score"] is not None and not cells["catid"]
    ]
    if found:
        yield (
            f"not named by UCS, for no category comes to {THRESHOLD:g}: {counted(len(found), 'row')}, with the nearest "
            f"{some(found)}; give them a catid"
        )


def _missed(results: Sequence["Result"]) -> Iterator[str]:
    """Takes that are not at the level that was asked for, or lost samples to their format."""
    from soundctm.batch.hints import some

    low = [
        f"{Path(result.files[0]).name} ({result.cells['loudness']:.1f} LUFS)"
        for result in results
        if result.kept and result.cells["level_reached"] is False
    ]
    if low:
        yield f"not at the loudness that was asked for (see the ceiling): {counted(len(low), 'take')}: {some(low)}"
    cut = [
        f"{Path(result.files[0]).name} ({counted(result.cells['cut'], 'sample')})"
        for result in results
        if result.kept and result.cells["cut"]
    ]
    if cut:
        yield f"cut at full scale by the format: {counted(len(cut), 'take')}: {some(cut)}"


def _left_out(results: Sequence["Result"]) -> Iterator[str]:
    """Takes that were left out and why, those of a row with the same reason together."""
    from soundctm.batch.hints import some

    alike: dict[tuple[str, str], list[int]] = {}
    for result in results:
        if not result.kept:
            alike.setdefault((result.cells["row"], result.cells["reason"]), []).append(result.cells["take"])
    for (row, reason), takes in alike.items():
        yield f"left out: {row}, take{'s' if len(takes) > 1 else ''} {some(takes)}: {reason}"


def _plain(result: "Result", folder: Path) -> dict[str, Any]:
    """A line of the report for programs: figures that are no finite numbers are null."""
    cells = {key: None if value in (float("inf"), -float("inf")) else value for key, value in result.cells.items()}
    return {**cells, "file": str(folder / result.files[0]) if result.files else None}
