"""What the page says when its server is ended by force, and after it has come back."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.conftest import opened, served
from tests.studio.driving import asked, audition, toast

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


def test_a_job_is_interrupted_and_says_so(browser: "Browser", tiny_folder: Path, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    with served(tiny_folder, tmp_path) as (address, first), opened(browser, address, []) as page:
        page.get_by_label("Length, number").fill("3")
        audition(page, "wind")
        page.get_by_role("tabpanel").get_by_label("Takes", exact=True).fill("9")
        page.get_by_label("Steps, number").fill("32")
        page.keyboard.press("Tab")
        page.locator(".takes[aria-busy=true]").wait_for()
        page.get_by_text("Another course").click()
        page.get_by_role("button", name="Vary").click()
        page.locator(".count").wait_for()
        first.kill()
        toast(page, "broke off").wait_for()  # the audition, which lives in its request
        page.get_by_text("No connection to the server").wait_for()
        with served(tiny_folder, tmp_path, int(address.rstrip("/").split(":")[-1])):
            toast(page, "the program ended before the job did; it can be run again").wait_for()
            expect(page.locator(".count")).to_have_count(0)
            page.keyboard.press("Escape")
            page.keyboard.press("j")
            job = page.locator(".job", has_text="Vary")
            expect(job).to_contain_text("interrupted")
            assert {job["state"] for job in asked(page, "/v1/jobs")["jobs"]} <= {"done", "interrupted", "cancelled"}
            job.get_by_role("button", name="Run again").click()
            expect(page.locator(".job.running, .job.queued")).to_have_count(1)
