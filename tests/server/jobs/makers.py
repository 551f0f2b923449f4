"""Jobs that nobody makes, for those who only decide about them; and the course of those that are made."""

import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from soundctm.audio import Recipe
from soundctm.server.jobs import Job, Workshop
from soundctm.server.jobs.job import Task, Ticket
from soundctm.server.jobs.orders import Order
from soundctm.server.library import JobRecord

NUMBERS = count()


def tickets(client: str, takes: int = 1, steps: int = 2, seconds: float = 5.0) -> list[Ticket]:
    """Takes of a new job."""
    recipes = tuple(
        Recipe(
            prompt="rain", seed=1, take=take, steps=steps, seconds=seconds, omega=3.0, nu=1.0, gamma=0.0, model="m",
            model_hash="0", sample_rate=8000, version="1",
        ) for take in range(takes)
    )  # fmt: skip
    record = JobRecord("0" * 32, datetime.now(UTC), "generate", {}, "queued", None, ())
    task = Task(record, Order(recipes, {}, (), "take"), client)
    return [Ticket(task, recipe, next(NUMBERS)) for recipe in recipes]


def watched(workshop: Workshop, identifier: str) -> Iterator[Job]:
    """The job now, and after each change until it has ended."""
    news: queue.SimpleQueue[Job] = queue.SimpleQueue()
    stop = workshop.listen(identifier, news.put)
    try:
        while True:
            job = news.get()
            yield job
            if job.final:
                return
    finally:
        stop()
