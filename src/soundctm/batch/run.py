"""The run: takes of many rows in one stream, heard, judged, written, and each noted in the journal."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch

from soundctm.audio import Clip
from soundctm.audio.recipe import Turn
from soundctm.batch.contact import contact_sheet
from soundctm.batch.course import Candidate, Course
from soundctm.batch.ear import Ear, Heard
from soundctm.batch.journal import Entry, as_text
from soundctm.batch.order import Order
from soundctm.batch.outlet import Outlet, loudness_figures
from soundctm.batch.place import REPORT, SHEET, Owner, Place
from soundctm.batch.report import Result, report_of, results_of
from soundctm.batch.tally import Tally
from soundctm.delivery.process import Delivered
from soundctm.engines.threads import threads
from soundctm.model import SoundCTM
from soundctm.performance import StepCallback
from soundctm.sources import Sources

AT_ONCE = 240.0  # seconds of sound that wait to be judged or written at most, but for two takes


@dataclass(frozen=True)
class Trial:
    """A candidate of a row; ``known`` is what came of it in an earlier run."""

    course: Course
    candidate: Candidate
    known: Entry | None


@dataclass(frozen=True)
class Listened:
    """A take with its figures, as it is to be delivered, or why it cannot be."""

    clip: Clip
    heard: Heard
    brought: Delivered | str


@dataclass(frozen=True)
class Outcome:
    """What came of every take, and the files that were ``removed`` because no row makes them any more. Of the kept
    takes, ``added`` were written where there was no file, ``changed`` over an older one; the others are as they were.
    ``notes`` are what whoever wrote the sheet should know."""

    results: list[Result]
    removed: tuple[str, ...]
    added: int
    changed: int
    notes: tuple[str, ...] = ()


@dataclass
class Run:
    """Makes what is ordered into a place that it holds alone, and goes on where an earlier run was cut off."""

    model: SoundCTM
    outlet: Outlet
    callback: StepCallback | None = None
    sources: Sources | None = None
    cores: int = field(default_factory=torch.get_num_threads)
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.tally = Tally(self.callback)

    @property
    def place(self) -> Place:
        return self.outlet.place

    def __call__(self, orders: Sequence[Order], owner: Owner, remove: bool = False) -> Outcome:
        """Make all takes of the sheet or set of this owner, then the report and the contact sheet; what no row makes
        any more is removed, though it be more than half where ``remove`` says so."""
        files = {order.key: [name for slot in range(order.row.takes) for name in order.files(slot)] for order in orders}
        self.place.claim(owner, files, remove)
        courses = [Course(order) for order in orders]
        while trials := [trial for course in courses for trial in self._trials(course)]:
            self._round(trials, sum(course.waiting * course.order.row.steps for course in courses))
        self.tally.end()
        results = [each for course in courses for each in results_of(course, self.place.journal, self.model)]
        removed = self.place.keep_only(name for result in results for name in result.files)
        self.place.write(REPORT, report_of(results))
        self.place.write(SHEET, contact_sheet(orders, results))
        sounds = {result.files[0] for result in results if result.kept}
        return Outcome(results, removed, len(sounds & self.place.added), len(sounds & self.place.changed))

    def _trials(self, course: Course) -> Iterator[Trial]:
        for candidate in course.next():
            known = self.place.journal.entries.get((course.order.key, candidate.slot, candidate.attempt))
            yield Trial(course, candidate, known if known and self.place.intact(known.files) else None)

    def _round(self, trials: Sequence[Trial], later: int) -> None:
        """One try at every take that is not settled, in the order of the sheet; ``later`` are the steps of takes that
        wait for others."""
        new = [trial for trial in trials if trial.known is None]
        with pooled(self.cores) as pool, closing(self._heard(new, pool, later)) as heard:
            writing: deque[Future[Entry]] = deque()
            for trial in trials:
                if trial.known is not None:
                    trial.course.settle(trial.candidate, trial.known.reason, trial.known.vector, trial.known.audition)
                    continue
                writing.append(self._judged(trial, next(heard), pool))
                while writing and (writing[0].done() or len(writing) > self._room(new)):
                    self.place.journal.add(writing.popleft().result())
            for each in writing:
                self.place.journal.add(each.result())

    def _room(self, trials: Sequence[Trial]) -> int:
        longest = max((trial.candidate.recipe.seconds for trial in trials), default=1.0)
        return max(2, min(4 * self.cores, int(AT_ONCE / longest)))

    def _heard(self, trials: Sequence[Trial], pool: ThreadPoolExecutor, later: int) -> Generator[Listened, None, None]:
        """The takes in their order, each listened to while others are being made."""
        ear = Ear(self.model)
        waiting: deque[Future[Listened]] = deque()
        recipes = [trial.candidate.recipe for trial in trials]
        with closing(self.model.replay(recipes, self.tally.round(recipes, later), self.sources)) as clips:  # type: ignore[type-var]
            for trial, clip in zip(trials, clips, strict=True):
                waiting.append(pool.submit(self._listen, ear, trial, clip))
                while len(waiting) > self._room(trials):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _listen(self, ear: Ear, trial: Trial, clip: Clip) -> Listened:
        with threads(1):
            return Listened(clip, ear(clip), self.outlet.bring(clip, trial.course.order))

    def _judged(self, trial: Trial, listened: Listened, pool: ThreadPoolExecutor) -> "Future[Entry]":
        """Settle a take, and let its files be written if it is kept."""
        brought, heard, recipe = listened.brought, listened.heard, trial.candidate.recipe
        audition = None if listened.clip.recipe is None else listened.clip.recipe.audition
        turn = recipe.turns[-1] if recipe.turns else Turn(variation=recipe.variation, share=0.0)
        undelivered = brought if isinstance(brought, str) else ""
        judgement = trial.course.judge(trial.candidate.slot, heard, undelivered)
        trial.course.settle(trial.candidate, judgement.reason, heard.embedding, audition)
        self.tally.note(again=trial.course.unsettled(trial.candidate.slot))
        figures = {
            "steps": recipe.steps, "loudest": heard.loudest, "clipped": heard.clipped, "dc": heard.dc,
            "seconds": heard.seconds, "match": heard.match, "nearest": judgement.nearest, "to_first": judgement.first,
            **(loudness_figures(brought) if isinstance(brought, Delivered) and not judgement.reason else {}),
        }  # fmt: skip
        entry = partial(
            Entry, trial.course.order.key, trial.candidate.slot, trial.candidate.attempt, recipe.seed,
            audition, turn.variation, turn.share, judgement.reason, figures, as_text(heard.embedding),
        )  # fmt: skip
        return pool.submit(self._written, entry, trial, None if judgement.reason else brought)

    def _written(
        self, entry: Callable[[Mapping[str, str]], Entry], trial: Trial, brought: Delivered | str | None
    ) -> Entry:
        if not isinstance(brought, Delivered):
            return entry({})
        with threads(1):
            return entry(self.outlet.write(brought, trial.course.order, trial.candidate.slot))


@contextmanager
def pooled(count: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads that listen and write; what has not begun when the run is stopped never begins."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="batch")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
