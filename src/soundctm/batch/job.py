"""A whole batch, from a checked sheet to its folder: what the commands and Python programs call."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from soundctm.audio import Recipe
from soundctm.batch.config import Config, Files
from soundctm.batch.grasp import Meaning
from soundctm.batch.hints import hints
from soundctm.batch.naming import Imprint, Naming
from soundctm.batch.order import Order, check_heard, order_of, orders
from soundctm.batch.outlet import Outlet, licence_of
from soundctm.batch.place import Owner, held
from soundctm.batch.preflight import Preflight
from soundctm.batch.reading import STDIN, SheetText
from soundctm.batch.run import Outcome, Run
from soundctm.batch.sheet import Line, read_sheet
from soundctm.checks import check_recipe
from soundctm.config import ModelConfig
from soundctm.delivery.provenance import NOT_STATED
from soundctm.delivery.ucs import read_catalogue
from soundctm.forbidden import Filter, make_filter
from soundctm.model import SoundCTM
from soundctm.performance import StepCallback
from soundctm.revisions import refined, turned
from soundctm.sources import Sources


def checked(sheet: SheetText, config: Config, model: ModelConfig) -> list[Line]:
    """The rows of a sheet, of which nothing is forbidden and all goes with a model of this kind. Raises
    :class:`~soundctm.batch.faults.SheetError` with all that is wrong."""
    return read_sheet(sheet, config.defaults, preflight(config, model))


def preflight(config: Config, model: ModelConfig) -> Preflight:
    """What rows are held against before a model is loaded. Raises :class:`~soundctm.errors.UserError` for lists and
    hooks that cannot be used."""
    return Preflight(_filter(config), _naming(config.files, NOT_STATED, None), model)


def _filter(config: Config) -> Filter:
    return make_filter(config.forbidden.lists, config.forbidden.hook)


def owner_of(cues: str, sheet_id: str | None = None) -> Owner:
    """Whose sounds those of a sheet are: its id's, or without one those of its path, which may be - for the standard
    input."""
    if sheet_id is not None:
        return Owner(f"the sheet of the id {sheet_id}")
    if cues == STDIN:
        return Owner("the sheet from the standard input", sure=False)
    return Owner(f"the sheet {Path(cues).resolve()}")


def naming_of(model: SoundCTM, files: Files) -> Naming:
    """What gives files their names."""
    return _naming(files, licence_of(model), Meaning(model))


def _naming(files: Files, licence: str, meaning: Meaning | None) -> Naming:
    catalogue = None if files.ucs is None else read_catalogue(files.ucs)
    imprint = Imprint(licence, files.creator, files.project, files.copyright, str(files.day or ""))
    return Naming(imprint, files.source, catalogue, meaning)


def make(
    model: SoundCTM, ordered: Sequence[Order], folder: Path, imprint: Imprint, owner: Owner,
    callback: StepCallback | None = None, sources: Sources | None = None, remove: bool = False,
) -> Outcome:  # fmt: skip
    """Make what is ordered into a folder, or go on with it. Raises :class:`~soundctm.errors.UserError`, for a folder of
    another ``owner`` and where much of what lies there would go unless ``remove`` says that it is meant."""
    with held(folder) as place:
        return Run(model, Outlet(place, imprint), callback, sources)(ordered, owner, remove)


def make_batch(
    model: SoundCTM, lines: Sequence[Line], source: str, folder: Path, config: Config,
    callback: StepCallback | None = None, owner: Owner | None = None, remove: bool = False,
) -> Outcome:  # fmt: skip
    """The takes of a checked sheet, in a folder with a report and a contact sheet. ``source`` is what errors call the
    sheet; without an ``owner`` it is taken for its path."""
    naming = naming_of(model, config.files)
    ordered = orders(model, lines, config.seed, naming, source, _filter(config))
    owner = owner or owner_of(source)
    outcome = make(model, ordered, folder, naming.imprint, owner, callback, remove=remove)
    return replace(outcome, notes=tuple(hints(lines, ordered)))


def make_set(
    model: SoundCTM, line: Line, folder: Path, config: Config, first: Recipe | None = None,
    callback: StepCallback | None = None, sources: Sources | None = None, remove: bool = False,
) -> Outcome:  # fmt: skip
    """The related takes of one row; ``first`` is the recipe of a take that, in the row's steps, the others are to be
    relatives of."""
    naming, forbidden = naming_of(model, config.files), _filter(config)
    if first is None:
        ordered = orders(model, [line], config.seed, naming, "the set", forbidden)
    else:
        model.check_mine(first)
        base = first if first.steps == line.row.steps else refined(first, line.row.steps)
        check_recipe(turned(base, 1, 0.0))  # before anything is made
        ordered = [order_of(model, line, model.computation.in_precision(base), naming, fixed=True)]
        check_heard(ordered[0], forbidden)
    return make(model, ordered, folder, naming.imprint, Owner(f"the set {line.row.name}"), callback, sources, remove)
