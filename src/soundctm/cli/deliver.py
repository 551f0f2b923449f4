"""``soundctm deliver``: takes to files that a sound team accepts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from soundctm.cli.common import output_folder, tell_each
from soundctm.cli.options import JsonOption, OutOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.cli.delivering import Naming
    from soundctm.delivery import Delivery
    from soundctm.delivery.names import UcsName

FIELDS = (3, 4)  # of a name by UCS behind its CatID: FXName, CreatorID, SourceID, and UserData if there is any
EARLIEST = 1000  # year: dates in files have four digits


def deliver(
    files: list[Path] = typer.Argument(help="Sounds to deliver: WAV, FLAC or OGG.", readable=False),
    format: str = typer.Option("wav24", help="wav16 (dithered), wav24, wav32f, flac or ogg."),
    rate: int = typer.Option(None, help="44100 or 48000 Hz; each file's own when left out."),
    loudness: float = typer.Option(None, help="Bring the integrated loudness to so many LUFS, for example -23."),
    peak: bool = typer.Option(False, "--peak", help="Bring the true peak to the ceiling instead."),
    ceiling: float = typer.Option(None, help="dBTP that no peak exceeds; -1 where a level is asked for."),
    trim: bool = typer.Option(False, "--trim", help="Take silence away at both ends."),
    threshold: float = typer.Option(None, help="With --trim: dB below the sound's peak that is silence (-60)."),
    margin: float = typer.Option(None, help="With --trim: seconds of silence that stay (0.02)."),
    fade_in: float = typer.Option(0.0, help="Seconds."),
    fade_out: float = typer.Option(0.0, help="Seconds."),
    shape: str = typer.Option("cosine", help="Of fades: linear, cosine or power."),
    stereo: bool = typer.Option(False, "--stereo", help="One channel becomes two, each at its level (-0 dB)."),
    ucs: Path = typer.Option(None, help="The UCS list as CSV or TSV; suggests the category from the prompt."),
    catid: str = typer.Option(None, help="The UCS category, like RAINGen; names files by UCS."),
    creator: str = typer.Option("", help="CreatorID of a UCS name, and the artist."),
    source_id: str = typer.Option("", help="SourceID of a UCS name: a project or library."),
    fx_name: str = typer.Option("", help="FXName of a UCS name; made of the prompt when left out."),
    user_data: str = typer.Option("", help="UserData of a UCS name."),
    project: str = typer.Option("", help="Project that the files belong to."),
    copyright: str = typer.Option("", help="Copyright notice."),
    licence: str = typer.Option("", help="Licence of the model; its card's when left out."),
    date: str = typer.Option(
        "",
        help="Date and time in the files (ISO 8601); when left out, what the source file says, else that of the file.",
    ),
    model: str = typer.Option("mini", help="Whose text encoder suggests categories: one of kind mini."),
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Write sounds as a sound team wants them: format, level, metadata, names. The recipe stays in every file.

    What a file says of itself (UCS fields, creator, project, copyright, texts and fields of others) goes along where no
    option says otherwise, and what cannot is told. Nothing that is there is overwritten: the next number is taken.

    A file that cannot be delivered is told, and the others are delivered; the exit code is 2 then.

    Examples:

        soundctm deliver rain*.wav --loudness -23 --format wav24 --rate 48000 --out delivery

        soundctm deliver rain*.wav --ucs UCS.csv --creator ABC --source-id NONE --out delivery
    """
    from soundctm.cli.delivering import Naming, say_delivered

    level = {"loudness": loudness, "peak": peak, "ceiling": ceiling}
    ends = {"trim": trim, "threshold": threshold, "margin": margin, "fade_in": fade_in, "fade_out": fade_out}
    wanted = _wanted({"format": format, "sample_rate": rate, "shape": shape, "stereo": stereo} | level | ends)
    naming = Naming(ucs, catid, creator, source_id, fx_name, user_data, model)
    told = {"project": project, "copyright": copyright, "licence": licence, "when": _moment(date)}
    folder = output_folder(out)
    work = lambda path: _one(path, wanted, naming, told, folder, len(files) > 1)
    if any("error" in found for found in tell_each(files, work, say_delivered, as_json)):
        raise typer.Exit(2)


def _wanted(given: dict[str, Any]) -> "Delivery":
    """The delivery that options ask for; those that were left out are None."""
    from soundctm.delivery import Delivery

    if given["loudness"] is not None and given["peak"]:
        raise UserError("--loudness and --peak ask for two levels; give one of them")
    if not given["trim"] and (given["threshold"] is not None or given["margin"] is not None):
        raise UserError("--threshold and --margin are for --trim; give that as well")
    level = "peak" if given["peak"] else "keep" if given["loudness"] is None else "loudness"
    values = {key: value for key, value in given.items() if key != "peak" and value is not None}
    return Delivery.of(values | {"level": level})


def _moment(date: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(date) if date else None
        if moment is None:
            return None
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment.year < EARLIEST:
            raise ValueError(f"before the year {EARLIEST}")
    except (ValueError, OverflowError) as error:
        raise UserError(f"--date {date!r} is no date of a file; write it like 2026-03-01T12:00:00") from error
    return moment


def _one(
    path: Path, wanted: "Delivery", naming: "Naming", told: dict[str, Any], folder: Path, several: bool
) -> dict[str, Any]:
    """Deliver a file; what was done, for ``--json``."""
    from soundctm.audio import Clip
    from soundctm.cli.delivering import origin_of, outcome
    from soundctm.delivery import deliver as process
    from soundctm.delivery.formats import SUFFIXES, encode
    from soundctm.delivery.gather import gather
    from soundctm.delivery.names import create
    from soundctm.delivery.reading import read_deliveries
    from soundctm.delivery.tags import Tags

    clip = Clip.load(path)
    try:
        delivered = process(clip, wanted, read_deliveries(path))
        name, category, suggestions = naming.of(_words(clip))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    carried = gather(path, _words(clip), clip.loops)
    tags = Tags(
        title=name.fx_name if name else carried.title or _words(clip) or path.stem,
        when=told["when"] or carried.when or datetime.fromtimestamp(int(path.stat().st_mtime), UTC),
        creator=naming.creator, project=told["project"], copyright=told["copyright"],
        origin=origin_of(clip, told["licence"] or carried.licence), name=name, category=category, carried=carried,
    )  # fmt: skip
    stems = _stems(name, path.stem, carried.ucs.get("CATID", ""), several)
    target = create(folder, stems, SUFFIXES[wanted.format], encode(delivered, tags))
    return outcome(path, target, delivered, tags, suggestions)


def _words(clip: "Clip") -> str:
    return "" if clip.recipe is None else clip.recipe.prompt


def _stems(name: "UcsName | None", stem: str, cat_id: str, several: bool) -> Iterator[str]:
    """Names to try, in order: those by UCS, or that of the file, which may be one by UCS of this CatID. Such names are
    numbered in their FXName, as a further underscore would part a further field."""
    if name is None:
        cat, *fields = stem.split("_")
        if cat == cat_id and len(fields) in FIELDS:
            fx, rest = fields[0], "_".join(fields[1:])
            return chain([stem], (f"{cat}_{fx} {number:02d}_{rest}" for number in count(2)))
        return chain([stem], (f"{stem}_{number}" for number in count(2)))
    return map(name.stem, count(1)) if several else chain([name.stem()], map(name.stem, count(2)))
