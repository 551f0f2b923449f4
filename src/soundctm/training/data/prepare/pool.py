"""Work spread over processes, results in order, never more than a window of it in memory."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def _begin_worker() -> None:
    """Leave Ctrl+C to the parent; end when it ends, however that happens; keep decoders' remarks off the screen."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what matters comes back as a result or an exception
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class OrderedPool(Generic[Task, Result]):
    """Maps tasks to results in order. ``work`` must be importable; ``crashed`` is the result of a task that takes its
    process down with it. One worker works in this process, where such a task ends everything."""

    def __init__(self, work: Callable[[Task], Result], workers: int, crashed: Result) -> None:
        if workers < 1:
            raise ValueError(f"OrderedPool: {workers} workers; at least 1 is needed")
        self.work, self.workers, self.crashed = work, workers, crashed
        self.executor: ProcessPoolExecutor | None = None

    def map(self, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
        """Each task with its result. Tasks are taken from the iterable as room becomes free."""
        if self.workers == 1:
            yield from ((task, self.work(task)) for task in tasks)
            return
        waiting: deque[tuple[Task, Future[Result]]] = deque()
        try:
            for task in tasks:
                waiting.append((task, self._submit(task)))
                if len(waiting) >= 3 * self.workers:
                    yield self._next(waiting)
            while waiting:
                yield self._next(waiting)
        finally:
            self._close()

    def _submit(self, task: Task) -> "Future[Result]":
        try:
            return self._pool().submit(self.work, task)
        except BrokenProcessPool as error:  # met again, and dealt with, when this task's turn comes
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    def _pool(self, workers: int | None = None) -> ProcessPoolExecutor:
        if self.executor is None:
            context = multiprocessing.get_context("spawn")
            self.executor = ProcessPoolExecutor(workers or self.workers, context, _begin_worker)
        return self.executor

    def _next(self, waiting: "deque[tuple[Task, Future[Result]]]") -> tuple[Task, Result]:
        task, future = waiting.popleft()
        try:
            return task, future.result()
        except BrokenProcessPool:
            result = self._alone(task)
            rest = [other for other, _ in waiting]
            waiting.clear()
            waiting.extend((other, self._submit(other)) for other in rest)
            return task, result

    def _alone(self, task: Task) -> Result:
        """Which of the tasks under way was it? Each is tried in a process of its own when its turn comes."""
        self._close()
        try:
            return self._pool(workers=1).submit(self.work, task).result()
        except BrokenProcessPool:
            return self.crashed
        finally:
            self._close()

    def _close(self) -> None:
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
            self.executor = None
