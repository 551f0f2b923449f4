"""Runs pieces side by side, each in a process of one thread; says what is done and what time is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reproduction.files import read_json
from reproduction.pieces import Piece, Place
from soundctm.errors import UserError

POLL = 0.2  # seconds
EVERY = 120.0  # seconds between lines while nothing ends
QUIET = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def minutes(seconds: float) -> str:
    """In words."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


@dataclass
class Schedule:
    """``workers`` processes at a time. What a child says goes to ``out/logs``; it ends when this process does, since it
    watches the pipe at its standard input."""

    place: Place
    pieces: Sequence[Piece]
    workers: int
    running: dict[str, tuple[subprocess.Popen[bytes], float]] = field(default_factory=dict)
    spoke: float = 0.0  # when a line was last printed

    def done(self, piece: Piece) -> bool:
        """Whether there is nothing left to do of it."""
        return self.place.finished(piece)

    def seconds_left(self) -> float:
        """From the pieces' costs, in proportion to what the finished ones took, over the workers."""
        finished = [piece for piece in self.pieces if self.done(piece)]
        taken = sum(read_json(self.place.done(piece.name))["seconds"] for piece in finished)
        ratio = taken / sum(piece.cost for piece in finished) if finished else 1.0
        left = 0.0
        for piece in self.pieces:
            if not self.done(piece):
                begun = self.running.get(piece.name)
                spent = time.monotonic() - begun[1] if begun else 0.0
                left += max(0.05 * ratio * piece.cost, ratio * piece.cost - spent)
        return left / self.workers

    def run(self) -> None:
        """Do every piece that is not done. Raises UserError when one fails; the others are ended, and what they have
        finished is kept."""
        previous = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        self.say(f"{sum(map(self.done, self.pieces))} of {len(self.pieces)} pieces are done already")
        try:
            while not all(map(self.done, self.pieces)):
                self._start_what_can()
                time.sleep(POLL)
                self._collect()
                if self.running and time.monotonic() - self.spoke > EVERY:
                    self.say(f"at work: {', '.join(self.running)}")
        finally:
            self._end_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def say(self, words: str) -> None:
        """One line, with the time left."""
        left = self.seconds_left()
        self.spoke = time.monotonic()
        print(f"{words}; about {minutes(left)} left" if left > 1 else words, flush=True)

    def _stop(self, signum: int, frame: object) -> None:
        raise UserError("interrupted; what is finished is kept, and the same command goes on")

    def _start_what_can(self) -> None:
        for piece in self.pieces:
            if len(self.running) >= self.workers:
                return
            ready = all(self.place.done(name).exists() for name in piece.needs)
            if ready and not self.done(piece) and piece.name not in self.running:
                self.running[piece.name] = (self._start(piece), time.monotonic())

    def _start(self, piece: Piece) -> subprocess.Popen[bytes]:
        entry = Path(__file__).resolve().parent.parent / "reproduce.py"
        logs = self.place.out / "logs"
        logs.mkdir(exist_ok=True)
        command = [sys.executable, str(entry), "--out", str(self.place.out), "--piece", piece.name]
        with (logs / f"{piece.name}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env={**os.environ, **QUIET},
                start_new_session=True,
            )  # fmt: skip

    def _collect(self) -> None:
        for name, (process, begun) in list(self.running.items()):
            if process.poll() is None:
                continue
            del self.running[name]
            if process.stdin is not None:
                process.stdin.close()
            if process.returncode or not self.place.done(name).exists():
                log = self.place.out / "logs" / f"{name}.log"
                lines = log.read_text(errors="replace").splitlines()
                raise UserError(f"{name} ended with code {process.returncode}: {lines[-1] if lines else ''}; see {log}")
            count = sum(map(self.done, self.pieces))
            self.say(f"[{count}/{len(self.pieces)}] {name}: {minutes(time.monotonic() - begun)}")

    def _end_all(self) -> None:
        for process, _ in self.running.values():
            process.terminate()
        for process, _ in self.running.values():
            try:
                process.wait(timeout=30)  # a training writes its checkpoint first
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
