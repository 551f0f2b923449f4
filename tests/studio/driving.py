"""What the tests of the page have in common: hands and eyes."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FINAL = ("done", "failed", "cancelled", "interrupted")


def cards(page: "Page") -> "Locator":
    """The takes that are there."""
    return page.locator(".card-play")


def has_takes(page: "Page", count: int) -> None:
    """Wait until so many takes are there."""
    from playwright.sync_api import expect

    expect(cards(page)).to_have_count(count)


def audition(page: "Page", prompt: str) -> None:
    """Type, and wait for six takes."""
    page.get_by_label("Describe a sound").fill(prompt)
    page.locator(".takes[aria-busy=true]").wait_for()
    page.locator(".takes[aria-busy=false]").wait_for()
    has_takes(page, 6)


def listed(page: "Page", text: str = "") -> "Locator":
    """The rows of the library, once the search for ``text`` has brought some, and not the one before it."""
    page.evaluate("location.hash.startsWith('#/library') || document.querySelector('nav a:last-child').click()")
    page.get_by_label("Search").first.fill(text)
    page.locator(".listing[aria-busy=false]").wait_for()
    rows = page.locator(".row")
    rows.first.wait_for()
    return rows


def drag(page: "Page", over: "Locator", begin: float, end: float) -> None:
    """Draw a line from left to right, between such shares of the width, that falls from the top to the bottom."""
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + begin * box["width"], box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], box["y"] + box["height"] * 0.8, steps=12)
    page.mouse.up()


def toast(page: "Page", text: str) -> "Locator":
    """A message that is shown."""
    return page.locator(".toast", has_text=text)


def asked(page: "Page", path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The server's answer to the page's own machine, past the page: GET, or POST with a body."""
    url = page.url.split("#")[0].rstrip("/") + path
    answer = page.request.get(url) if body is None else page.request.post(url, data=body)
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found


def ended(page: "Page", identifier: str) -> dict[str, Any]:
    """A job once it is over, its sounds by the number of the take: they are done in any order."""
    while (job := asked(page, f"/v1/jobs/{identifier}"))["state"] not in FINAL:
        time.sleep(0.05)
    take = {clip: asked(page, f"/v1/clips/{clip}")["take"] for clip in job["clips"]}
    return {**job, "clips": sorted(job["clips"], key=lambda clip: take[clip] or 0)}


def made(page: "Page", path: str, body: dict[str, Any]) -> list[str]:
    """Ids of the sounds of a job that was started past the page, once it is done."""
    job = ended(page, asked(page, path, body)["id"])
    assert job["state"] == "done"
    sounds: list[str] = job["clips"]
    return sounds
