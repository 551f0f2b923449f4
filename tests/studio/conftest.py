"""A server with the tiny model, and a browser: Debian's chromium, driven by Playwright."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is driven with it")
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(NAMES)} is installed: the page is driven only where one is")
    with api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a studio of the tiny model is served, with an empty library."""
    pytest.importorskip("fastapi", reason="fastapi is not installed: the studio is served with it")
    command = [sys.executable, "-m", "soundctm", "studio", "--no-open", "--port", "0", "--model", str(tiny_folder)]
    command += ["--library", str(tmp_path_factory.mktemp("library"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            words = [word for word in line.split() if word.startswith("http://")]
            if words:
                break
        else:
            pytest.fail(f"the server ended: {''.join(said)}")
        try:
            yield words[0]
        finally:
            server.terminate()


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """The page, freshly opened in a window of its own; errors in its console fail the test, and so does a request to
    any other machine."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: complaints.append(asked.url) if not _own(asked.url, address) else None)
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


def _own(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))
