"""Time along one call, by stage, without waiting for the device in between."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

STAGES = ("text", "sampler", "decoder")
REST = "rest"  # what is none of them


def synchronise(device: torch.device) -> None:
    """Wait until a device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


@dataclass(frozen=True)
class Timing:
    """Seconds of one call; the stages and the rest add up to ``total``."""

    total: float
    text: float
    sampler: float
    decoder: float

    @property
    def rest(self) -> float:
        """What belongs to no stage: checks, noise, clipping, the way to host memory."""
        return self.total - self.text - self.sampler - self.decoder


class Stopwatch:
    """Marks where stages end, on the device's own timeline.

    On a GPU a mark is an event among the work that was queued before it; a wait there would take away what the queue
    hides. The total runs from a synchronised start to a synchronised end by the clock on the wall. Where several
    threads work at once, a stage takes what it takes in the mean of them.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._marks: list[tuple[int, str, Any]] = []

    def _now(self) -> Any:
        if self.device.type == "cuda":
            event = torch.cuda.Event(enable_timing=True)
            event.record(torch.cuda.current_stream(self.device))
            return event
        if self.device.type == "mps":
            marker = torch.mps.event.Event(enable_timing=True)
            marker.record()
            return marker
        return time.perf_counter()

    def mark(self, ended: str) -> None:
        """What this thread did since its last mark was part of a stage, or of the rest."""
        self._marks.append((threading.get_ident(), ended, self._now()))

    def measure(self, call: Callable[[], object]) -> Timing:
        """Time a call that marks its stages."""
        self._marks = []
        synchronise(self.device)
        begin, start = time.perf_counter(), self._now()
        call()
        synchronise(self.device)
        return self._timing(time.perf_counter() - begin, start)

    def _timing(self, total: float, start: Any) -> Timing:
        spent, last = dict.fromkeys(STAGES, 0.0), dict[int, Any]()
        workers = set()
        for thread, ended, moment in self._marks:
            if ended in spent:
                spent[ended] += _between(last.get(thread, start), moment)
                workers.add(thread)
            last[thread] = moment
        return Timing(total, **{stage: seconds / max(1, len(workers)) for stage, seconds in spent.items()})


def _between(start: Any, end: Any) -> float:
    """Seconds between two marks."""
    return float(end - start if isinstance(start, float) else start.elapsed_time(end) / 1000)


@contextmanager
def marked(owner: object, method: str, watch: Stopwatch, before: str, stage: str) -> Iterator[None]:
    """Meanwhile every call of a method of this one object is marked: what came before it, and itself."""
    call, mine = getattr(owner, method), vars(owner)  # what an object holds itself goes before its class and submodules
    kept = {method: mine[method]} if method in mine else {}

    def timed(*inputs: Any, **options: Any) -> Any:
        watch.mark(before)
        out = call(*inputs, **options)
        watch.mark(stage)
        return out

    mine[method] = timed
    try:
        yield
    finally:
        del mine[method]
        mine.update(kept)
