"""A server with the tiny model, and a browser: Debian's chromium, driven by Playwright."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soundctm.locks import try_lock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
STUDIO = Path(__file__).resolve().parents[2] / "studio"
LAST = ".package-lock.json"  # of what npm ci writes: whatever broke off has none
PICTURE = "SOUNDCTM_STUDIO_PICTURE"  # a file that the day's work is to be pictured in, with the model that is shipped


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


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tools are that the page is built and examined with; fetched where they are not there yet, by one of the
    processes that run these tests."""
    found = STUDIO / "node_modules"
    if shutil.which("npm") is None and not (found / LAST).is_file():
        pytest.skip("npm is not installed: it fetches the tools that the page is built and examined with")
    with (tmp_path_factory.getbasetemp().parent / "tools.lock").open("wb") as turn:
        while not try_lock(turn):
            time.sleep(0.1)
        if (found / LAST).is_file():
            return found
        got = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=STUDIO, capture_output=True, text=True)
    if got.returncode:
        pytest.skip(f"npm ci could not fetch the tools of the page: {got.stderr.strip()[-200:]}")
    return found


@contextmanager
def served(model: Path | None, library: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Where a studio is served, and by which process; None is the model that is shipped."""
    pytest.importorskip("fastapi", reason="fastapi is not installed: the studio is served with it")
    command = [sys.executable, "-m", "soundctm", "studio", "--no-open", "--port", str(port), "--library", str(library)]
    command += [] if model is None else ["--model", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield _address(server), server
        finally:
            server.terminate()


def _address(server: "subprocess.Popen[str]") -> str:
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        words = [word for word in line.split() if word.startswith("http://")]
        if words:
            return words[0]
    pytest.fail(f"the server ended: {''.join(said)}")


@pytest.fixture(scope="session")
def picture() -> Path | None:
    """Where the picture of the documentation is to be written; None: nowhere."""
    return Path(os.environ[PICTURE]).resolve() if PICTURE in os.environ else None


@pytest.fixture(scope="module")
def address(tiny_folder: Path, picture: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a studio of the tiny model is served, with an empty library."""
    with served(None if picture else tiny_folder, tmp_path_factory.mktemp("library")) as (address, _):
        yield address


@pytest.fixture
def complaints() -> list[str]:
    """What a page complained of; a test takes out what it provokes."""
    return []


@pytest.fixture
def page(browser: "Browser", address: str, complaints: list[str]) -> Iterator["Page"]:
    """The page, freshly opened in a window of its own; errors in its console fail the test, and so does a request to
    any other machine."""
    with opened(browser, address, complaints) as page:
        yield page
    assert complaints == []


@contextmanager
def opened(browser: "Browser", address: str, complaints: list[str]) -> Iterator["Page"]:
    """The page in a window of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: complaints.append(asked.url) if not _own(asked.url, address) else None)
    page.goto(address)
    yield page
    context.close()


def _own(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))
