"""A whole batch, from a checked sheet to its folder: what the commands and Python programs call."""

from collections.abc import Sequence
from pathlib import Path

from soundctm.audio import Recipe
from soundctm.batch.config import Config, Files
from soundctm.batch.forbidden import Filter, make_filter
from soundctm.batch.naming import NO_DATE, Imprint, Meaning, Naming
from soundctm.batch.order import Order, order_of, orders
from soundctm.batch.outlet import Outlet, licence_of
from soundctm.batch.place import held
from soundctm.batch.reading import SheetText
from soundctm.batch.report import Result
from soundctm.batch.run import Run
from soundctm.batch.sheet import Line, read_sheet
from soundctm.delivery.ucs import read_catalogue
from soundctm.model import SoundCTM
from soundctm.performance import StepCallback
from soundctm.revisions import refined
from soundctm.sources import Sources


def checked(sheet: SheetText, config: Config) -> list[Line]:
    """The rows of a sheet, none of which is forbidden. Raises :class:`~soundctm.batch.faults.SheetError`."""
    lines = read_sheet(sheet, config.defaults)
    filter_of(config).check(lines, sheet.source)
    return lines


def filter_of(config: Config) -> Filter:
    """What refuses prompts."""
    return make_filter(config.forbidden.lists, config.forbidden.hook)


def naming_of(model: SoundCTM, files: Files) -> Naming:
    """What gives files their names."""
    catalogue = None if files.ucs is None else read_catalogue(files.ucs)
    imprint = Imprint(licence_of(model), files.creator, files.project, files.copyright, str(files.day or NO_DATE))
    return Naming(imprint, files.source, catalogue, Meaning(model))


def make(
    model: SoundCTM,
    ordered: Sequence[Order],
    folder: Path,
    imprint: Imprint,
    callback: StepCallback | None = None,
    sources: Sources | None = None,
) -> list[Result]:
    """Make what is ordered into a folder, or go on with it. Raises :class:`~soundctm.errors.UserError`."""
    with held(folder) as place:
        return Run(model, place, Outlet(folder, imprint), callback, sources)(ordered)


def make_batch(
    model: SoundCTM, lines: Sequence[Line], source: str, folder: Path, config: Config,
    callback: StepCallback | None = None,
) -> list[Result]:  # fmt: skip
    """The takes of a checked sheet, in a folder with a report and a contact sheet."""
    naming = naming_of(model, config.files)
    return make(model, orders(model, lines, config.seed, naming, source), folder, naming.imprint, callback)


def make_set(
    model: SoundCTM, line: Line, folder: Path, config: Config, first: Recipe | None = None,
    callback: StepCallback | None = None, sources: Sources | None = None,
) -> list[Result]:  # fmt: skip
    """The related takes of one row; ``first`` is the recipe of a take that, in the row's steps, the others are to be
    relatives of."""
    naming = naming_of(model, config.files)
    if first is None:
        ordered = orders(model, [line], config.seed, naming, "the set")
    else:
        model.check_mine(first)
        base = first if first.variation else refined(first, line.row.steps)
        ordered = [order_of(model, line, model.computation.in_precision(base), naming, fixed=True)]
    return make(model, ordered, folder, naming.imprint, callback, sources)
