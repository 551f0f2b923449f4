"""Who makes the takes: parallel threads of one core each, or the caller's thread with all cores."""

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from soundctm.engines.threads import threads
from soundctm.lanes import Batcher, Pull, Result, work_through
from soundctm.performance import Performance, Tick

SMALL = 100_000_000  # parameters below which the layers of a network do not fill several cores of a CPU
CPU_WIDTH, GPU_WIDTH = 4, 16  # rows from which on a batch brings little more


@dataclass(frozen=True)
class Crew:
    """``workers`` threads with one core each, or 0 for the caller's own thread with all of its cores; takes in each
    share batches of up to ``width``.

    Kernels of linear algebra round otherwise with another number of cores, so a model's takes are always made by the
    same kind of crew, one or a hundred.
    """

    workers: int
    width: int

    @classmethod
    def of(cls, parameters: int, device: torch.device, takes: int) -> "Crew":
        """The crew for a student of so many parameters."""
        if device.type != "cpu":
            return cls(0, min(takes, GPU_WIDTH))
        if parameters > SMALL:
            return cls(0, 1)
        workers = min(takes, torch.get_num_threads())
        return cls(workers, min(CPU_WIDTH, -(-takes // workers)))


class Stopped(Exception):
    """Nobody waits for the takes any more."""


def perform(performances: Sequence[Performance], crew: Crew, batcher: Batcher, tick: Tick) -> Iterator[np.ndarray]:
    """Samples ``[1, length]`` of the takes in their order, each as soon as it and those before it are made.

    ``tick()`` is called after every unit of work, in the caller's thread; where it raises, or the caller stops
    listening, all work ends with the step that it is at.
    """
    results = (
        _threaded(performances, crew, batcher, tick) if crew.workers else _inline(performances, crew, batcher, tick)
    )
    waiting: dict[int, np.ndarray] = {}
    turn = 0
    for number, samples in results:
        waiting[number] = samples
        while turn in waiting:
            yield waiting.pop(turn)
            turn += 1


def _source(performances: Sequence[Performance]) -> Pull:
    """Hands out takes one by one, to whichever thread asks."""
    left, lock = deque(enumerate(performances)), threading.Lock()

    def pull() -> tuple[int, Performance] | None:
        with lock:
            return left.popleft() if left else None

    return pull


def _inline(performances: Sequence[Performance], crew: Crew, batcher: Batcher, tick: Tick) -> Iterator[Result]:
    for performance in performances:
        performance.tick = tick
    with torch.no_grad():
        yield from work_through(_source(performances), crew.width, batcher)


def _threaded(performances: Sequence[Performance], crew: Crew, batcher: Batcher, tick: Tick) -> Iterator[Result]:
    news: queue.SimpleQueue[Result | Exception | None] = queue.SimpleQueue()  # None: a unit of work is done
    stop = threading.Event()

    def tell() -> None:
        if stop.is_set():
            raise Stopped
        news.put(None)

    def work(pull: Pull) -> None:
        try:
            with torch.no_grad(), threads(1):
                for result in work_through(pull, crew.width, batcher):
                    news.put(result)
        except Stopped:
            return
        except Exception as error:  # handed to the caller's thread, which raises it
            news.put(error)

    for performance in performances:
        performance.tick = tell
    pull = _source(performances)
    workers = [threading.Thread(target=work, args=(pull,), name=f"take-{i}", daemon=True) for i in range(crew.workers)]
    for thread in workers:
        thread.start()
    left = len(performances)
    try:
        while left:
            item = news.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                tick()
            else:
                left -= 1
                yield item
    finally:
        stop.set()
        for thread in workers:
            thread.join()
