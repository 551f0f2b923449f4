"""Nothing serious bars the way of those who cannot see the page, or not well: axe finds it on every part of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.driving import asked, audition, cards, listed, made, toast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
RULES = {"label-content-name-mismatch": {"enabled": True}}  # experimental: does not run by itself


@pytest.fixture
def axe(tools: Path) -> str:
    """The program that examines a page."""
    return (tools / "axe-core" / "axe.min.js").read_text()


def found(page: "Page", axe: str) -> list[list[str]]:
    """What is serious or critical, and where."""
    page.wait_for_timeout(200)  # colours of buttons change in 120 ms
    run = """rules => axe.run(document, {rules}).then(r => r.violations.flatMap(v =>
        ["serious", "critical"].includes(v.impact) ? v.nodes.map(n => [v.id, n.html.slice(0, 200)]) : []))"""
    page.evaluate(axe)
    problems: list[list[str]] = page.evaluate(run, RULES)
    return problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1024, 1440])
def test_nothing_serious_bars_the_way(page: "Page", axe: str, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    problems, widths = {}, {}
    for place in places(page):
        problems[place] = found(page, axe)
        widths[place] = page.evaluate("document.documentElement.scrollWidth")
    assert {place: got for place, got in problems.items() if got} == {}
    assert {place: wide for place, wide in widths.items() if wide > width} == {}


def places(page: "Page") -> Iterator[str]:
    """Go from part to part of the page, and tell where one is."""
    audition(page, "a bell")
    yield "takes"
    cards(page).first.click()
    page.keyboard.press("r")
    page.get_by_role("group", name="Compare").locator("output").wait_for()
    page.locator(".relative").wait_for()
    yield "refined"
    made(page, "/v1/vary", {"clip": page.url.split("/")[-1], "gamma": 0.3, "takes": 9, "steps": 2})
    page.locator(".relative").nth(9).wait_for()
    yield "more relatives than have room"
    for tab in ("Shape", "Edit", "Family"):
        page.get_by_role("tab", name=tab).click()
        yield tab
    page.get_by_role("button", name="Jobs").click()
    page.locator(".job").first.wait_for()
    yield "jobs"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    yield "help"
    page.keyboard.press("Escape")
    rows = listed(page)
    yield "library"
    rows.first.get_by_role("checkbox").check()
    page.get_by_label("Selection").get_by_role("button", name="Export").click()
    yield "export"
    page.keyboard.press("Escape")
    page.get_by_label("Selection").get_by_role("button", name="Delete").click()
    toast(page, "deleted").wait_for()
    page.get_by_role("button", name="Deleted", exact=True).click()
    page.get_by_role("button", name="Restore").first.wait_for()
    yield "bin"
    page.get_by_role("button", name="Delete for good").first.click()
    yield "delete for good"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Deleted", exact=True).click()
    rows.first.locator(".row-length").click()
    asked(page, "/v1/clips/delete", {"ids": [page.url.split("/")[-1]]})
    page.get_by_label("Chosen sound").get_by_role("button", name="Restore").wait_for()
    yield "deleted elsewhere"
