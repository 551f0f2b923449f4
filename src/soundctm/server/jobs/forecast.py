"""When a job's turn comes, and when it will be done."""

from collections import defaultdict
from collections.abc import Iterable

from soundctm.crew import SECONDS
from soundctm.server.jobs.job import Job, Task
from soundctm.server.jobs.pace import Pace


def foreseen(task: Task, tasks: Iterable[Task], pace: Pace, share: float = SECONDS / 2) -> Job:
    """What the world sees of a job among all ``tasks``, which come in the order in which they were asked for.

    It goes as :class:`soundctm.server.jobs.schedule.Schedule` says: jobs of the same client whose takes are less work,
    or as much and older, come first. Other clients take turns with this one, and takes longer than ``share`` are made
    beside short ones, so that each of those delays it by as much as it has to do itself at most.
    """
    ahead, mine, older = 0, task.amount, True
    beside: defaultdict[str, float] = defaultdict(float)  # by client
    earlier: set[str] = set()
    for other in tasks:
        if other is task:
            older = False
        elif other.ended:
            continue
        elif other.client != task.client:
            beside[other.client] += other.amount
            earlier |= {other.client} if older else set()
        elif other.seconds > share >= task.seconds:
            beside[other.client] += other.amount
        elif other.weight < task.weight or (older and other.weight == task.weight):
            ahead += 1
            mine += other.amount
    shared = sum(min(left, mine) for left in beside.values())
    return task.job(ahead + len(earlier), pace.left(mine + shared))
