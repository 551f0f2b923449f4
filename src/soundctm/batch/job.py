"""A whole batch, from a checked sheet to its folder: what the commands and Python programs call."""

from collections.abc import Sequence
from pathlib import Path

from soundctm.audio import Recipe
from soundctm.batch.config import Config, Files
from soundctm.batch.forbidden import make_filter
from soundctm.batch.grasp import Meaning
from soundctm.batch.naming import NO_DATE, Imprint, Naming
from soundctm.batch.order import Order, order_of, orders
from soundctm.batch.outlet import Outlet, licence_of
from soundctm.batch.place import held
from soundctm.batch.preflight import Preflight
from soundctm.batch.reading import SheetText
from soundctm.batch.run import Outcome, Run
from soundctm.batch.sheet import Line, read_sheet
from soundctm.config import ModelConfig
from soundctm.delivery.provenance import NOT_STATED
from soundctm.delivery.ucs import read_catalogue
from soundctm.model import SoundCTM
from soundctm.performance import StepCallback
from soundctm.revisions import refined
from soundctm.sources import Sources


def checked(sheet: SheetText, config: Config, model: ModelConfig) -> list[Line]:
    """The rows of a sheet, of which nothing is forbidden and all goes with a model of this kind. Raises
    :class:`~soundctm.batch.faults.SheetError` with all that is wrong."""
    return read_sheet(sheet, config.defaults, preflight(config, model))


def preflight(config: Config, model: ModelConfig) -> Preflight:
    """What rows are held against before a model is loaded. Raises :class:`~soundctm.errors.UserError` for lists and
    hooks that cannot be used."""
    forbidden = make_filter(config.forbidden.lists, config.forbidden.hook)
    return Preflight(forbidden, _naming(config.files, NOT_STATED, None), model)


def naming_of(model: SoundCTM, files: Files) -> Naming:
    """What gives files their names."""
    return _naming(files, licence_of(model), Meaning(model))


def _naming(files: Files, licence: str, meaning: Meaning | None) -> Naming:
    catalogue = None if files.ucs is None else read_catalogue(files.ucs)
    imprint = Imprint(licence, files.creator, files.project, files.copyright, str(files.day or NO_DATE))
    return Naming(imprint, files.source, catalogue, meaning)


def make(
    model: SoundCTM, ordered: Sequence[Order], folder: Path, imprint: Imprint, owner: str,
    callback: StepCallback | None = None, sources: Sources | None = None,
) -> Outcome:  # fmt: skip
    """Make what is ordered into a folder, or go on with it; ``owner`` is the sheet or the set, by its name, that the
    folder is for. Raises :class:`~soundctm.errors.UserError`."""
    with held(folder) as place:
        return Run(model, Outlet(place, imprint), callback, sources)(ordered, owner)


def make_batch(
    model: SoundCTM, lines: Sequence[Line], source: str, folder: Path, config: Config,
    callback: StepCallback | None = None,
) -> Outcome:  # fmt: skip
    """The takes of a checked sheet, in a folder with a report and a contact sheet."""
    naming = naming_of(model, config.files)
    ordered = orders(model, lines, config.seed, naming, source)
    return make(model, ordered, folder, naming.imprint, f"the sheet {Path(source).name}", callback)


def make_set(
    model: SoundCTM, line: Line, folder: Path, config: Config, first: Recipe | None = None,
    callback: StepCallback | None = None, sources: Sources | None = None,
) -> Outcome:  # fmt: skip
    """The related takes of one row; ``first`` is the recipe of a take that, in the row's steps, the others are to be
    relatives of."""
    naming = naming_of(model, config.files)
    if first is None:
        ordered = orders(model, [line], config.seed, naming, "the set")
    else:
        model.check_mine(first)
        base = first if first.variation else refined(first, line.row.steps)
        ordered = [order_of(model, line, model.computation.in_precision(base), naming, fixed=True)]
    return make(model, ordered, folder, naming.imprint, f"the set {line.row.name}", callback, sources)
