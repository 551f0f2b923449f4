"""The pictures of the documentation: a day's work, once everything in it is drawn."""

from pathlib import Path
from typing import TYPE_CHECKING

from tests.studio.driving import drag, listed

if TYPE_CHECKING:
    from playwright.sync_api import Page


def picture_all(page: "Page", path: Path) -> None:
    """The studio, where a take is compared with its refinement; beside that file, in a window as narrow as may be, the
    same in the dark, a curve over the take, and the library."""
    take(page, path, width=1280)
    page.emulate_media(color_scheme="dark")
    take(page, path.with_stem(f"{path.stem}_dark"))
    page.emulate_media(color_scheme="light")
    page.get_by_role("tab", name="Shape").click()
    drag(page, page.locator(".curve-editor svg"), 0.04, 0.9)
    page.locator(".curve-editor .handle").first.wait_for()
    page.get_by_role("tabpanel").scroll_into_view_if_needed()
    take(page, path.with_stem(f"{path.stem}_shape"))
    page.get_by_role("tab", name="Refine").click()
    listed(page)
    page.locator(".inspector .node").nth(1).wait_for()
    take(page, path.with_stem(f"{path.stem}_library"))
    page.get_by_role("link", name="Studio", exact=True).click()


def take(page: "Page", path: Path, width: int = 1024) -> None:
    """A picture of the window."""
    page.set_viewport_size({"width": width, "height": 900})
    page.locator(".stage .spectrogram-ink").last.wait_for()
    page.wait_for_function("[...document.images].every(image => image.complete)")  # a stream of events never ends
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(1, 1)
    page.wait_for_timeout(500)  # transitions of buttons
    page.screenshot(path=path)
