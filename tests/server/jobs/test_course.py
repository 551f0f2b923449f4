"""What a job goes through: its place, its progress, its end, whoever brings it about."""

import threading
from pathlib import Path

import numpy as np
import pytest

from soundctm import Clip, Recipe, SoundCTM
from soundctm.errors import UserError
from soundctm.performance import Performance, Tick
from soundctm.server.jobs import GenerateRequest, Job, Limits, QueueFull, RefineRequest, Workshop
from soundctm.server.library import Library, LibraryConflict, LibraryMiss
from soundctm.sources import Sources
from tests.server.jobs.makers import watched

LONG = GenerateRequest(prompt="rain", takes=200, steps=128, seed=1)
SHORT = GenerateRequest(prompt="a bell", takes=2, steps=1, seed=1)


def last(workshop: Workshop, job: Job) -> Job:
    """The job when it has ended."""
    *_, end = watched(workshop, job.id)
    return end


def test_who_watches_sees_every_step_once_and_then_the_end(workshop: Workshop) -> None:
    seen = list(watched(workshop, workshop.submit(GenerateRequest(prompt="rain", takes=3, steps=4)).id))
    assert [job.done for job in seen] == sorted(job.done for job in seen)
    assert {job.done for job in seen} >= {11, 12}
    assert [len(job.entries) for job in seen] == sorted(len(job.entries) for job in seen)
    assert [job.final for job in seen] == [False] * (len(seen) - 1) + [True]
    assert seen[-1].state == "done" and len(seen[-1].entries) == 3


def test_an_ended_job_is_known_by_its_record(workshop: Workshop, library: Library) -> None:
    ended = last(workshop, workshop.submit(SHORT))
    workshop.close()
    assert [job.state for job in watched(workshop, ended.id)] == ["done"]
    assert workshop.job(ended.id).entries == ended.entries
    assert library.job(ended.id).state == "done"
    with pytest.raises(LibraryMiss):
        workshop.job("0" * 32)


def test_a_cancelled_job_ends_within_a_step_and_others_go_on(workshop: Workshop, library: Library) -> None:
    """After the cancel no worker begins more than the step that it is at: a batch of its takes."""
    crew = workshop._workers.crew
    begun = threading.Event()
    job = workshop.submit(LONG, client="a")
    stop = workshop.listen(job.id, lambda now: begun.set() if now.done >= 3 else None)
    other = workshop.submit(GenerateRequest(prompt="a bell", takes=2, steps=8, seed=5), client="b")
    assert begun.wait(60)
    cancelled = workshop.cancel(job.id)
    assert cancelled.state == "cancelled"
    assert workshop.load.running <= max(1, crew.workers) * crew.width
    assert last(workshop, other).state == "done"
    stop()
    workshop.close()
    assert library.job(job.id).state == "cancelled"
    assert workshop.cancel(job.id).state == "cancelled"  # a second time changes nothing


def test_no_step_counts_after_a_cancel(workshop: Workshop) -> None:
    job = workshop.submit(LONG)
    steps: list[int] = []

    def watch(now: Job) -> None:
        steps.append(now.done)
        if now.done == 5:
            workshop.cancel(now.id)

    workshop.listen(job.id, watch)
    assert last(workshop, job).state == "cancelled"
    workshop.close()
    assert max(steps) == 5


def test_places_are_counted_while_jobs_wait(workshop: Workshop) -> None:
    first = workshop.submit(LONG)
    places = [workshop.submit(SHORT.model_copy(update={"steps": 128})) for _ in range(3)]
    assert [job.place for job in places] == [1, 2, 3]
    for job in (first, *places):
        workshop.cancel(job.id)


def test_a_job_of_more_takes_than_a_client_may_have_is_refused(model: SoundCTM, library: Library) -> None:
    with Workshop(model, library, Limits(queue=10)) as workshop:
        with pytest.raises(UserError, match="takes is 6; accepted are 1 to 5") as refused:
            workshop.submit(SHORT.model_copy(update={"takes": 6}))
        assert not isinstance(refused.value, QueueFull)  # it would be no use to come again
        assert library.jobs() == ()  # what was refused left nothing behind


def test_a_job_that_takes_too_long_fails(model: SoundCTM, library: Library) -> None:
    with Workshop(model, library, Limits(seconds=1.0)) as workshop:
        job = workshop.submit(LONG.model_copy(update={"seconds": 3.0}))
        end = last(workshop, job)
        assert end.state == "failed" and "longer than 1 s" in str(end.error)
        assert last(workshop, workshop.submit(SHORT)).state == "done"


def test_what_a_stop_interrupts_can_be_run_again(model: SoundCTM, library: Library) -> None:
    with Workshop(model, library) as workshop:
        job = workshop.submit(GenerateRequest(prompt="rain", takes=40, steps=20))
        news = watched(workshop, job.id)
        while not (now := next(news)).entries:
            pass
    assert library.job(job.id).state == "interrupted"
    with Workshop(model, library) as workshop:
        again = workshop.again(job.id)
        end = last(workshop, again)
    assert end.state == "done" and len(end.entries) == 40
    first = library.clip(now.entries[0])
    same = [library.clip(entry) for entry in end.entries]
    assert any(np.array_equal(clip.samples, first.samples) for clip in same)  # the seed was kept


def test_a_job_that_runs_is_not_run_again(workshop: Workshop) -> None:
    job = workshop.submit(LONG)
    with pytest.raises(LibraryConflict):
        workshop.again(job.id)


def test_a_stopped_workshop_takes_nothing_on(model: SoundCTM, library: Library) -> None:
    workshop = Workshop(model, library)
    workshop.close()
    workshop.close()
    with pytest.raises(LibraryConflict, match="being stopped"):
        workshop.submit(SHORT)


def test_a_library_that_cannot_be_written_fails_the_job_and_nothing_else(
    model: SoundCTM, library: Library, workshop: Workshop
) -> None:
    clips = library.folder / "clips"
    aside = clips.rename(library.folder / "aside")
    clips.write_text("a file where the folder was")
    end = last(workshop, workshop.submit(SHORT))
    assert end.state == "failed" and end.error
    clips.unlink()
    aside.rename(clips)
    assert last(workshop, workshop.submit(SHORT)).state == "done"


def test_an_ear_that_fails_fails_the_job_that_needs_it(model: SoundCTM, library: Library) -> None:
    def deaf(clip: Clip) -> np.ndarray:
        raise RuntimeError("no ears")

    with Workshop(model, library, embed=deaf) as workshop:
        audition = last(workshop, workshop.submit(SHORT))
        refined = last(workshop, workshop.submit(RefineRequest(clip=audition.entries[0], steps=2)))
    assert audition.state == "done"  # nobody asked how it sounds
    assert refined.state == "failed" and "no ears" in str(refined.error)


class Fragile(SoundCTM):
    """A model whose machine breaks down at some prompts."""

    def performance(self, recipe: Recipe, sources: Sources, tick: Tick) -> Performance:
        if recipe.prompt == "thunder":
            raise MemoryError("no memory left")
        return super().performance(recipe, sources, tick)


def test_a_take_that_breaks_down_takes_no_server_with_it(tiny_folder: Path, library: Library) -> None:
    with Workshop(Fragile.from_pretrained(tiny_folder), library) as workshop:
        broken = [workshop.submit(GenerateRequest(prompt="thunder", takes=3)) for _ in range(8)]
        for job in broken:
            end = last(workshop, job)
            assert end.state == "failed" and "no memory left" in str(end.error)
        assert last(workshop, workshop.submit(SHORT)).state == "done"


def test_a_take_that_breaks_down_takes_none_of_its_batch_with_it(tiny_folder: Path, library: Library) -> None:
    model = Fragile.from_pretrained(tiny_folder)
    with Workshop(model, library) as workshop:
        job = workshop.submit(GenerateRequest(prompt="rain", takes=16, steps=40, seed=1), client="a")
        steps = watched(workshop, job.id)
        while next(steps).done < 5:
            pass
        broken = workshop.submit(GenerateRequest(prompt="thunder", takes=3), client="b")
        seen = [now.done for now in steps]
        assert last(workshop, broken).state == "failed"
        end = last(workshop, job)
        assert end.state == "done" and end.done == end.total == 640 and seen == sorted(seen)
        clip = library.clip(end.entries[0])
        assert clip.recipe is not None
        (alone,) = model.replay([clip.recipe])
        assert np.allclose(alone.samples, clip.samples, atol=2**-23)


def test_the_load_adds_up(workshop: Workshop) -> None:
    assert last(workshop, workshop.submit(SHORT)).state == "done"
    workshop.cancel(workshop.submit(LONG).id)
    load = workshop.load
    assert load.takes >= 2 and load.sound == pytest.approx(load.takes * 1.0)
    assert load.ended["done"] == 1 and load.ended["cancelled"] == 1
    assert load.waiting == 0
