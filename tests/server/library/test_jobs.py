"""Jobs: their states, their results, and what becomes of them when their program ends."""

from collections.abc import Callable

import pytest

from soundctm.errors import UserError
from soundctm.server.library import Library, LibraryConflict, LibraryMiss
from soundctm.server.library.jobs import STATES, UNFINISHED
from tests.server.library.makers import NOBODY, sound

REQUEST = {"prompt": "réin \x00 \ud800", "takes": 6, "omega": None, "targets": [{"points": [[0.0, -30.5]]}]}


def test_a_job_keeps_its_request_and_gathers_its_results(library: Library) -> None:
    job = library.save_job("generate", REQUEST)
    assert (job.kind, job.request, job.state, job.error, job.results) == ("generate", REQUEST, "queued", None, ())
    assert library.job(job.id) == job and library.update_job(job.id, "running").state == "running"
    made = [library.add(sound(i), kind="take", job=job.id) for i in range(3)]
    library.add(sound(9), kind="take")
    assert library.job(job.id).results == tuple(entry.id for entry in made) and made[0].job == job.id
    done = library.update_job(job.id, "done")
    assert done == library.job(job.id) and done.created == job.created and len(done.results) == 3
    assert library.update_job(library.save_job("refine", {}).id, "failed", "no\nroom").error == "no room"


def test_states_go_forward_only(opener: Callable[[], Library]) -> None:
    here, there = opener(), opener()
    allowed = {("queued", s) for s in STATES} | {("running", s) for s in STATES if s != "queued"}
    for before in STATES:
        for after in STATES:
            job = here.save_job("generate", {})
            here.update_job(job.id, before)
            if (before, after) in allowed:
                assert there.update_job(job.id, after).state == after == here.job(job.id).state
            else:
                with pytest.raises(LibraryConflict, match=before):
                    there.update_job(job.id, after)
                assert here.job(job.id).state == before


def test_jobs_are_listed_newest_first(library: Library) -> None:
    made = [library.save_job("generate", {"n": n}) for n in range(5)]
    library.update_job(made[1].id, "running")
    library.update_job(made[2].id, "cancelled")
    assert [job.request["n"] for job in library.jobs()] == [4, 3, 2, 1, 0]
    assert [job.request["n"] for job in library.jobs(UNFINISHED, limit=3)] == [4, 3, 1]
    assert library.jobs(["done"]) == ()
    for limit in (0, 501):
        with pytest.raises(UserError, match="limit"):
            library.jobs(limit=limit)


def test_what_is_no_job_is_refused(library: Library) -> None:
    loop: list[object] = []
    loop.append(loop)
    wrong = [{"x": float("nan")}, {"x": float("inf")}, {"x": object()}, {"x": "y" * 2**20}, {"x": loop}, {(1, 2): 3}]
    for request in wrong:
        with pytest.raises(UserError):
            library.save_job("generate", request)  # type: ignore[arg-type]
    for kind in ("", "a\nb", "x" * 41):
        with pytest.raises(UserError):
            library.save_job(kind, {})
    with pytest.raises(UserError):
        library.save_job("generate", {}, "../x")
    library.save_job("generate", {}, NOBODY)
    with pytest.raises(LibraryConflict):
        library.save_job("generate", {}, NOBODY)
    with pytest.raises(UserError, match="state"):
        library.update_job(NOBODY, "paused")  # type: ignore[arg-type]
    with pytest.raises(LibraryMiss):
        library.job("f" * 32)
    assert len(library.jobs()) == 1


def test_jobs_of_a_program_that_ended_are_interrupted_and_those_of_living_ones_are_not(
    opener: Callable[[], Library],
) -> None:
    ended, living = opener(), opener()
    queued, running, done, alive = (
        ended.save_job("generate", REQUEST), ended.save_job("generate", REQUEST), ended.save_job("generate", REQUEST),
        living.save_job("generate", REQUEST),
    )  # fmt: skip
    ended.update_job(running.id, "running")
    ended.update_job(done.id, "done")
    assert opener().recovered.interrupted == ()
    ended.close()
    third = opener()
    assert third.recovered.interrupted == (queued.id, running.id)
    assert [third.job(job.id).state for job in (queued, running, done, alive)] == [
        "interrupted", "interrupted", "done", "queued",
    ]  # fmt: skip
    again = third.job(running.id)
    assert again.error is not None and third.save_job(again.kind, again.request).request == REQUEST
    living.update_job(alive.id, "running")
