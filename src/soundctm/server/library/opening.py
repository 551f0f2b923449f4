"""How a library is opened: one program at a time, and with everything put right before it is used."""

from pathlib import Path

from sqlalchemy import URL, select, update

from soundctm.audio.io import write_atomically
from soundctm.errors import UserError
from soundctm.server.library.database import DRIVERS, Database, parse
from soundctm.server.library.entries import is_id
from soundctm.server.library.faults import LibraryFault, writing
from soundctm.server.library.files import Shelf
from soundctm.server.library.locks import Owner, alone
from soundctm.server.library.migrations import bring_up_to_date
from soundctm.server.library.recovery import Recovery, recover
from soundctm.server.library.schema import LibraryRow

DATABASE, IDENTITY, LOCK = "library.db", "library.id", "library.lock"


def opened(folder: Path, url: str | None) -> tuple[Database, Shelf, Owner, Recovery]:
    """The parts of an open library; nothing is left open when one of them fails."""
    folder = folder.absolute()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    shelf = Shelf(folder)
    database = _database(folder, url)
    try:
        with alone(folder / LOCK):
            shelf.prepare()
            database.check()
            with database.structure() as connection:
                bring_up_to_date(connection, str(database.where))
            _tie(database, folder)
            recovered = recover(database, shelf)
            return database, shelf, Owner(shelf.incoming), recovered
    except BaseException:
        database.close()
        raise


def _database(folder: Path, url: str | None) -> Database:
    if url is not None:
        return Database(parse(url), "restore it from a backup")
    return Database(
        URL.create(DRIVERS["sqlite"], database=str(folder / DATABASE)),
        f"move {DATABASE}, {DATABASE}-wal and {DATABASE}-shm out of {folder} and open it again: sounds are listed anew "
        "from their files (stars, tags and later names are lost)",
    )


def _tie(database: Database, folder: Path) -> None:
    """Database and folder carry one identity, so that neither is ever put right by another's contents. A database
    without a past takes over the folder's."""
    path = folder / IDENTITY
    with database.writing() as session:
        identity, serial = session.execute(select(LibraryRow.identity, LibraryRow.serial)).one()
        if path.exists():
            try:
                kept = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise LibraryFault(
                    f"{path} cannot be read; restore it, or remove it if the folder is the right one"
                ) from error
            if is_id(kept) and kept != identity and serial == 0:
                session.execute(update(LibraryRow).values(identity=kept))
            elif kept != identity:
                raise UserError(
                    f"the database {database.where} belongs to another folder than {folder}; give the folder that it "
                    f"was begun with, or remove {path} if this is its copy"
                )
            return
    write_atomically(path, lambda file: file.write(identity.encode()))
