"""The chosen sound: a curve, a selection and an edit are of that sound and of no other."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.studio.driving import asked, audition, cards, drag, ended, made

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_a_curve_belongs_to_the_sound_it_was_drawn_for(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a wave")
    cards(page).nth(1).click()
    page.get_by_role("tab", name="Shape").click()
    drag(page, page.locator(".curve-editor svg"), 0.1, 0.9)
    drawn = page.locator(".handle").count()
    assert drawn >= 2
    cards(page).nth(2).click()
    expect(page.locator(".handle")).to_have_count(0)
    expect(page.get_by_role("button", name="Make takes to the curve")).to_be_disabled()
    cards(page).nth(1).click()
    expect(page.locator(".handle")).to_have_count(drawn)


def test_a_selection_is_refilled_and_ends_with_the_choice(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a creak")
    cards(page).first.click()
    drag(page, page.locator(".lane.a .waveform"), 0.25, 0.5)
    page.get_by_role("button", name="Refill it").click()
    with page.expect_response(lambda answer: "/v1/edit/fill" in answer.url) as answer:
        page.locator(".edit button.primary").click()
    take = asked(page, f"/v1/clips/{page.url.split('/')[-1]}")
    sent = json.loads(answer.value.request.post_data or "")
    assert sent["clip"] == take["id"]
    assert sent["start"] == pytest.approx(take["seconds"] * 0.25, abs=take["seconds"] * 0.02)
    assert sent["end"] == pytest.approx(take["seconds"] * 0.5, abs=take["seconds"] * 0.02)
    (filled,) = ended(page, answer.value.json()["id"])["clips"]
    assert asked(page, f"/v1/clips/{filled}")["parents"] == [take["id"]]
    expect(page.locator(".selection")).to_have_count(1)
    audition(page, "another creak")  # the choice stays with the place, where another take is now
    expect(page.locator(".card.chosen")).to_have_count(1)
    expect(page.locator(".selection")).to_have_count(0)


def test_what_is_compared_is_in_sight_among_many(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a drop")
    cards(page).first.click()
    made(page, "/v1/vary", {"clip": page.url.split("/")[-1], "gamma": 0.3, "takes": 9, "steps": 2})
    relatives = page.locator(".relative")
    expect(relatives).to_have_count(9)
    expect(relatives.last).not_to_be_in_viewport()
    page.keyboard.press("r")
    expect(relatives).to_have_count(10)
    expect(relatives.last).to_have_attribute("aria-pressed", "true")
    expect(relatives.last).to_be_in_viewport(ratio=0.99)


def test_relatives_come_by_a_turn_of_the_start_or_by_another_course(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a splash")
    cards(page).first.click()
    take = asked(page, f"/v1/clips/{page.url.split('/')[-1]}")
    panel = page.get_by_role("tabpanel")
    panel.get_by_label("Takes", exact=True).fill("2")
    numbers: list[list[int]] = []
    here, there = ("Turn the start", [0.2, 0.2], take["steps"]), ("Another course", [], 16)
    for way, turns, steps in (here, there, here):
        panel.get_by_text(way).click()
        with page.expect_response(lambda answer: "/v1/vary" in answer.url) as answer:
            panel.get_by_role("button", name="Vary").click()
        found = [asked(page, f"/v1/clips/{each}") for each in ended(page, answer.value.json()["id"])["clips"]]
        assert [turn["share"] for clip in found for turn in clip["recipe"]["turns"]] == turns
        assert [clip["steps"] for clip in found] == [steps, steps]
        assert [clip["recipe"]["gamma"] for clip in found] == ([0.0, 0.0] if turns else [0.3, 0.3])
        those = [clip["recipe"]["variation"] or clip["recipe"]["turns"][0]["variation"] for clip in found]
        numbers.append(sorted(those))
        expect(page.locator(".relative")).to_have_count(2 * len(numbers))
    assert numbers == [[1, 2], [3, 4], [5, 6]], "none is made again"


def test_an_edit_needs_its_second_sound(page: "Page") -> None:
    audition(page, "a drip")
    cards(page).first.click()
    page.get_by_role("tab", name="Edit").click()
    page.get_by_role("button", name="Join").click()
    form = page.get_by_role("tabpanel")
    start = form.locator("button.primary")
    assert start.is_disabled()
    form.get_by_label("Other sound").select_option(index=1)
    form.get_by_label("Passage", exact=True).press("Control+a")
    page.keyboard.type("0.5")
    with page.expect_response(lambda answer: "/v1/edit/join" in answer.url) as answer:
        start.click()
    sent = json.loads(answer.value.request.post_data or "")
    (joined,) = (asked(page, f"/v1/clips/{each}") for each in ended(page, answer.value.json()["id"])["clips"])
    assert joined["parents"] == [sent["clip"], sent["other"]] and sent["gap"] == 0.5
    parts = [asked(page, f"/v1/clips/{each}")["seconds"] for each in joined["parents"]]
    assert joined["seconds"] == pytest.approx(sum(parts) + 0.5, abs=0.01)
    page.get_by_role("button", name="Jobs").click()
    page.locator(".job", has_text="Join").wait_for()
