"""What a row comes to with a model: its recipes, its files, and a key that says whether it was made already."""

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass

from soundctm.audio import Recipe
from soundctm.audio.target import Target
from soundctm.batch.faults import Fault, SheetError
from soundctm.batch.grasp import Grasp, Meaning, grasp
from soundctm.batch.journal import FORM
from soundctm.batch.names import searchable
from soundctm.batch.naming import Called, Naming
from soundctm.batch.place import PICTURES, SOUNDS
from soundctm.batch.row import Row
from soundctm.batch.search import Search
from soundctm.batch.sheet import Line
from soundctm.checks import MAX_SEED, MAX_TAKES
from soundctm.control.shapes import SHAPES
from soundctm.control.targets import from_shape, parse_points
from soundctm.delivery.formats import SUFFIXES
from soundctm.errors import UserError, shown
from soundctm.forbidden import Filter
from soundctm.model import SoundCTM
from soundctm.revisions import turned

ALL = Filter()  # which lets everything pass


@dataclass(frozen=True)
class Order:
    """``base`` is the recipe of the first take; ``fixed`` says that no other seed may stand for it. ``refused`` says
    why none of its takes is made, "" where they are. Rows with the same ``key`` come to the same files."""

    line: int
    row: Row
    base: Recipe
    fixed: bool
    called: Called
    grasp: Grasp
    refused: str
    key: str

    def files(self, slot: int) -> tuple[str, str]:
        """The sound of a take and its picture, by their paths in the folder."""
        stem = self.called.stems[slot]
        return f"{SOUNDS}/{stem}{SUFFIXES[self.row.delivery.format]}", f"{PICTURES}/{stem}.png"

    def recipe(self, slot: int, attempt: int, first: Recipe | None, search: Search) -> Recipe:
        """Of a try, counted from 0, at a take; ``first`` is the kept first take of a set, whose relatives the others
        are, by the share and the draw of their ``search``."""
        if first is None:
            seed = (self.base.seed + attempt) % (MAX_SEED + 1)
            return self.base if self.fixed and not slot else self.base.model_copy(update={"take": slot, "seed": seed})
        return turned(first, slot + search.drawn * MAX_TAKES, search.share)


def seed_of(sheet_seed: int, name: str) -> int:
    """The seed of a row that gives none: a function of the sheet's seed and the row's name. With those of its further
    tries it stays below 2^53: a spreadsheet keeps no more digits."""
    return int.from_bytes(hashlib.sha256(f"{sheet_seed}\n{name}".encode()).digest()[:8]) >> 12


def targets_of(intensity: str | None, seconds: float) -> list[Target]:
    """The curves that a row is to follow. Raises :class:`UserError`."""
    shape = next((each for each in SHAPES if each == intensity), None)
    if intensity is None:
        return []
    if shape is not None:
        return [from_shape(shape, seconds)]
    if ":" not in intensity or "_" in intensity:  # Python would read 1_0 as 10
        raise UserError(
            f"{shown(intensity)} is no curve; give a shape ({', '.join(SHAPES)}) or points like 0:-40, 5:-12"
        )
    return [parse_points(intensity, "intensity", seconds)]


def first_recipe(model: SoundCTM, row: Row, sheet_seed: int) -> Recipe:
    """The first take of a row. Raises :class:`UserError`."""
    seconds = model.config.seconds if row.seconds is None else row.seconds
    seed = seed_of(sheet_seed, row.name) if row.seed is None else row.seed
    (recipe,) = model.recipes(
        row.prompt, steps=row.steps, seconds=row.seconds, seed=seed, omega=row.omega, nu=row.nu, gamma=row.gamma,
        negative=row.negative, loop=row.loop, targets=targets_of(row.intensity, seconds),
    )  # fmt: skip
    return model.computation.in_precision(recipe)


def order_of(
    model: SoundCTM, line: Line, base: Recipe, naming: Naming, fixed: bool = False, taken: Set[str] = frozenset()
) -> Order:
    """The order of a row whose first take is known; ``taken`` are names of others' files. Raises :class:`UserError` for
    a name that no file can have."""
    row, options = line.row, model.computation.options
    called = naming.called(row, taken)
    heard = grasp(row.prompt, naming.meaning or Meaning(model))
    content = {
        "form": FORM, "row": row.model_dump(mode="json"), "base": base.model_dump(mode="json"), "fixed": fixed,
        "called": called.about, "imprint": asdict(naming.imprint), "device": str(model.device),
        "engine": options.engine, "precision": options.precision,
    }  # fmt: skip
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]
    return Order(line.number, row, base, fixed, called, heard, "" if fixed else row.gates.refusal(heard), key)


def check_heard(order: Order, forbidden: Filter) -> None:
    """Raise :class:`UserError` where the model would make something forbidden of a prompt that is not."""
    if not order.refused:
        forbidden.check_understood(order.row.prompt, order.grasp.text)


def orders(
    model: SoundCTM, lines: Sequence[Line], sheet_seed: int, naming: Naming, source: str, forbidden: Filter = ALL
) -> list[Order]:
    """The orders of a sheet. Raises :class:`SheetError` with everything that does not go with the model, or that the
    model would make something forbidden of."""
    made: list[Order] = []
    faults: list[Fault] = []
    taken: dict[str, int] = {}
    for line in lines:
        column = "catid"
        try:
            if line.row.catid is not None:
                naming.check_catid(line.row.catid)
            column = "intensity" if line.row.intensity else "prompt"
            base = first_recipe(model, line.row, sheet_seed)
            column = "name"
            order = order_of(model, line, base, naming, taken=taken.keys())
            column = "prompt"
            check_heard(order, forbidden)
        except UserError as error:
            faults.append(Fault(line.number, column, str(error)))
            continue
        for stem in map(searchable, order.called.stems):
            if stem in taken:
                what = f"its files are called like those of line {taken[stem]}; give it another name"
                faults.append(Fault(line.number, "name", what))
                break
            taken[stem] = line.number
        made.append(order)
    if faults:
        raise SheetError(source, faults)
    return made
