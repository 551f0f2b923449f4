"""A day's work in the studio, in a real browser: type, audition, pick, refine, draw, export, come back."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soundctm import Clip

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow
AXE = Path(__file__).resolve().parents[2] / "studio" / "node_modules" / "axe-core" / "axe.min.js"


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


def test_from_words_to_a_file_and_back(page: "Page", tmp_path: Path) -> None:
    from playwright.sync_api import expect

    audition(page, "heavy rain")
    page.keyboard.press("Escape")  # out of the field, to the takes
    page.keyboard.press("3")
    assert page.locator(".card").nth(2).get_attribute("aria-current") == "true"

    page.keyboard.press("r")
    compare = page.get_by_role("group", name="Compare")
    compare.wait_for()
    assert compare.locator("output").inner_text().replace(".", "").isdigit()  # how alike the two are
    heard = compare.locator(".segment[aria-pressed=true]")
    before = heard.inner_text()
    page.keyboard.press("x")
    expect(heard).not_to_have_text(before)

    with page.expect_download() as download:
        page.goto(page.url.split("#")[0] + "#/library")
        page.get_by_role("checkbox", name="Select heavy rain").first.check()
        page.get_by_role("checkbox", name="Select heavy rain").nth(1).check()
        page.get_by_role("group", name="Selection").get_by_role("button", name="Export").click()
        page.get_by_role("dialog").get_by_label("44.1 kHz").check()
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    clip = Clip.load(unpacked(path, tmp_path))
    assert clip.recipe is not None and clip.recipe.prompt == "heavy rain" and clip.sample_rate == 44100

    page.reload()
    page.get_by_label("Search").first.fill("heavy")
    page.locator(".row").first.wait_for()
    assert page.locator(".row").count() >= 7  # six takes, and one refined


def unpacked(path: Path, folder: Path) -> Path:
    """A sound of an export, which is a file or an archive."""
    if path.suffix != ".zip":
        return path
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".wav"))
        return Path(archive.extract(name, folder))


def test_a_drawn_curve_becomes_a_target(page: "Page") -> None:
    audition(page, "thunder")
    cards(page).first.click()
    page.get_by_role("tab", name="Shape").click()
    box = page.locator(".curve-editor svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] * 0.8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] * 0.2, steps=12)
    page.mouse.up()
    assert page.locator(".handle").count() >= 2
    with page.expect_request(lambda asked: asked.method == "POST" and "/generate" in asked.url) as asked:
        page.get_by_role("button", name="Make takes to the curve").click()
    body = asked.value.post_data_json
    assert body is not None
    (target,) = body["targets"]
    assert target["feature"] == "intensity"
    levels = [level for _, level in target["points"] if level is not None]
    assert levels[0] < levels[-1]


def test_changed_words_cancel_what_was_asked_before(page: "Page") -> None:
    field = page.get_by_label("Describe a sound")
    field.fill("a bell")
    page.wait_for_timeout(300)  # past the pause, so that the first request is on its way
    audition(page, "three slow knocks")
    labels = page.evaluate("() => fetch('/v1/clips?limit=6').then(r => r.json()).then(r => r.clips.map(c => c.prompt))")
    assert set(labels) == {"three slow knocks"}


def test_a_deleted_take_comes_back(page: "Page") -> None:
    audition(page, "rain")
    cards(page).first.click()
    page.keyboard.press("Delete")
    has_takes(page, 5)
    page.keyboard.press("Control+z")
    has_takes(page, 6)


def test_two_windows_see_each_other(page: "Page", address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address.rstrip('/')}/#/library")
    other.get_by_label("Search").first.fill("seen by both")
    audition(page, "rain seen by both")
    other.locator(".row").nth(5).wait_for()
    other.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1024, 1440])
def test_nothing_serious_bars_the_way(page: "Page", theme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in studio/ brings it")
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    audition(page, "a bell")
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes.length]))")
    assert [each for each in found if each[0] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
