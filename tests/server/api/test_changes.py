"""Browsers on one library see each other's sounds."""

import pytest

from soundctm.server.library import Library
from tests.server.api.conftest import Starter
from tests.server.api.running import Running, events, refused, tone, until


def test_two_browsers_see_each_others_takes(server: Running) -> None:
    with server.client.stream("GET", "/v1/events") as one, server.client.stream("GET", "/v1/events") as two:
        streams = [events(one), events(two)]
        begin = [next(stream) for stream in streams]
        assert all(name == "changes" and data["ids"] == [] for name, data in begin)
        identifier = server.add()
        for stream in streams:
            name, data = next(stream)
            assert name == "changes" and data["ids"] == [identifier] and data["serial"] > begin[0][1]["serial"]


def test_changes_of_another_process_are_told(server: Running) -> None:
    with Library.open(server.library.folder) as other, server.client.stream("GET", "/v1/events") as answer:
        stream = events(answer)
        next(stream)
        entry = other.add(tone(), kind="upload")
        assert next(stream)[1]["ids"] == [entry.id]
        other.change(entry.id, starred=True)
        assert next(stream)[1]["ids"] == [entry.id]


def test_a_reader_goes_on_where_it_was(server: Running) -> None:
    start = server.client.get("/v1/changes").json()["serial"]
    identifier = server.add()
    for headers, since in [({"Last-Event-ID": str(start)}, 0), ({}, start), ({"Last-Event-ID": "x"}, start)]:
        with server.client.stream("GET", "/v1/events", headers=headers, params={"since": since}) as answer:
            assert identifier in next(events(answer))[1]["ids"]
            assert answer.headers["cache-control"] == "no-store"


def test_the_number_of_an_event_is_its_id(server: Running) -> None:
    with server.client.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        first = [next(lines) for _ in range(3)]
    serial = server.client.get("/v1/changes").json()["serial"]
    assert first[:2] == ["event: changes", f"id: {serial}"]


def test_a_look_that_fails_is_told_once_and_followed_by_others(
    server: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0

    class Ill(Library):
        """A library that fails as no library should, a few times."""

        @property
        def serial(self) -> int:
            nonlocal looks
            looks += 1
            if 3 <= looks <= 8:
                raise RuntimeError("no such thing")
            return super().serial

    monkeypatch.setattr(server.library, "__class__", Ill)
    with server.client.stream("GET", "/v1/events", params={"since": server.library.serial}) as answer:
        stream = events(answer)
        next(stream)
        until(lambda: looks > 8)
        identifier = server.add()
        assert next(stream)[1]["ids"] == [identifier]
    assert caplog.text.count("could not be looked at") == 1


def test_nobody_looks_when_nobody_listens(start: Starter) -> None:
    server = start()
    with server.client.stream("GET", "/v1/events") as answer:
        next(events(answer))
    # The end of the stream is dealt with before a later stream's first event.
    with server.client.stream("GET", "/v1/events") as answer:
        next(events(answer))
    refused(server.client.get("/v1/changes", params={"since": -1}), 400)
