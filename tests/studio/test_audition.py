"""The audition: what is asked for and does not come costs nothing that was there."""

from typing import TYPE_CHECKING

import pytest

from tests.studio.driving import asked, audition, cards, has_takes, listed, made, toast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def shown(page: "Page") -> list[str]:
    """The takes of the grid, by their looks; none of them awaited, or of the words before."""
    from playwright.sync_api import expect

    expect(page.locator(".takes[aria-busy=false]")).to_have_count(1)
    expect(page.locator(".card.waiting, .card.stale")).to_have_count(0)
    return cards(page).all_inner_texts()


def test_an_audition_that_brings_nothing_leaves_the_takes(page: "Page", complaints: list[str]) -> None:
    audition(page, "a train")
    before = shown(page)
    field = page.get_by_label("Describe a sound")
    field.evaluate("field => field.removeAttribute('maxlength')")  # else it holds no more than the server takes
    refused = lambda answer: "/v1/generate" in answer.url and answer.status == 400
    with page.expect_response(refused):
        field.fill("x" * 1001)
    toast(page, "1,001 characters").wait_for()
    assert shown(page) == before
    page.get_by_label("Takes, number").fill("2")
    with page.expect_response(refused):
        page.keyboard.press("Tab")
    assert shown(page) == before
    page.context.set_offline(True)
    field.fill("a tram")
    toast(page, "does not answer").wait_for()
    assert shown(page) == before
    page.context.set_offline(False)
    page.reload()
    has_takes(page, 6)
    assert shown(page) == before
    assert len(complaints) >= 3  # the browser tells its console of every refusal
    complaints.clear()


def test_an_audition_that_is_dropped_leaves_the_takes(page: "Page") -> None:
    audition(page, "a hammer")
    before = shown(page)
    field = page.get_by_label("Describe a sound")
    field.fill("")
    page.get_by_label("Steps, number").fill("32")
    page.get_by_label("Length, number").fill("30")
    field.fill("a saw")
    page.locator(".takes[aria-busy=true]").wait_for()
    field.fill("")
    assert shown(page) == before


def test_a_prompt_is_one_line(page: "Page") -> None:
    field = page.get_by_label("Describe a sound")
    field.press_sequentially("rain")
    field.press("Shift+Enter")
    field.press_sequentially("outside")
    assert field.input_value() == "rain outside"
    field.evaluate("field => field.setSelectionRange(4, 5)")
    page.keyboard.insert_text("\n\ton a roof\n")
    assert field.input_value() == "rain  on a roof outside"
    page.keyboard.insert_text(",")  # the caret stayed where it was
    assert field.input_value() == "rain  on a roof ,outside"
    has_takes(page, 6)
    assert int(field.get_attribute("maxlength") or 0) == asked(page, "/v1/model")["limits"]["prompt"]


def test_the_highest_seed_keeps_its_digits(page: "Page") -> None:
    highest = 2**63 - 1
    made(page, "/v1/generate", {"prompt": "a cello", "takes": 1, "seed": highest})
    listed(page, "cello").first.locator(".row-length").click()
    beside = page.get_by_label("Chosen sound")
    beside.get_by_text(f"{highest}, 1", exact=True).wait_for()
    beside.get_by_role("button", name="Set the controls to this recipe").click()
    assert page.get_by_label("Seed", exact=True).input_value() == str(highest)
    page.get_by_label("Takes, number").focus()
    page.keyboard.press("Tab")
    with page.expect_request(lambda sent: sent.url.endswith("/v1/generate")) as sent:
        page.keyboard.press("g")
    assert f'"seed":{highest}' in (sent.value.post_data or "")
    has_takes(page, 6)
    assert {clip["seed"] for clip in asked(page, "/v1/clips?text=cello")["clips"]} == {highest}
