"""What a server says of itself, and the page that it serves."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import soundctm
from tests.server.api.conftest import Starter
from tests.server.api.running import QUICK, Running, as_file, refused, tone
from tests.server.library.makers import NOBODY


def test_health(server: Running) -> None:
    model = server.workshop.model
    assert server.client.get("/health").json() == {
        "status": "ok", "version": soundctm.__version__, "model": model.config.name, "hash": model.model_hash
    }  # fmt: skip


def test_the_model_tells_its_defaults_and_its_limits(server: Running) -> None:
    found = server.client.get("/v1/model").json()
    config = server.workshop.model.config
    assert (found["seconds"], found["max_seconds"], found["omega"]) == (
        config.seconds,
        config.max_seconds,
        config.omega,
    )
    for name, (low, high) in {k: v for k, v in found["limits"].items() if k not in ("prompt", "name", "ids")}.items():
        for value in (low - 1, high + 1):
            answer = server.client.post("/v1/generate", json={"prompt": "rain", name: value})
            assert refused(answer, 400)["field"] == name
    refused(server.client.post("/v1/generate", json={"prompt": "x" * (found["limits"]["prompt"] + 1)}), 400)


def test_a_prompt_is_understood(server: Running) -> None:
    found = server.client.get("/v1/understood", params={"prompt": "heavy rain"}).json()
    assert found == {"prompt": "heavy rain", "understood": server.workshop.model.understood("heavy rain")}


def numbers(server: Running) -> dict[tuple[str, str], float]:
    """Every sample of the metrics, by its name and its labels."""
    answer = server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, " ".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_count_by_route_and_not_by_address(start: Starter) -> None:
    server = start()
    before = numbers(server)
    assert before["soundctm_takes_total", ""] == 0
    job = server.make(prompt="rain", takes=2)
    for name in (*job["clips"], NOBODY, "evil", "x" * 200):
        server.client.get(f"/v1/clips/{name}")
    server.client.get("/nowhere/at/all")
    after = numbers(server)
    assert after["soundctm_takes_total", ""] == 2 and after["soundctm_takes_waiting", ""] == 0
    assert after["soundctm_jobs_total", "state=done"] == 1 and after["soundctm_sound_seconds_total", ""] > 0
    assert not any(NOBODY in labels or "evil" in labels or "nowhere" in labels for _, labels in after)
    assert after["soundctm_requests_total", "method=GET route=/v1/clips/{id} status=404"] == 3
    found = {labels: value for (name, labels), value in after.items() if name == "soundctm_requests_total"}
    assert sum(value for labels, value in found.items() if "clips" in labels and "status=404" in labels) == 3
    assert sum(value for labels, value in found.items() if "clips" in labels and "status=200" in labels) == 2


def test_two_servers_share_no_numbers(start: Starter) -> None:
    one, two = start(), start()
    one.make(prompt="rain", takes=1)
    assert numbers(one)["soundctm_takes_total", ""] == 1 and numbers(two)["soundctm_takes_total", ""] == 0


def test_the_api_is_described_without_help_from_elsewhere(server: Running) -> None:
    document = server.client.get("/openapi.json").json()
    paths = document["paths"]
    assert {"/v1/generate", "/v1/refine", "/v1/edit/fill", "/v1/jobs/{id}/events", "/v1/clips", "/health"} <= set(paths)
    assert all("422" not in operation["responses"] for path in paths.values() for operation in path.values())
    assert all(path.startswith("/v1/") or path in ("/health", "/metrics") for path in paths)
    page = server.client.get("/docs").text
    assert "http://" not in page and "https://" not in page and "<script" not in page and "//" not in page
    assert all(f"<code>{path}</code>" in page for path in paths)
    style = page.partition("<style>")[2].partition("</style>")[0]
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{allowed}'" in server.client.get("/docs").headers["content-security-policy"]
    assert server.client.get("/").status_code == 307  # no page is served: the description is


def test_the_page_and_its_files(start: Starter, tmp_path: Path) -> None:
    page = tmp_path / "static"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>studio</title>")
    (page / "icon.svg").write_text("<svg/>")
    (page / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    server = start(replace(QUICK, page=page))
    index = server.client.get("/")
    assert "unsafe" not in index.headers["content-security-policy"]
    assert "studio" in index.text and index.headers["cache-control"] == "no-cache"
    head = server.client.head("/")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(index.content)))
    assert server.client.head("/docs").status_code == server.client.head("/icon.svg").status_code == 200
    asset = server.client.get("/assets/app-1a2b.js")
    assert "immutable" in asset.headers["cache-control"] and "javascript" in asset.headers["content-type"]
    assert server.client.get("/icon.svg").status_code == 200
    for path in (
        "/assets/..%2f..%2fsecret",
        "/..%2fsecret",
        "/assets/none.js",
        "/assets/",
        "/secret",
        "/.hidden",
        "/%00",
        "/" + 3000 * "a",
    ):
        refused(server.client.get(path), 404)
    assert server.client.get("/health").status_code == 200


def test_a_curve_is_read_from_a_sound(server: Running, tmp_path: Path) -> None:
    clip = tone(0.5, 16000)
    by_id = server.client.post("/v1/sketch", json={"clip": server.add(clip), "feature": "intensity"}).json()["target"]
    data = {"feature": "intensity"}
    sent = server.client.post("/v1/sketch", data=data, files={"file": ("a.wav", as_file(clip, tmp_path))})
    assert sent.json()["target"]["points"] == by_id["points"]
    assert by_id["feature"] == "intensity" and all(-15 < value < -3 for _, value in by_id["points"][2:-2])
    made = server.make(prompt="rain", takes=1, steps=1, seconds=1.0, targets=[by_id])
    assert made["state"] == "done", made
    band = {"clip": server.add(clip), "feature": "band", "low": 100.0, "high": 900.0, "weight": 2.0, "seconds": 0.3}
    found = server.client.post("/v1/sketch", json=band).json()["target"]
    assert (found["low"], found["high"], found["weight"]) == (100.0, 900.0, 2.0) and found["points"][-1][0] <= 0.3


def test_a_curve_that_cannot_be_read_is_refused(server: Running, tmp_path: Path) -> None:
    refused(server.client.post("/v1/sketch", json={"clip": server.add(tone(0.01)), "feature": "intensity"}), 400)
    refused(server.client.post("/v1/sketch", json={"clip": NOBODY, "feature": "intensity"}), 404)
    refused(server.client.post("/v1/sketch", data={"feature": "x"}, files={"file": ("a", b"x")}), 400)
    refused(server.client.post("/v1/sketch", data={"feature": "pitch"}, files={"file": ("a", b"x")}), 415)
    refused(server.client.post("/v1/sketch", content=b"x", headers={"Content-Type": "text/plain"}), 415)
