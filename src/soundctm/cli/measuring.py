"""Progress of what measures times, which must not take any."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

A_DAY = 86_400.0  # seconds over which the speed is estimated: all of them


@contextmanager
def measuring() -> Iterator[Callable[[str, float, float], None]]:
    """A bar on stderr with the time left, on a terminal. It moves between calls only: a thread that draws would take
    time from what is measured."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda label, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, auto_refresh=False, speed_estimate_period=A_DAY) as bar:
        task = bar.add_task("", total=None)

        def tell(label: str, done: float, total: float) -> None:
            bar.update(task, description=label, completed=done, total=total, refresh=True)

        yield tell
