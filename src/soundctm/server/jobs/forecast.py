"""When a job's turn comes, and when it will be done."""

from collections import Counter
from collections.abc import Iterable

from soundctm.server.jobs.job import Job, Task
from soundctm.server.jobs.pace import Pace


def foreseen(task: Task, tasks: Iterable[Task], pace: Pace) -> Job:
    """What the world sees of a job among all ``tasks``, which come in the order in which they were asked for.

    It goes as :class:`soundctm.server.jobs.schedule.Schedule` says: jobs of the same client whose takes are less work,
    or as much and older, come first; other clients take turns with this one, so that each of them delays it by as much
    work as it has itself at most.
    """
    ahead, units, older = 0, task.total - task.done, True
    others: Counter[str] = Counter()
    earlier: set[str] = set()
    for other in tasks:
        if other is task:
            older = False
        elif other.ended:
            continue
        elif other.client != task.client:
            others[other.client] += other.total - other.done
            earlier |= {other.client} if older else set()
        elif other.weight < task.weight or (older and other.weight == task.weight):
            ahead += 1
            units += other.total - other.done
    shared = sum(min(left, units) for left in others.values())
    return task.job(ahead + len(earlier), pace.left(units + shared))
