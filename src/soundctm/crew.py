"""Who makes the takes: parallel threads of one core each, or the caller's thread with all cores."""

import atexit
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import torch

from soundctm.audio import Clip
from soundctm.lanes import Batcher, Lanes, Result
from soundctm.performance import Performance, Tick

SMALL = 100_000_000  # parameters below which the layers of a network do not fill several cores of a CPU
CPU_WIDTH, GPU_WIDTH = 4, 16  # rows from which on a batch brings little more
PAIR = 2  # takes of several steps to a worker: at every step all weights come from memory, for one row or for two
SECONDS = 240.0  # of sound that several workers decode at once: memory grows with it
AHEAD = 2  # takes for each that is being made, which may be finished before somebody asks for them

Make = Callable[[Tick], Performance]
News = Result | BaseException | None  # None: a unit of work is done


@dataclass(frozen=True)
class Crew:
    """``workers`` threads with one core each, or 0 for the caller's own thread with ``cores``; takes in each share
    batches of up to ``width``.

    Kernels of linear algebra round otherwise with another number of cores, so a model's takes are always made by the
    same kind of crew, one or a hundred. On a CPU a take is then to the last bit the same in any company; on a GPU,
    where kernels round by the size of a batch, to within rounding (:class:`soundctm.lanes.Batcher`).
    """

    workers: int
    width: int
    cores: int

    @classmethod
    def of(
        cls, parameters: int, device: torch.device, cores: int, takes: int, seconds: float = 0.0, steps: int = 1
    ) -> "Crew":
        """The crew for takes, 1 or more, of up to so many seconds and steps by a student of so many parameters."""
        if device.type != "cpu":
            return cls(0, min(takes, GPU_WIDTH), cores)
        if parameters > SMALL:
            return cls(0, 1, cores)
        wanted = takes if steps == 1 else max(min(takes, 2), -(-takes // PAIR))
        workers = min(wanted, cores, max(1, int(SECONDS / max(seconds, 1.0))))
        return cls(workers, min(CPU_WIDTH, -(-takes // workers)), 1)


class Stopped(Exception):
    """Nobody waits for the takes any more."""


class Source:
    """Hands out takes in their order, to whichever thread asks, and not many more than are asked for."""

    def __init__(self, makers: Sequence[Make], tick: Tick, ahead: int) -> None:
        self.makers: Sequence[Make] = makers
        self.tick, self.ahead = tick, ahead
        self.given = self.taken = 0
        self.stopped = False
        self._changed = threading.Condition()

    def pull(self, wait: bool) -> tuple[int, Callable[[], Performance]] | None:
        """The next take; None when there is none, or none yet and the caller has other work than to ``wait``."""
        with self._changed:
            while wait and not self.stopped and self.taken + self.ahead <= self.given < len(self.makers):
                self._changed.wait()
            if self.stopped or self.given >= min(len(self.makers), self.taken + self.ahead):
                return None
            self.given += 1
            return self.given - 1, partial(self.makers[self.given - 1], self.tick)

    def take(self) -> None:
        """Somebody has asked for one more."""
        with self._changed:
            self.taken += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out no more."""
        with self._changed:
            self.stopped = True
            self.makers = ()  # they hold the model, and a tick may hold this source
            self._changed.notify_all()


def perform(makers: Sequence[Make], crew: Crew, batcher: Batcher, tick: Tick) -> Iterator[Clip]:
    """The takes in their order, each as soon as it and those before it are made.

    ``tick()`` is called after every unit of work, in the caller's thread; where it raises, or the caller stops
    listening, all work ends with the step that it is at. What keeps a take from beginning is raised in its turn.
    """
    news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def tell() -> None:
        if source.stopped:
            raise Stopped
        news.put(None)

    ahead = AHEAD * max(1, crew.workers) * crew.width
    source = Source(makers, tell if crew.workers else tick, ahead)
    lanes = partial(Lanes, crew.width, crew.cores, batcher)
    results = _threaded(source, news, lanes, crew.workers, tick) if crew.workers else lanes().run(source.pull)
    waiting: dict[int, Clip | Exception] = {}
    turn = 0
    with closing(results):  # where this ends early, so do the threads, at once
        for number, made in results:
            waiting[number] = made
            while turn in waiting:
                due = waiting.pop(turn)
                if isinstance(due, Exception):
                    raise due
                source.take()
                turn += 1
                yield due


def _threaded(
    source: Source, news: "queue.SimpleQueue[News]", lanes: Callable[[], Lanes], workers: int, tick: Tick
) -> Generator[Result, None, None]:
    def work() -> None:
        try:
            for result in lanes().run(source.pull):
                news.put(result)
        except Stopped:
            return
        except BaseException as error:  # handed to the caller's thread, which raises it
            news.put(error)

    threads = [threading.Thread(target=work, name=f"take-{i}", daemon=True) for i in range(workers)]
    cores = torch.get_num_threads()

    def end() -> None:
        source.stop()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        torch.set_num_threads(cores)  # threads that begin later take the number that was said last, by whomever

    atexit.register(end)  # a thread that computes while the interpreter ends would abort it
    try:
        for thread in threads:
            thread.start()
        left = len(source.makers)
        while left:
            item = news.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                tick()
            else:
                left -= 1
                yield item
    finally:
        atexit.unregister(end)
        end()
