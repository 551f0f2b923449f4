"""How much a workshop takes on, and how much it has done."""

from collections.abc import Mapping
from dataclasses import dataclass

from soundctm.checks import within
from soundctm.errors import UserError
from soundctm.server.library import State

LONGEST_WAIT = 60.0  # seconds that a client is told to wait at most


class QueueFull(UserError):
    """Too many takes wait already, of all clients or of ``whose``; ask again in ``retry_after`` seconds."""

    def __init__(self, whose: str, waiting: int, most: int, retry_after: float) -> None:
        super().__init__(
            f"{waiting} takes {whose} wait already and at most {most} may; try again in {retry_after:.0f} s, or ask "
            "for fewer"
        )
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limits:
    """``queue`` takes may wait, half of them of one client, so that there is room for another; takes of a job may be
    made for ``seconds``, without the turns of others in between."""

    queue: int = 512
    seconds: float = 600.0

    def __post_init__(self) -> None:
        within("queue", self.queue, 1, 100_000, "takes that may wait")
        within("seconds", self.seconds, 1.0, 86_400.0, "a job may take")

    @property
    def share(self) -> int:
        """Takes of one client that may wait, and that a job may have."""
        return max(1, self.queue // 2)


@dataclass(frozen=True)
class Load:
    """What a workshop does and has done; ``ended`` counts jobs by how they ended, ``sound`` seconds that were made."""

    waiting: int
    running: int
    jobs: int
    takes: int
    sound: float
    ended: Mapping[State, int]
