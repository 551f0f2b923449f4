"""A batch in a process of its own, which is killed."""

import multiprocessing
import os
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from soundctm.model import SoundCTM
from tests.batch.sheets import make

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.batch.killed"])


def _make(model: Path, sheet: str, out: Path) -> None:
    torch.set_num_threads(1)
    make(SoundCTM.from_pretrained(model), sheet, out)


def begin(model: Path, sheet: str, out: Path) -> BaseProcess:
    """Begin a batch; the process ends with code 0 when it is done."""
    process = _CONTEXT.Process(target=_make, args=(model, sheet, out), daemon=True)
    process.start()
    return process


def killed(model: Path, sheet: str, out: Path, journal: Path, lines: int) -> bool:
    """Begin a batch and kill it when it has noted so many things; False where it was over before."""
    before = _lines(journal)
    process = begin(model, sheet, out)
    while process.is_alive():
        if _lines(journal) >= before + lines:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            return process.exitcode == -signal.SIGKILL
        time.sleep(0.001)
    return False


def _lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0
