"""Which kind of source a path is."""

from pathlib import Path

from soundctm.errors import UserError
from soundctm.training.data.prepare.folders import Esc10Source, Esc50Source, SidecarSource, check_folder
from soundctm.training.data.prepare.items import Source
from soundctm.training.data.prepare.settings import FOLDS, FORMATS, Format, SourceOptions
from soundctm.training.data.prepare.tables import (
    AUDIOCAPS_COLUMNS,
    FILE_COLUMNS,
    TABLE_SUFFIXES,
    AudioCapsSource,
    TableSource,
    columns_of,
)
from soundctm.training.data.prepare.tars import TAR_SUFFIXES, TarSource
from soundctm.training.data.recordings import ESC10_CLASSES

ACCEPTED = (
    "accepted are a CSV, TSV or JSONL of files and captions, a folder of sounds with captions beside them "
    "(x.wav + x.txt), ESC-50, ESC-10, and tar shards; name the format with --format "
    f"({', '.join(FORMATS)}) to see what it lacks"
)


def detect(path: Path) -> Format:
    """The format of a source, by its name and what is in it."""
    if not path.exists():
        raise UserError(f"no such file or folder: {path}; {ACCEPTED}")
    if path.is_file():
        if path.name.lower().endswith(TAR_SUFFIXES):
            return "tar"
        if path.suffix.lower() in TABLE_SUFFIXES:
            columns = columns_of(path)
            named = columns >= AUDIOCAPS_COLUMNS and not columns & set(FILE_COLUMNS)
            return "audiocaps" if named else "table"
        raise UserError(f"cannot tell what {path} is; {ACCEPTED}")
    check_folder(path)
    if (path / "meta" / "esc50.csv").is_file():
        return "esc50"
    if any((path / label).is_dir() for label in ESC10_CLASSES):
        return "esc10"
    if any(child.name.endswith(TAR_SUFFIXES) for child in path.iterdir()):
        return "tar"
    if SidecarSource(path, "").has_captions():
        return "sidecar"
    tables = sorted(child.name for child in path.iterdir() if child.suffix.lower() in TABLE_SUFFIXES)
    if tables:
        raise UserError(f"{path} holds no captions beside sounds, but a table: give {path / tables[0]}")
    raise UserError(f"cannot tell what {path} is; {ACCEPTED}")


def open_source(path: Path, options: SourceOptions) -> Source:
    """The source at a path, of the given format or the one that fits.

    Raises :class:`UserError` when none fits, or when an option means nothing for it.
    """
    kind = options.format or detect(path)
    if not path.exists():
        raise UserError(f"no such file or folder: {path}; {ACCEPTED}")
    _check_options(kind, options)
    if kind in ("table", "audiocaps"):
        audio = path.parent if options.audio is None else options.audio
        check_folder(audio)
        return (TableSource if kind == "table" else AudioCapsSource)(path, audio, options.licence)
    if kind == "tar":
        return TarSource(path, options.licence)
    check_folder(path)
    if kind == "sidecar":
        return SidecarSource(path, options.licence)
    if kind == "esc10":
        return Esc10Source(path, options.folds)
    if not (path / "meta" / "esc50.csv").is_file():
        raise UserError(f"{path} has no meta/esc50.csv; give the folder of ESC-50 as it is distributed")
    return Esc50Source(path, options.esc10, options.folds)


def _check_options(kind: Format, options: SourceOptions) -> None:
    """An option that would change nothing is an error: its author expects otherwise."""
    if options.audio is not None and kind not in ("table", "audiocaps"):
        raise UserError(f"--audio is for tables, and this source is of the format {kind}; leave it out")
    if options.esc10 and kind != "esc50":
        raise UserError(f"--esc10 selects from ESC-50, and this source is of the format {kind}; leave it out")
    if options.folds and kind not in ("esc50", "esc10"):
        raise UserError(f"--folds selects from ESC-50 and ESC-10, and this source is {kind}; leave it out")
    if not options.folds <= FOLDS:
        raise UserError(f"folds are 1 to 5, got {', '.join(map(str, sorted(options.folds)))}")
