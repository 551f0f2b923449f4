"""Does pieces side by side, each in a process of one thread; what is done for this model and settings is kept."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing.process import BaseProcess
from types import ModuleType

import torch

from control_figures import bandwidth, commands, fill, hum, intensity, inversion, loops, reference, strength, transform
from control_figures.place import Piece, Place, Sizes, finish, is_done
from soundctm.errors import UserError

# in the order of the page; the reference has no section of its own
EXPERIMENTS: tuple[ModuleType, ...] = (
    intensity,
    strength,
    bandwidth,
    hum,
    fill,
    loops,
    inversion,
    transform,
    commands,
)
QUIET = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def all_pieces(sizes: Sizes, only: str = "") -> list[Piece]:
    """Every piece whose name holds ``only``; longest first. Raises UserError where there is none."""
    found = [one for module in (reference, *EXPERIMENTS) for one in module.pieces(sizes) if only in one.name]
    if not found:
        names = ", ".join(one.name for module in (reference, *EXPERIMENTS) for one in module.pieces(sizes))
        raise UserError(f"no experiment's name holds {only!r}; there are {names}")
    return sorted(found, key=lambda one: -one.cost)


def do(place: Place, name: str) -> float:
    """Do one piece in this process; returns what it took in seconds."""
    torch.set_num_threads(1)
    one = next(one for one in all_pieces(place.sizes) if one.name == name)
    begun = time.monotonic()
    figures = one.run(place)
    finish(place, one, figures, time.monotonic() - begun)
    return time.monotonic() - begun


def _begin() -> None:
    """A process ends at Ctrl-C without words, and with the one that started it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("pieces are done in processes of their own")

    def end_with(parent: BaseProcess) -> None:
        parent.join()
        os._exit(3)

    threading.Thread(target=end_with, args=(parent,), daemon=True).start()


def run(place: Place, pieces: Sequence[Piece], workers: int, again: bool = False) -> None:
    """Do every piece that is not done (or each ``again``). Raises what the first that fails has raised, after the
    others that had begun are finished and kept."""
    if workers < 1:
        raise UserError(f"--threads is {workers}; at least 1 is needed")
    todo = [one for one in pieces if again or not is_done(place, one)]
    print(f"{len(pieces) - len(todo)} of {len(pieces)} pieces are done already", flush=True)
    if not todo:
        return
    os.environ.update(QUIET)  # for the processes that begin now
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(todo)), mp_context=context, initializer=_begin) as pool:
        asked = {pool.submit(do, place, one.name): one for one in todo}
        try:
            _watch(asked)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _watch(asked: dict[Future[float], Piece]) -> None:
    """A line for every piece that ends."""
    for count, future in enumerate(as_completed(asked), 1):
        print(f"[{count}/{len(asked)}] {asked[future].name}: {future.result():.0f} s", flush=True)
