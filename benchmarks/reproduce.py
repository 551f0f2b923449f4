"""The paper's ablations on the embedded model: `python benchmarks/reproduce.py --out runs/reproduce --threads 3`.

Run it again after an interruption: what is finished is kept. See docs/reproduction.md, which it writes.
"""

import argparse
import fcntl
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from reproduction import page, results
from reproduction.pieces import Place, all_pieces, do
from reproduction.schedule import Schedule
from reproduction.settings import read_settings, settings_for, settle

from soundctm.errors import UserError

DOCS = Path(__file__).resolve().parent.parent / "docs"


def end_with_parent() -> None:
    """End this process when the one at the other end of its standard input ends, however it does."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


def one_piece(out: Path, name: str) -> None:
    """Do one piece in this process, on one thread."""
    end_with_parent()
    torch.set_num_threads(1)
    settings = read_settings(out)
    do(Place(out, settings), next(piece for piece in all_pieces(settings) if piece.name == name))


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Two runs in one folder would write over each other."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another run is at work in {out}; wait for it, or choose another --out") from error
        yield


def everything(out: Path, model: str, scale: float, threads: int, docs: Path) -> None:
    """All pieces, then the figures, the picture and the page."""
    if threads < 1:
        raise UserError(f"--threads is {threads}; at least 1 is needed")
    with alone(out):
        place = Place(out, settle(out, settings_for(model, scale)))
        Schedule(place, all_pieces(place.settings), threads).run()
        figures = results.collect(place)
        for path in (*results.save(figures, out, docs), *page.write(figures, docs)):
            print(f"wrote {path}")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/reproduce"))
    parser.add_argument("--model", default="mini", help="a model with its teacher: a name or a folder")
    parser.add_argument("--threads", type=int, default=3, help="pieces at a time, each on one thread")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies clips, training steps and takes")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and its picture go")
    parser.add_argument("--piece", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        if arguments.piece:
            one_piece(arguments.out, arguments.piece)
        else:
            everything(arguments.out, arguments.model, arguments.scale, arguments.threads, arguments.docs)
    except (UserError, InterruptedError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
