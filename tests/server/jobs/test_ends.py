"""What must not go wrong at the end of a job: listeners that fail, a library that is ill, a server that stops."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from soundctm import Clip, SoundCTM, crew
from soundctm.errors import UserError
from soundctm.server.jobs import GenerateRequest, Job, LoopRequest, VaryRequest, Workshop
from soundctm.server.library import JobRecord, Library, LibraryFault, State
from tests.server.jobs.makers import watched

LONG = GenerateRequest(prompt="rain", takes=200, steps=128, seed=1)
SHORT = GenerateRequest(prompt="a bell", takes=2, steps=2, seed=1)


def last(workshop: Workshop, job: Job) -> Job:
    """The job when it has ended."""
    *_, end = watched(workshop, job.id)
    return end


def test_a_listener_that_fails_harms_nobody(workshop: Workshop) -> None:
    def fail(job: Job) -> None:
        if job.state == "running":
            raise RuntimeError("no ears")

    job = workshop.submit(GenerateRequest(prompt="rain", takes=4, steps=30))
    workshop.listen(job.id, fail)
    assert last(workshop, job).state == "done"
    assert last(workshop, workshop.submit(SHORT)).state == "done"
    assert workshop.load.running == 0


def test_nobody_hears_of_a_job_after_its_end(workshop: Workshop) -> None:
    """Though one listener ends it while all are being told."""
    heard: list[str] = []

    def end(now: Job) -> None:
        if now.done == 3:
            workshop.cancel(now.id)

    job = workshop.submit(LONG)
    workshop.listen(job.id, end)
    workshop.listen(job.id, lambda now: heard.append(now.state))
    assert last(workshop, job).state == "cancelled"
    workshop.close()
    assert heard.count("cancelled") == 1 and heard[-1] == "cancelled"


def test_who_ends_a_job_when_first_told_hears_of_the_end(workshop: Workshop) -> None:
    heard: list[str] = []

    def end(now: Job) -> None:
        heard.append(now.state)
        workshop.cancel(now.id)

    workshop.listen(workshop.submit(LONG).id, end)
    assert heard[-1] == "cancelled" and len(heard) == 2


class Ill(Library):
    """A library that cannot write how jobs are, while ``ill``; and where new jobs ``wait``."""

    ill = False
    wait: Callable[[], None] | None = None

    def update_job(self, identifier: str, state: State, error: str | None = None) -> JobRecord:
        if self.ill:
            raise LibraryFault("the disk is full; free some space and try again")
        return super().update_job(identifier, state, error)

    def save_job(self, kind: str, request: Mapping[str, Any], identifier: str | None = None) -> JobRecord:
        record = super().save_job(kind, request, identifier)
        if self.wait is not None:
            self.wait()
        return record


def until(met: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    patience = time.monotonic() + 60
    while not met():
        assert time.monotonic() < patience
        time.sleep(0.001)


def test_an_end_that_could_not_be_written_is_written_later(model: SoundCTM, tmp_path: Path) -> None:
    with Ill.open(tmp_path / "library") as library, Workshop(model, library) as workshop:
        assert isinstance(library, Ill)
        library.ill = True
        job = last(workshop, workshop.submit(SHORT))
        assert job.state == "done" and workshop.job(job.id).state == "done"
        assert workshop.job_of(library.job(job.id)).state == "done" != library.job(job.id).state
        assert workshop.load.jobs == 0
        library.ill = False
        second = last(workshop, workshop.submit(SHORT))
        workshop.close()
        assert [library.job(each.id).state for each in (job, second)] == ["done", "done"]
        assert workshop._tasks == {}


def test_a_job_that_comes_while_the_workshop_closes_is_interrupted(model: SoundCTM, tmp_path: Path) -> None:
    with Ill.open(tmp_path / "library") as library:
        assert isinstance(library, Ill)
        workshop, came = Workshop(model, library), threading.Event()

        def wait() -> None:
            came.set()
            until(lambda: workshop._room.closed)

        library.wait = wait
        client = threading.Thread(target=workshop.submit, args=(SHORT,))
        client.start()
        assert came.wait(60)
        workshop.close()
        client.join()
        (job,) = library.jobs()
        assert job.state == "interrupted"


def test_what_waits_between_jobs_is_not_taken_for_work(workshop: Workshop) -> None:
    pauses = 0.0
    workshop._pace.clock = lambda: time.monotonic() + pauses
    for _ in range(3):
        assert last(workshop, workshop.submit(SHORT)).state == "done"
        pauses += 10_000.0
    assert workshop._pace.seconds is not None and workshop._pace.seconds < 60.0


def test_a_loop_of_a_take_keeps_its_own_seed(workshop: Workshop) -> None:
    (take,) = last(workshop, workshop.submit(GenerateRequest(prompt="rain", takes=1))).entries
    with pytest.raises(UserError, match="its own seed"):
        workshop.submit(LoopRequest(clip=take, seed=3))


def test_a_model_too_large_for_a_crew_makes_one_take_at_a_time(
    tiny_folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "SMALL", 1)  # parameters
    with Workshop(SoundCTM.from_pretrained(tiny_folder), library) as workshop:
        assert (workshop._workers.crew.workers, workshop._workers.crew.width) == (0, 1)
        long = workshop.submit(LONG, client="a")
        seen = list(watched(workshop, workshop.submit(SHORT, client="b").id))
        assert seen[-1].state == "done" and workshop.load.running <= 1
        assert workshop.cancel(long.id).state == "cancelled"
        assert last(workshop, workshop.submit(SHORT)).state == "done"


def test_who_waits_is_told_when_its_place_changes(workshop: Workshop) -> None:
    first, second, third = (workshop.submit(LONG.model_copy(update={"takes": 30})) for _ in range(3))
    seen: list[int | None] = []
    workshop.listen(third.id, lambda now: seen.append(now.place))
    workshop.cancel(second.id)
    workshop.cancel(first.id)
    assert seen[:3] == [2, 1, 0]


def test_takes_that_wait_for_the_disk_do_not_fill_the_memory(model: SoundCTM, library: Library) -> None:
    listening = threading.Event()

    def slow(clip: Clip) -> None:
        listening.wait(60)

    take = library.add(model.generate("rain")[0], kind="take").id
    with Workshop(model, library, embed=slow) as workshop:
        takes = int(crew.SECONDS) + 10  # of a second each
        job = workshop.submit(VaryRequest(clip=take, takes=takes, steps=2))
        until(lambda: workshop.load.running > 0 and workshop._schedule._idle == len(workshop._workers._threads))
        assert (workshop.load.running, workshop.load.waiting) == (takes - 10, 10)
        workshop.cancel(job.id)
        listening.set()
        assert last(workshop, workshop.submit(SHORT)).state == "done"
        assert workshop.load.running == 0
