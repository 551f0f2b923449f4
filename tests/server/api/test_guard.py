"""Who may ask."""

from dataclasses import replace

import httpx
import pytest

from soundctm import UserError
from soundctm.server.api import Settings
from soundctm.server.api.guard import cookie_name
from tests.server.api.conftest import Starter
from tests.server.api.running import QUICK, Running, refused

TOKEN = "correct-horse-battery"


@pytest.mark.parametrize("name", ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}", "[::1]:{}"])
def test_names_of_this_machine_are_accepted(server: Running, name: str) -> None:
    answer = server.client.get("/v1/model", headers={"Host": name.format(server.settings.port)})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name",
    ["evil.example", "evil.example:{}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{}", "127.0.0.1:{}.evil",
     "192.168.0.1:{}", "", "[::1", "user@127.0.0.1:{}", "127.0.0.1:{0}:{0}"],
)  # fmt: skip
def test_other_names_are_refused(server: Running, name: str) -> None:
    headers = {"Host": name.format(server.settings.port)}
    for path in ("/", "/health", "/v1/model", "/assets/x", "/nowhere"):
        refused(server.client.get(path, headers=headers), 403)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{}", ""])
def test_pages_of_elsewhere_are_refused(server: Running, method: str, origin: str) -> None:
    headers = {"Origin": origin.format(server.settings.port)}
    answer = server.client.request(method, "/v1/clips", headers=headers)
    refused(answer, 403)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pictures_and_forms_of_elsewhere_are_refused(server: Running, site: str) -> None:
    refused(server.client.get("/v1/clips", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}), 403)
    refused(server.client.post("/v1/clips", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}), 403)
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert server.client.get("/docs", headers=link).status_code == 200


def test_the_own_page_is_welcome(server: Running) -> None:
    headers = {"Origin": server.settings.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert server.client.get("/v1/clips", headers=headers).status_code == 200


def test_every_answer_keeps_to_itself(server: Running) -> None:
    for path in ("/docs", "/v1/clips", "/nowhere", "/health"):
        headers = server.client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'" if path == "/docs" else "default-src 'self'")
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert "http:" not in headers["content-security-policy"] and "*" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert server.client.get("/v1/clips").headers["cache-control"] == "no-store"


def test_a_token_must_come_with_every_request(start: Starter) -> None:
    server = start(replace(QUICK, token=TOKEN))
    cookie = cookie_name(server.settings.port)
    for headers in (
        {}, {"Authorization": "Bearer wrong-wrong-wrong-wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"}, {"Cookie": f"{cookie}=wrong"}, {"Cookie": "=;;,\x7f=\xff"},
        {"Authorization": "Bearer café-é-é-é-é-é-é"},
    ):  # fmt: skip
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        for path in ("/", "/v1/clips", "/metrics", "/docs", "/openapi.json", "/nowhere"):
            refused(server.client.get(path, headers=raw), 401)
    assert server.client.get("/health").status_code == 200
    assert server.client.get("/v1/clips", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert server.client.get("/v1/clips", headers={"Cookie": f"{cookie}={TOKEN}"}).status_code == 200


def test_an_address_with_the_token_becomes_a_cookie(start: Starter) -> None:
    server = start(replace(QUICK, token=TOKEN))
    refused(server.client.get("/", params={"token": "wrong"}), 401)
    answer = server.client.get("/", params={"token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=strict" in said
    with httpx.Client(base_url=server.settings.address, cookies=dict(answer.cookies)) as browser:
        assert browser.get("/v1/clips").status_code == 200


def test_two_servers_of_one_machine_keep_their_cookies_apart(start: Starter) -> None:
    """A browser sends the cookies of one port to the other too, and keeps one of each name."""
    one, two = start(replace(QUICK, token=TOKEN)), start(replace(QUICK, token="another-horse-battery"))
    with httpx.Client() as browser:
        for server in (one, two):
            assert browser.get(server.settings.address, params={"token": server.settings.token}).status_code == 303
        for server in (one, two):
            assert browser.get(f"{server.settings.address}v1/clips").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org", ""])
def test_other_addresses_need_a_token(host: str) -> None:
    with pytest.raises(UserError, match="token"):
        Settings(host=host)
    with pytest.raises(UserError, match="16"):
        Settings(host=host, token="short")
    assert Settings(host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize("token", ["short", "with spaces in it at all", "é" * 20, "", "a;b" * 10])
def test_tokens_are_plain_and_long(token: str) -> None:
    with pytest.raises(UserError, match="16"):
        Settings(token=token)


def test_names_that_a_bound_address_has() -> None:
    named = Settings(host="studio.example", token=TOKEN, names=("Other.example",))
    assert named.accepts("studio.example:8765") and named.accepts("other.example:8765")
    assert not named.accepts("third.example:8765") and not named.accepts("10.0.0.1:8765")
    everywhere = Settings(host="0.0.0.0", token=TOKEN)
    assert everywhere.accepts("10.0.0.1:8765") and everywhere.accepts("[fe80::1]:8765")
    assert not everywhere.accepts("evil.example:8765") and not everywhere.accepts(":8765")
    assert everywhere.address == "http://127.0.0.1:8765/" and Settings(host="::1").address == "http://[::1]:8765/"
    assert Settings(port=80).accepts("localhost")
