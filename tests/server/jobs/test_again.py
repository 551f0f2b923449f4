"""A job that is run once more gives the same sounds, of whatever kind it is."""

import threading

import numpy as np
import pytest

from soundctm import Clip, SoundCTM
from soundctm.server.jobs import (
    FillRequest,
    GenerateRequest,
    Job,
    LoopRequest,
    MorphRequest,
    Request,
    Workshop,
)
from soundctm.server.library import Library, LibraryConflict
from tests.server.jobs.makers import watched

LONG = GenerateRequest(prompt="rain", takes=200, steps=128, seed=1)


def ended(workshop: Workshop, job: Job) -> Job:
    """The job, when it has ended well."""
    *_, last = watched(workshop, job.id)
    assert last.state == "done", last.error
    return last


def tone() -> Clip:
    x = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    return Clip(x.astype(np.float32)[None], 8000)


def assert_again_gives_the_same(workshop: Workshop, request: Request) -> None:
    library = workshop.library
    first = ended(workshop, workshop.submit(request))
    second = ended(workshop, workshop.again(first.id))
    assert second.id != first.id
    takes = [sorted(library.get(entry).digest for entry in job.entries) for job in (first, second)]
    assert takes[0] == takes[1]


def test_a_loop_of_a_recording_is_the_same_again(library: Library, workshop: Workshop) -> None:
    upload = library.add(tone(), kind="upload").id
    assert_again_gives_the_same(workshop, LoopRequest(clip=upload, seam=0.2, steps=2))
    assert_again_gives_the_same(workshop, FillRequest(clip=upload, start=0.2, end=0.5, steps=2))


def test_loops_and_morphs_of_takes_are_the_same_again(library: Library, workshop: Workshop) -> None:
    a, b = (ended(workshop, workshop.submit(GenerateRequest(prompt=p, takes=1))).entries[0] for p in ("rain", "a bell"))
    assert_again_gives_the_same(workshop, LoopRequest(clip=a, steps=2))
    assert_again_gives_the_same(workshop, LoopRequest(clip=a, steps=2, seam=0.2, prompt="wind"))
    for amount in (0.0, 0.5):
        assert_again_gives_the_same(workshop, MorphRequest(clip=a, other=b, amount=amount, steps=2))


def test_a_cancelled_job_is_run_again_at_once(model: SoundCTM, library: Library) -> None:
    """Though the library has not heard of its end: the thread that tells it is busy."""
    listening = threading.Event()

    def slow(clip: Clip) -> None:
        listening.wait(60)

    with Workshop(model, library, embed=slow) as workshop:
        workshop.submit(GenerateRequest(prompt="a bell", takes=1))
        job = workshop.submit(LONG)
        workshop.cancel(job.id)
        again = workshop.again(job.id)
        assert again.request == job.request and again.id != job.id
        listening.set()


@pytest.mark.parametrize(("kind", "request_"), [("dance", {}), ("generate", {"prompt": 3}), ("refine", {"deep": 1})])
def test_a_job_of_another_version_is_refused_in_words(
    library: Library, workshop: Workshop, kind: str, request_: dict[str, object]
) -> None:
    record = library.save_job(kind, request_)
    library.update_job(record.id, "failed", "no reason")
    with pytest.raises(LibraryConflict, match="another version"):
        workshop.again(record.id)
