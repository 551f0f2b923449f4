"""Jobs by HTTP: taken on, watched, ended."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soundctm.server.jobs import EDITS, Limits
from soundctm.server.library import Library
from tests.server.api.conftest import Starter
from tests.server.api.running import LONG, QUICK, Running, events, refused, tone
from tests.server.library.makers import NOBODY

STREAM = {"Accept": "text/event-stream"}
ENDS = {"done", "failed", "cancelled", "interrupted"}


def test_a_job_is_taken_on_and_done(server: Running) -> None:
    answer = server.client.post("/v1/generate", json={"prompt": "rain", "takes": 3, "seed": 7, "steps": 2})
    assert answer.status_code == 202
    first = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{first['id']}"
    assert set(first) == {
        "id", "kind", "state", "created", "place", "done", "total", "seconds_left", "clips", "error", "request"
    }  # fmt: skip
    assert first["kind"] == "generate" and first["total"] == 6 and first["request"]["prompt"] == "rain"
    job = server.end_of(first["id"])
    assert (job["state"], job["done"], job["error"], len(job["clips"])) == ("done", 6, None, 3)
    clips = [server.client.get(f"/v1/clips/{each}").json() for each in job["clips"]]
    assert sorted(clip["take"] for clip in clips) == [0, 1, 2]
    assert {(clip["job"], clip["kind"], clip["seed"], clip["steps"]) for clip in clips} == {(job["id"], "take", 7, 2)}


def test_what_is_served_is_what_the_model_makes(server: Running) -> None:
    (served,) = server.make(prompt="rain", takes=1, seed=11, steps=2)["clips"]
    (alone,) = server.workshop.model.generate("rain", seed=11, steps=2)
    assert server.library.get(served).digest == alone.digest


def test_events_tell_every_clip_before_the_job_that_lists_it(server: Running) -> None:
    with server.client.stream("POST", "/v1/generate", json={"prompt": "rain", "takes": 4}, headers=STREAM) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        told: list[str] = []
        last: dict[str, Any] = {}
        for name, data in events(answer):
            if name == "clip":
                told.append(data["id"])
                assert data["prompt"] == "rain"
            else:
                assert name == "job" and set(data["clips"]) <= set(told) and data["done"] >= last.get("done", 0)
                last = data
    assert last["state"] == "done" and last["clips"] == told and len(told) == 4
    assert answer.headers["location"] == f"/v1/jobs/{last['id']}"


def test_events_of_a_job_that_has_ended_are_its_end(server: Running) -> None:
    job = server.make(prompt="rain", takes=1)
    with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        found = list(events(answer))
    assert [name for name, _ in found] == ["clip", "job"] and found[1][1] == job


def test_a_client_that_goes_away_cancels_its_job(server: Running) -> None:
    with server.client.stream("POST", "/v1/generate", json=LONG, headers=STREAM) as answer:
        _, job = next(events(answer))
    job = server.end_of(job["id"])
    assert job["state"] == "cancelled" and job["done"] < job["total"]


def test_who_only_watches_cancels_nothing(server: Running) -> None:
    job = server.client.post("/v1/generate", json=LONG).json()
    with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        next(events(answer))
    # Streams end in their order: when a second one runs, the first one's end has been dealt with.
    with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        states = events(answer)
        assert next(states)[1]["state"] in ("queued", "running")
        assert server.client.delete(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
        assert [data for _, data in states][-1]["state"] == "cancelled"


def test_a_stream_shows_signs_of_life(start: Starter) -> None:
    server = start(replace(QUICK, alive=0.02))
    with server.client.stream("GET", "/v1/events") as answer:
        lines = (line for line in answer.iter_lines() if line.startswith(":"))
        assert [next(lines), next(lines)] == [": alive"] * 2


def test_jobs_are_listed_and_run_again(server: Running) -> None:
    first = server.make(prompt="rain", takes=1)
    refused(server.client.post("/v1/refine", json={"clip": NOBODY}), 404)
    listed = server.client.get("/v1/jobs", params={"state": ["done"], "limit": 5}).json()["jobs"]
    assert listed[0] == first and {job["state"] for job in listed} == {"done"}
    answer = server.client.post(f"/v1/jobs/{first['id']}/again")
    assert answer.status_code == 202 and answer.json()["id"] != first["id"]
    second = server.end_of(answer.json()["id"])
    digests = [server.library.get(job["clips"][0]).digest for job in (first, second)]
    assert digests[0] == digests[1]
    with server.client.stream("POST", f"/v1/jobs/{first['id']}/again", headers=STREAM) as stream:
        assert list(events(stream))[-1][1]["state"] == "done"


def test_a_job_that_runs_is_not_run_again(server: Running) -> None:
    job = server.client.post("/v1/generate", json=LONG).json()
    refused(server.client.post(f"/v1/jobs/{job['id']}/again"), 409)
    server.client.delete(f"/v1/jobs/{job['id']}")
    assert server.end_of(job["id"])["state"] == "cancelled"
    assert server.client.delete(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"


def test_refining_and_varying(server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1, seed=3)["clips"]
    refined = server.client.get(f"/v1/clips/{server.make('/v1/refine', clip=take, steps=4)['clips'][0]}").json()
    assert (refined["kind"], refined["steps"], refined["seed"], refined["parents"]) == ("refined", 4, 3, [take])
    assert len(server.make("/v1/vary", clip=take, takes=2, steps=2)["clips"]) == 2


def test_relatives_by_a_turn_are_made_again_as_they_were(server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1, seed=3)["clips"]
    asked = {"clip": take, "turn": 0.2, "first": 3, "takes": 2}
    jobs = [server.make("/v1/vary", **asked)]
    answer = server.client.post(f"/v1/jobs/{jobs[0]['id']}/again")
    assert answer.status_code == 202
    jobs.append(server.end_of(answer.json()["id"]))
    first, again = ([server.library.get(each) for each in job["clips"]] for job in jobs)
    assert {clip.digest for clip in first} == {clip.digest for clip in again} and len({c.digest for c in first}) == 2
    turns = sorted(turn.variation for clip in first if clip.recipe for turn in clip.recipe.turns)
    assert turns == [3, 4] and {clip.recipe.steps for clip in first if clip.recipe} == {1}


@pytest.mark.parametrize(
    "bad", [{"turn": 0.2, "gamma": 0.3}, {"turn": 0}, {"turn": 1.5}, {"turn": 0.2, "first": 0}, {"gamma": 0}]
)
def test_relatives_that_cannot_be(bad: dict[str, Any], server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1, seed=3)["clips"]
    message = refused(server.client.post("/v1/vary", json={"clip": take, **bad}), 400)["message"]
    assert list(bad)[-1] in message


def test_a_job_of_another_program_is_followed_and_not_cancelled(start: Starter) -> None:
    here, there = start(), start()
    job = there.client.post("/v1/generate", json=LONG).json()["id"]
    assert "another program" in refused(here.client.delete(f"/v1/jobs/{job}"), 409)["message"]
    with here.client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        stream = events(answer)
        assert next(stream)[1]["state"] in ("queued", "running")
        there.client.delete(f"/v1/jobs/{job}")
        assert [data["state"] for name, data in stream if name == "job"][-1] == "cancelled"
    assert here.client.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"


def test_the_sounds_of_another_programs_job_are_told(start: Starter) -> None:
    here, there = start(), start()
    job = there.client.post("/v1/generate", json={"prompt": "rain", "takes": 3, "steps": 2}).json()["id"]
    with here.client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        found = list(events(answer))
    assert found[-1][0] == "job" and found[-1][1]["state"] == "done"
    assert [data["id"] for name, data in found if name == "clip"] == found[-1][1]["clips"]
    assert len(found[-1][1]["clips"]) == 3


def test_a_job_of_a_program_that_ended_is_interrupted_and_can_be_run_again(start: Starter) -> None:
    server = start()
    with Library.open(server.library.folder) as ended:
        job = ended.save_job("generate", {"prompt": "rain", "takes": 1, "seed": 1}).id
        ended.update_job(job, "running")
        assert server.client.get(f"/v1/jobs/{job}").json()["state"] == "running"
        with server.client.stream("GET", f"/v1/jobs/{job}/events") as answer:
            stream = events(answer)
            assert next(stream)[1]["state"] == "running"
            ended.close()
            assert [data["state"] for _, data in stream] == ["interrupted"]
    answer = server.client.post(f"/v1/jobs/{job}/again")
    assert answer.status_code == 202 and server.end_of(answer.json()["id"])["state"] == "done"


LOUDER = [{"feature": "intensity", "points": [[0.0, -40.0], [1.0, -12.0]]}]


def test_shaping_a_take_keeps_its_recipe(server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1, seed=3, omega=2.0, nu=1.5, negative="wind", seconds=1.0)["clips"]
    job = server.make("/v1/shape", clip=take, targets=LOUDER, steps=2, takes=3, steering={"strength": 0.2})
    assert (job["kind"], job["state"]) == ("shape", "done")
    ours = [server.client.get(f"/v1/clips/{each}").json() for each in job["clips"]]
    assert sorted(clip["take"] for clip in ours) == [0, 1, 2]
    assert {(clip["kind"], *clip["parents"]) for clip in ours} == {("edit", take)}
    was = server.library.get(take).recipe
    assert was is not None
    for clip in ours:
        recipe = clip["recipe"]
        assert recipe["targets"] and recipe["steering"]["strength"] == 0.2 and recipe["steps"] == 2
        kept = ("prompt", "seed", "omega", "nu", "negative", "seconds", "variation", "model_hash")
        assert {name: recipe[name] for name in kept} == {name: getattr(was, name) for name in kept}
    assert len({server.library.get(each).digest for each in (take, *job["clips"])}) == 4


def test_what_cannot_be_shaped_is_refused(server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1)["clips"]
    for body, status, said in [
        ({"clip": server.add(), "targets": LOUDER}, 400, "transform"),
        ({"clip": NOBODY, "targets": LOUDER}, 404, "no sound"),
        ({"clip": take, "targets": []}, 400, "targets"),
        ({"clip": take}, 400, "targets"),
        ({"clip": take, "targets": LOUDER, "takes": 0}, 400, "takes"),
        ({"clip": take, "targets": LOUDER, "prompt": "wind"}, 400, "prompt"),
    ]:
        assert said in refused(server.client.post("/v1/shape", json=body), status)["message"]
    described = server.client.get("/openapi.json").json()["paths"]["/v1/shape"]["post"]["description"]
    assert "steered to" in described and "transform" in described


VALUES: dict[str, dict[str, object]] = {
    "fill": {"start": 0.1, "end": 0.2}, "extend": {"after": 0.2}, "loop": {"seam": 0.1},
    "transform": {"strength": 0.5}, "extend-bandwidth": {"cutoff": 1000.0}, "declip": {"level": 0.4},
    "join": {"gap": 0.1}, "morph": {"amount": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("kind", EDITS)
def test_every_edit_has_a_route(server: Running, kind: str) -> None:
    one, two = (server.add(tone(0.4, server.workshop.model.sample_rate, frequency=f)) for f in (300, 500))
    other = {"other": two} if kind in ("join", "morph") else {}
    job = server.make(f"/v1/edit/{kind}", clip=one, prompt="rain", steps=2, **other, **VALUES[kind])
    assert (job["kind"], job["state"], job["error"]) == (kind, "done", None)
    clip = server.client.get(f"/v1/clips/{job['clips'][0]}").json()
    assert clip["kind"] == "edit" and clip["parents"][0] == one


def test_an_edit_that_would_be_too_long_names_the_sound(server: Running) -> None:
    hour = server.add(tone(601.0, 3000), name="a long walk")
    short = server.add(tone(1.0), name="a step")
    asked: dict[str, dict[str, object]] = {
        "fill": {"start": 1.0, "end": 2.0}, "transform": {"strength": 0.5}, "declip": {"level": 0.4},
        "loop": {"prompt": "rain"}, "morph": {"amount": 0.5, "other": short}, "join": {"gap": 0.1, "other": short},
        "extend": {"after": 1.0},
    }  # fmt: skip
    for kind, values in asked.items():
        error = refused(server.client.post(f"/v1/edit/{kind}", json={"clip": hour, **values}), 400)
        assert "'a long walk'" in error["message"] and "at most 600 s" in error["message"], kind
        assert error["field"] == "clip" and "cut" in error["message"]
        assert ("'a step'" in error["message"]) == ("other" in values)
        assert ("add less" in error["message"]) == (kind in ("join", "extend"))
    error = refused(server.client.post("/v1/edit/extend", json={"clip": short, "after": 600.0}), 400)
    assert "'a step'" in error["message"] and "601.0 s" in error["message"]


def test_a_full_queue_says_when_to_come_again(start: Starter) -> None:
    """To the client that filled it, while another still comes in."""
    server = start(limits=Limits(queue=40))
    error = refused(server.client.post("/v1/generate", json={**LONG, "takes": 21}), 400)
    assert error["field"] == "takes" and "1 to 20" in error["message"]
    assert server.client.get("/v1/model").json()["limits"]["takes"] == [1, 20]
    jobs = []
    for _ in range(200):
        answer = server.client.post("/v1/generate", json={**LONG, "takes": 20, "seconds": 3.0})
        if answer.status_code != 202:
            break
        jobs.append(answer.json()["id"])
    refused(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    small = server.client.post("/v1/generate", json={"prompt": "rain", "takes": 1}, headers={"X-Client": "another"})
    assert small.status_code == 202 and server.end_of(small.json()["id"])["state"] == "done"
    for job in jobs:
        server.client.delete(f"/v1/jobs/{job}")
    assert server.make(prompt="rain", takes=1)["state"] == "done"


def test_a_server_that_ends_interrupts_jobs_and_streams(start: Starter, tmp_path: Path) -> None:
    server = start()
    with (
        server.client.stream("POST", "/v1/generate", json=LONG, headers=STREAM) as answer,
        server.client.stream("GET", "/v1/events") as changes,
    ):
        stream = events(answer)
        _, job = next(stream)
        server.server.should_exit = True
        assert all(data["state"] not in ENDS for name, data in stream if name == "job")
        list(events(changes))
    server.workshop.close()
    assert server.library.job(job["id"]).state == "interrupted"


@pytest.mark.parametrize("path", ["/v1/jobs/{}", "/v1/jobs/{}/events"])
@pytest.mark.parametrize("name", [NOBODY, "x", "%2e%2e"])
def test_unknown_jobs_are_not_found(server: Running, path: str, name: str) -> None:
    refused(server.client.get(path.format(name)), 404)
