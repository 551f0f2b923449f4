"""Hostile input: each is refused with the right status in the one shape of errors, and the server goes on."""

import gzip
import json
import socket
from typing import Any

import pytest

from tests.server.api.running import Running, refused, tone
from tests.server.library.makers import NOBODY

JSON = {"Content-Type": "application/json"}
GENERATE, EDIT = "/v1/generate", "/v1/edit/"


def generate(**values: Any) -> tuple[str, str, str]:
    """A body with these values; NaN and Infinity as Python writes them."""
    return "POST", GENERATE, json.dumps({"prompt": "rain", **values})


def target(*points: tuple[float, float]) -> dict[str, Any]:
    return {"feature": "intensity", "points": points}


# What comes in, and the status and the field that answer it. CLIP stands for the id of a sound that is there.
TABLE: dict[str, tuple[tuple[str, str, str], int, str | None]] = {
    "takes NaN": (generate(takes=float("nan")), 400, "takes"),
    "omega infinite": (generate(omega=float("inf")), 400, "omega"),
    "nu minus infinite": (generate(nu=float("-inf")), 400, "nu"),
    "gamma NaN": (generate(gamma=float("nan")), 400, "gamma"),
    "seconds NaN": (generate(seconds=float("nan")), 400, "seconds"),
    "seconds beyond floats": (("POST", GENERATE, '{"prompt": "rain", "seconds": 1e999}'), 400, "seconds"),
    "strength NaN": (generate(steering={"strength": float("nan")}), 400, None),
    "target at NaN": (generate(targets=[target((float("nan"), -20.0), (1.0, -20.0))]), 400, None),
    "target of infinite value": (generate(targets=[target((0.0, float("inf")), (1.0, -20.0))]), 400, None),
    "target that goes back in time": (generate(targets=[target((1.0, -20.0), (0.0, -20.0))]), 400, None),
    "target before the begin": (generate(targets=[target((-1.0, -20.0), (1.0, -20.0))]), 400, None),
    "no steps": (generate(steps=0), 400, "steps"),
    "steps below": (generate(steps=-5), 400, "steps"),
    "many steps": (generate(steps=10**9), 400, "steps"),
    "endless digits": (generate(steps=10**1000), 400, "steps"),
    "many takes": (generate(takes=10**6), 400, "takes"),
    "a year": (generate(seconds=3e7), 400, "seconds"),
    "no length": (generate(seconds=0), 400, "seconds"),
    "seed below": (generate(seed=-1), 400, "seed"),
    "seed beyond": (generate(seed=2**63), 400, "seed"),
    "steps in words": (generate(steps="many"), 400, "steps"),
    "steps as list": (generate(steps=[1]), 400, "steps"),
    "half a step": (generate(steps=1.5), 400, "steps"),
    "prompt as number": (generate(prompt=7), 400, "prompt"),
    "prompt null": (generate(prompt=None), 400, "prompt"),
    "prompt of 100 kB": (generate(prompt="x" * 100_000), 400, "prompt"),
    "empty prompt": (generate(prompt=" \u2003 "), 400, "prompt"),
    "prompt with NUL": (generate(prompt="rain\x00"), 400, "prompt"),
    "prompt of two lines": (generate(prompt="rain\nthunder"), 400, "prompt"),
    "prompt with ESC": (generate(prompt="\x1b[31mrain"), 400, "prompt"),
    "half a character": (("POST", GENERATE, r'{"prompt": "\ud800"}'), 400, None),
    "negative of 100 kB": (generate(negative="x" * 100_000, nu=2), 400, None),
    "unknown key": (generate(evil=1), 400, "evil"),
    "unknown key that is long": (generate(**{"x" * 5000: 1}), 400, "x" * 80),
    "__proto__": (generate(**{"__proto__": {"a": 1}}), 400, "__proto__"),
    "no body": (("POST", GENERATE, ""), 400, None),
    "no object": (("POST", GENERATE, "[]"), 400, None),
    "no JSON": (("POST", GENERATE, "{prompt: rain}"), 400, None),
    "cut JSON": (("POST", GENERATE, '{"prompt": "rain"'), 400, None),
    "JSON that is no text": (("POST", GENERATE, '{"prompt": "\udcff"}'), 400, None),
    "deep JSON": (("POST", GENERATE, '{"prompt":' + "[" * 100_000), 400, None),
    "deep JSON, closed": (("POST", GENERATE, "[" * 50_000 + "]" * 50_000), 400, None),
    "deep objects": (("POST", GENERATE, '{"a":' * 50_000 + "1" + "}" * 50_000), 400, None),
    "huge JSON": (("POST", GENERATE, '{"prompt": "' + "x" * 2**21 + '"}'), 413, None),
    "takes true": (generate(takes=True), 400, "takes"),
    "a length of false": (generate(seconds=False), 400, "seconds"),
    "auditions below": (generate(steering={"auditions": -5}), 400, None),
    "shortlist below": (generate(steering={"auditions": 3, "shortlist": -3}), 400, None),
    "shortlist beyond": (generate(prompt="two knocks", steering={"auditions": 3, "shortlist": 4}), 400, None),
    "strength true": (generate(steering={"strength": True}), 400, "steering"),
    "a target at true": (generate(targets=[target((0.0, -20.0), (True, -20.0))]), 400, "targets"),
    "a curve of weight true": (("POST", "/v1/sketch", '{"clip": "CLIP", "feature": "pitch", "weight": true}'), 400,
                               "weight"),
    "a loop that is a number": (generate(loop=7), 400, "loop"),
    "refine nothing": (("POST", "/v1/refine", "{}"), 400, "clip"),
    "refine a path": (("POST", "/v1/refine", '{"clip": "../../../../etc/passwd"}'), 400, "clip"),
    "refine nobody": (("POST", "/v1/refine", json.dumps({"clip": NOBODY})), 404, None),
    "refine a recording": (("POST", "/v1/refine", '{"clip": "CLIP"}'), 400, None),
    "vary with gamma NaN": (("POST", "/v1/vary", '{"clip": "CLIP", "gamma": NaN}'), 400, "gamma"),
    "unknown edit": (("POST", EDIT + "explode", "{}"), 404, "kind"),
    "edit that is a path": (("POST", EDIT + "..%2f..%2fgenerate", "{}"), 404, None),
    "gap NaN": (("POST", EDIT + "fill", '{"clip": "CLIP", "start": NaN, "end": 1}'), 400, "start"),
    "gap backwards": (("POST", EDIT + "fill", '{"clip": "CLIP", "start": 0.2, "end": 0.1}'), 400, None),
    "gap past the end": (("POST", EDIT + "fill", '{"clip": "CLIP", "start": 5, "end": 1e300}'), 400, None),
    "extend by a year": (("POST", EDIT + "extend", '{"clip": "CLIP", "after": 3e7}'), 400, None),
    "strength above 1": (("POST", EDIT + "transform", '{"clip": "CLIP", "strength": 7}'), 400, None),
    "cutoff infinite": (("POST", EDIT + "extend-bandwidth", '{"clip": "CLIP", "cutoff": Infinity}'), 400, "cutoff"),
    "level below": (("POST", EDIT + "declip", '{"clip": "CLIP", "level": -1}'), 400, None),
    "join nobody": (("POST", EDIT + "join", f'{{"clip": "CLIP", "other": "{NOBODY}", "gap": 1}}'), 404, None),
    "morph beyond": (("POST", EDIT + "morph", '{"clip": "CLIP", "other": "CLIP", "amount": 2}'), 400, None),
    "name that is a path": (("PATCH", "/v1/clips/CLIP", '{"name": "../../etc/passwd"}'), 400, None),
    "name with NUL": (("PATCH", "/v1/clips/CLIP", r'{"name": "a\u0000b"}'), 400, None),
    "name of 100 kB": (("PATCH", "/v1/clips/CLIP", json.dumps({"name": "x" * 100_000})), 400, None),
    "name as number": (("PATCH", "/v1/clips/CLIP", '{"name": 7}'), 400, "name"),
    "name that turns the text": (("PATCH", "/v1/clips/CLIP", r'{"name": "a\u202eb"}'), 400, None),
    "half a character as tag": (("PATCH", "/v1/clips/CLIP", r'{"tags": ["\udfff"]}'), 400, None),
    "a thousand tags": (("PATCH", "/v1/clips/CLIP", json.dumps({"tags": [str(i) for i in range(1000)]})), 400, None),
    "the id cannot change": (("PATCH", "/v1/clips/CLIP", '{"id": "x"}'), 400, "id"),
    "delete nothing": (("POST", "/v1/clips/delete", '{"ids": []}'), 400, None),
    "delete paths": (("POST", "/v1/clips/delete", '{"ids": ["../../x"]}'), 404, None),
    "a sound called full": (("GET", "/v1/clips/disk%20is%20full", ""), 404, None),
    "delete what is called full": (("POST", "/v1/clips/delete", '{"ids": ["disk is full"]}'), 404, None),
    "a job called full": (("DELETE", "/v1/jobs/disk%20is%20full", ""), 404, None),
    "an edit called full": (("POST", EDIT + "disk%20is%20full", "{}"), 404, "kind"),
    "empty since NaN": (("POST", "/v1/clips/empty", '{"days": NaN}'), 400, "days"),
    "empty the future": (("POST", "/v1/clips/empty", '{"days": -1}'), 400, "days"),
    "empty true": (("POST", "/v1/clips/empty", '{"days": true}'), 400, "days"),
    "empty before all time": (("POST", "/v1/clips/empty", '{"days": 1e300}'), 400, "days"),
    "undo nonsense": (("POST", "/v1/undo", '{"token": "\' OR 1=1 --"}'), 404, None),
    "undo a number": (("POST", "/v1/undo", '{"token": 1}'), 400, "token"),
    "export as program": (("POST", "/v1/export", '{"ids": ["CLIP"], "format": "exe"}'), 400, "format"),
    "export at no rate": (("POST", "/v1/export", '{"ids": ["CLIP"], "rate": "0"}'), 400, "rate"),
    "sketch of a path": (("POST", "/v1/sketch", '{"clip": "/etc/passwd", "feature": "pitch"}'), 404, None),
    "sketch of no feature": (("POST", "/v1/sketch", '{"clip": "CLIP", "feature": "evil"}'), 400, "feature"),
    "sketch for NaN seconds": (("POST", "/v1/sketch", '{"clip": "CLIP", "feature": "pitch", "seconds": NaN}'), 400,
                               "seconds"),
    "sketch of no JSON": (("POST", "/v1/sketch", "{"), 400, None),
    "limit 0": (("GET", "/v1/clips?limit=0", ""), 400, "limit"),
    "limit in words": (("GET", "/v1/clips?limit=all", ""), 400, "limit"),
    "unknown question": (("GET", "/v1/clips?evil=1", ""), 400, "evil"),
    "a cursor of elsewhere": (("GET", "/v1/clips?cursor=AAAA", ""), 400, None),
    "a kind that is none": (("GET", "/v1/clips?kind=evil", ""), 400, "kind"),
    "a search of 100 kB": (("GET", "/v1/clips?text=" + "x" * 50_000, ""), 400, None),
    "like nobody": (("GET", f"/v1/clips?similar_to={NOBODY}", ""), 404, None),
    "a format that is none": (("GET", "/v1/clips/CLIP/audio?format=exe", ""), 400, "format"),
    "a rate that is none": (("GET", "/v1/clips/CLIP/audio?rate=1e9", ""), 400, "rate"),
    "no points": (("GET", "/v1/clips/CLIP/peaks?points=0", ""), 400, "points"),
    "a huge picture": (("GET", "/v1/clips/CLIP/spectrogram.png?width=1000000", ""), 400, "width"),
    "a number that is none": (("GET", "/v1/changes?since=NaN", ""), 400, "since"),
    "a number beyond": (("GET", "/v1/changes?since=99999999999999999999", ""), 400, "since"),
    "understand nothing": (("GET", "/v1/understood", ""), 400, "prompt"),
    "understand NUL": (("GET", "/v1/understood?prompt=%00", ""), 400, "prompt"),
    "understand no text": (("GET", "/v1/understood?prompt=%ff%fe", ""), 200, None),
    "a job that is a path": (("GET", "/v1/jobs/..%2f..%2fetc", ""), 404, None),
    "a state that is none": (("GET", "/v1/jobs?state=evil", ""), 400, "state.0"),
    "a path upwards": (("GET", "/assets/..%2f..%2f..%2fsettings.py", ""), 404, None),
    "a path upwards, plain": (("GET", "/%2e%2e/%2e%2e/etc/passwd", ""), 404, None),
    "a hidden file": (("GET", "/.env", ""), 404, None),
    "nothing there": (("GET", "/wp-admin/setup.php", ""), 404, None),
    "another version": (("GET", "/v2/clips", ""), 404, None),
    "wrong method": (("PUT", "/v1/clips/CLIP", "{}"), 405, None),
    "delete all": (("DELETE", "/v1/clips", ""), 405, None),
    "trace": (("TRACE", "/v1/clips", ""), 405, None),
    "a method that is none": (("EVIL", "/v1/clips", ""), 405, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def clip(server: Running) -> str:
    return server.add(tone())


@pytest.mark.parametrize("what", TABLE)
def test_hostile_input_is_refused(server: Running, clip: str, what: str) -> None:
    (method, path, body), status, field = TABLE[what]
    content = body.replace("CLIP", clip).encode("utf-8", "surrogateescape")
    answer = server.client.request(
        method, path.replace("CLIP", clip), content=content, headers=JSON if method == "POST" or body else {}
    )
    if status == 200:
        assert answer.status_code == 200
    else:
        error = refused(answer, status)
        assert field is None or error["field"] == field
    assert server.healthy()


HEADERS = {
    "text instead of JSON": ({"Content-Type": "text/plain"}, 415),
    "a form instead of JSON": ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "no type at all": ({}, 415),
    "a packed body": ({**JSON, "Content-Encoding": "gzip"}, 400),
    "a host of elsewhere": ({**JSON, "Host": "evil.example"}, 403),
    "an origin of elsewhere": ({**JSON, "Origin": "http://evil.example"}, 403),
    "a long host": ({**JSON, "Host": "x" * 5000}, 403),
}


@pytest.mark.parametrize("what", HEADERS)
def test_hostile_headers_are_refused(server: Running, what: str) -> None:
    headers, status = HEADERS[what]
    body = b'{"prompt": "rain"}'
    content = gzip.compress(body) if "Content-Encoding" in headers else body
    refused(server.client.post(GENERATE, content=content, headers=headers), status)
    assert server.healthy()


RANGES = ["bytes=", "bytes=-", "bytes=a-b", "bytes=9-1", "bytes=--1", "bytes", "bytes=0x10-", "bytes=" + "9" * 400]


@pytest.mark.parametrize("wanted", [*RANGES, "bytes=999999999-", "bytes=-0"])
def test_bad_ranges_are_refused(server: Running, clip: str, wanted: str) -> None:
    answer = server.client.get(f"/v1/clips/{clip}/audio", headers={"Range": wanted})
    assert refused(answer, 400 if wanted in RANGES else 416)["field"] == "range"


RAW = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "length in words": b"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: many\r\n\r\n",
    "length below 0": b"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a header without end": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: " + b"x" * 100_000,
    "a path of elsewhere": b"GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a smuggled length": b"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("what", RAW)
def test_what_is_no_proper_http_is_refused(server: Running, what: str) -> None:
    data = RAW[what].replace(b"PORT", str(server.settings.port).encode())
    with socket.create_connection(("127.0.0.1", server.settings.port), 10) as line:
        line.sendall(data)
        line.settimeout(10)
        status = line.recv(4096).split(b" ")[1]
    assert status[:1] == b"4"
    assert server.healthy()


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(server: Running) -> None:
    for head in (b"POST /v1/clips HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n", b"GET /v1/clips HT"):
        with socket.create_connection(("127.0.0.1", server.settings.port), 10) as line:
            host = f"Host: 127.0.0.1:{server.settings.port}\r\nContent-Length: 100000\r\n\r\n--b\r\n".encode()
            line.sendall(head + host)
    assert server.healthy()
