"""What several commands share: output folders, file names, progress, results."""

import itertools
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from soundctm.errors import UserError
from soundctm.filenames import slug

if TYPE_CHECKING:
    from soundctm.audio import Clip, Recipe
    from soundctm.model import SoundCTM

SLUG_LENGTH = 60
MOST_NAMED = 6  # words
NEARLY_SILENT = -40.0  # dB of full scale that a peak stays below


def load_model(
    name: str, device: str, engine: str = "eager", precision: str = "float32", gradients: bool = False
) -> "SoundCTM":
    """A model that computes as it is told, with torch imported only now. Where nobody asks for gradients, a student in
    fewer bits is never held in float32."""
    from soundctm.checks import check_device
    from soundctm.engines import EngineOptions
    from soundctm.engines.allocator import keep_freed_memory
    from soundctm.model import SoundCTM

    keep_freed_memory()
    options = EngineOptions(engine, precision)  # type: ignore[arg-type]  # it checks them
    check_device(device)
    lean = options.engine in ("auto", "eager") and not gradients
    model = SoundCTM.from_pretrained(name, device, options.precision if lean else "float32")
    return model.optimize(options.engine, options.precision)


def named_model(recipe: "Recipe | None", moved_to: str | None) -> str:
    """The model of a recipe, or where it lies now; the embedded one where there is no recipe. Raises UserError where
    the recipe names a model that is not here."""
    return moved_to or on_this_machine(recipe.model if recipe else "mini")


def on_this_machine(name: str) -> str:
    """Where the model that a file names lies: its name where it is shipped, its folder elsewhere. Nothing is fetched at
    the word of a file. Raises :class:`UserError` for a model that is not here."""
    from soundctm.folder import locate, shipped_models

    if Path(name).is_absolute() and not Path(name).is_dir():
        raise UserError(f"the file was made by the model in {name}, which is there no more; say where it is: --model")
    try:
        return name if name in shipped_models() else str(locate(name, download=False))
    except UserError as error:
        raise UserError(f"{name!r} is not on this machine, and is fetched only for --model {name}") from error


def complain(message: str) -> None:
    """One line on stderr."""
    line = " ".join(message.split())
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"soundctm: {line}", style="red", markup=False)


def tell_each(
    files: Sequence[Path],
    work: Callable[[Path], dict[str, Any]],
    say: Callable[[dict[str, Any]], None],
    as_json: bool,
) -> list[dict[str, Any]]:
    """Do a work on each file and say what came of it at once, or all of it as JSON; a file that fails ends nothing:
    its error is told on stderr, and stands as ``error`` in what is returned."""
    results = []
    for path in files:
        try:
            results.append(work(path))
        except UserError as error:
            complain(str(error))
            results.append({"file": str(path), "error": str(error)})
        if not as_json and "error" not in results[-1]:
            say(results[-1])
    if as_json:
        sys.stdout.write(json.dumps({"files": results}) + "\n")
    return results


def output_folder(path: Path) -> Path:
    """Make the folder; say at once when nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make folder {path}: {error.strerror}; choose another with --out") from error
    if not path.is_dir() or not os.access(path, os.W_OK):
        raise UserError(f"cannot write into {path}: permission denied; choose another folder with --out")
    return path


def counted(number: int, thing: str) -> str:
    """``1 step``, ``16 steps``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def recipe_of(clip: "Clip") -> "Recipe":
    """The recipe of a clip that was made just now."""
    if clip.recipe is None:
        raise ValueError("a generated clip has a recipe")
    return clip.recipe


def summary(recipes: Sequence["Recipe"]) -> str:
    """``3 takes in 16 steps, seed 7``: what was made of one prompt and seed."""
    first = recipes[0]
    return f"{counted(len(recipes), 'take')} in {counted(first.steps, 'step')}, seed {first.seed}"


def file_stem(clip: "Clip") -> str:
    """``heavy-rain_seed7_take1_16steps``: prompt or recording, what was done, seed, take (counted from 1), steps."""
    recipe = recipe_of(clip)
    about = recipe.prompt or " ".join(Path(source.name).stem for source in recipe.sources)
    done = [
        *([recipe.edit.kind] if recipe.edit else []),
        *(["loop"] if recipe.loop else []),
        *(["control"] if recipe.targets else []),
        *([f"vary{recipe.variation}"] if recipe.variation else []),
        *(f"turn{turn.variation}" for turn in recipe.turns),
    ]
    steps = counted(recipe.steps, "step").replace(" ", "")
    return "_".join([slug(about, SLUG_LENGTH), *done, f"seed{recipe.seed}", f"take{recipe.take + 1}", steps])


def _names(stem: str) -> Iterator[str]:
    """The stem, then numbered from 2."""
    return itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))


def save_clip(clip: "Clip", folder: Path) -> dict[str, Any]:
    """Write WAV and PNG under the first names that are free or hold the same: nothing is overwritten, be it another
    sound, this one after an edit, or a picture of somebody else's. What was written, for ``--json``, with the level of
    its peak and the score of the seam of a loop."""
    from soundctm.control.seams import seam_score
    from soundctm.delivery.names import create
    from soundctm.delivery.provenance import licence_in
    from soundctm.folder import card

    data = clip.encoded(licence_in(card(recipe_of(clip).model)))
    wav = create(folder, _names(file_stem(clip)), ".wav", data)
    with tempfile.TemporaryDirectory() as room:
        picture = clip.plot(Path(room) / "picture.png").read_bytes()
    png = create(folder, _names(wav.stem), ".png", picture)
    seam = {"seam": round(seam_score(clip.samples, clip.sample_rate).total, 3)} if clip.loops else {}
    return {
        "wav": str(wav),
        "png": str(png),
        "peak_db": _peak_db(clip),
        **seam,
        "recipe": clip.recipe.model_dump(mode="json") if clip.recipe else None,
    }


def _peak_db(clip: "Clip") -> float | None:
    """The largest sample in dB of full scale; None for silence."""
    peak = float(abs(clip.samples).max(initial=0.0))
    return round(20 * math.log10(peak), 1) if peak else None


@contextmanager
def progress(label: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr with time left, as a callback ``(done, total)``; nothing when quiet or not on a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(escape(label), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def say(line: str) -> None:
    """One line on stdout, whole and as it is."""
    Console(soft_wrap=True, highlight=False).print(line, markup=False)


def say_understood(
    engine: "SoundCTM", prompt: str, results: list[dict[str, Any]], as_json: bool, others: Sequence[str] = ()
) -> None:
    """Say as what a prompt with new words was understood, and add it to every result; then the same of ``others``: what
    is not to be heard, and what else an edit was told."""
    if prompt:
        for result in results:
            result["understood"] = engine.understood(prompt)
    more = {each: engine.understood(each) for each in others if each}
    for result in results if more else ():
        result["understood_others"] = more
    for each in dict.fromkeys((prompt, *more)) if not as_json else ():
        for line in _on_words(engine, each):
            say(line)


def _on_words(engine: "SoundCTM", prompt: str) -> Iterator[str]:
    """Lines on the words of a prompt that the model does not know, or cannot read."""
    from soundctm.conditioning.spelling import illegible_words

    unread = illegible_words(prompt)
    if unread:
        yield f"not read, as the model reads English: {', '.join(unread)}"
    if engine.phrasebook is None or (heard := engine.understood(prompt)) == prompt:
        return
    new = engine.phrasebook.new_words(prompt)
    named = ", ".join(new[:MOST_NAMED]) + (" and others" if len(new) > MOST_NAMED else "")
    yield f'"{prompt}" is understood as "{heard}", as the model never learnt: {named}'


def report(results: list[dict[str, Any]], as_json: bool, note: str) -> None:
    """Say what was written."""
    if as_json:
        sys.stdout.write(json.dumps({"files": results}) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    console.print(note, markup=False)
    for result in results:
        console.print(f"  {result['wav']}{_remarks(result)}", markup=False)


def _remarks(result: dict[str, Any]) -> str:
    """What one should know before one listens."""
    peak = result["peak_db"]
    seam = f"  (seam {result['seam']:.2g}; 1 is an ordinary point of the sound)" if "seam" in result else ""
    if peak is not None and peak >= NEARLY_SILENT:
        return seam
    return f"{seam}  (silent)" if peak is None else f"{seam}  (nearly silent: its peak is {peak:g} dB)"
