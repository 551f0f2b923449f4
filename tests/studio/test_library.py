"""The library's page: what is listed stays in its place, what is hidden is left alone, what is deleted comes back."""

from typing import TYPE_CHECKING

import pytest

from tests.studio.driving import asked, audition, listed, made, toast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
MANY = {"takes": 60, "seconds": 1.0, "steps": 1}  # more than one page of the list


def test_what_a_search_hides_is_not_selected(page: "Page") -> None:
    from playwright.sync_api import expect

    for prompt in ("a red bell", "a blue bell"):
        made(page, "/v1/generate", {"prompt": prompt, "takes": 2})
    rows = listed(page, "bell")
    expect(rows).to_have_count(4)
    page.get_by_label("Select all").check()
    page.get_by_label("Search").first.fill("red bell")
    expect(rows).to_have_count(2)
    page.get_by_text("2 selected").wait_for()
    page.get_by_role("group", name="Selection").get_by_role("button", name="Delete").click()
    toast(page, "2 sounds deleted").wait_for()
    left = asked(page, "/v1/clips?text=bell")["clips"]
    assert {clip["prompt"] for clip in left} == {"a blue bell"} and len(left) == 2


def test_a_selection_outlives_the_export_of_another_sound(page: "Page") -> None:
    made(page, "/v1/generate", {"prompt": "an owl", "takes": 3})
    rows = listed(page, "owl")
    rows.nth(0).get_by_role("checkbox").check()
    rows.nth(1).get_by_role("checkbox").check()
    rows.nth(2).locator(".row-length").click()
    page.get_by_label("Chosen sound").get_by_role("button", name="Export").click()
    page.get_by_role("dialog", name="Export the sound").get_by_role("button", name="Cancel").click()
    page.get_by_text("2 selected").wait_for()


def test_a_star_far_down_keeps_the_place(page: "Page") -> None:
    from playwright.sync_api import expect

    made(page, "/v1/generate", {"prompt": "wind", **MANY})
    rows = listed(page, "wind")
    rows.nth(47).scroll_into_view_if_needed()  # the second page comes
    expect(rows).to_have_count(60)
    row = rows.nth(55)
    row.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 0
    row.get_by_role("button", name="Star").click()
    (new,) = made(page, "/v1/generate", {"prompt": "wind of another window", "takes": 1})
    page.get_by_role("button", name="1 new").wait_for()
    expect(rows).to_have_count(60)
    assert page.evaluate("scrollY") == place
    expect(row.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="1 new").click()
    expect(rows.first).to_contain_text("wind of another window")
    # At the top, what comes is shown at once.
    asked(page, "/v1/clips/delete", {"ids": [new]})
    expect(rows.first).not_to_contain_text("wind of another window")
    made(page, "/v1/generate", {"prompt": "wind once more", "takes": 1})
    expect(rows.first).to_contain_text("wind once more")


def test_the_bin_gives_back_or_frees_the_disk(page: "Page") -> None:
    from playwright.sync_api import expect

    first, second, third = made(page, "/v1/generate", {"prompt": "a kettle", "takes": 3})
    asked(page, "/v1/clips/delete", {"ids": [first]})
    asked(page, "/v1/clips/delete", {"ids": [second]})
    rows = listed(page, "kettle")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Deleted").press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("take 2")  # deleted last
    rows.first.get_by_role("button", name="Restore").press("Enter")
    toast(page, "a kettle restored").wait_for()
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button", name="Delete for good").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").press("Enter")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("checkbox").press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_label("Selection").get_by_role("button", name="Delete for good").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").press("Enter")
    toast(page, "kB freed").wait_for()
    expect(rows).to_have_count(0)
    found = asked(page, f"/v1/clips?ids={first}&ids={second}&ids={third}")["clips"]
    assert [(clip["id"], clip["deleted"]) for clip in found] == [(second, None), (third, None)]


def test_the_bin_opens_while_more_is_left_to_list(page: "Page") -> None:
    from playwright.sync_api import expect

    made(page, "/v1/generate", {"prompt": "hail", **MANY})
    (gone,) = made(page, "/v1/generate", {"prompt": "hail that melts", "takes": 1})
    asked(page, "/v1/clips/delete", {"ids": [gone]})
    rows = listed(page, "hail")
    expect(rows).to_have_count(48)
    page.get_by_role("button", name="Deleted").click()  # the end of the list comes into view
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Deleted").click()
    expect(rows).to_have_count(48)
    rows.nth(47).scroll_into_view_if_needed()
    expect(rows).to_have_count(60)


def test_keys_do_nothing_to_takes_that_the_library_does_not_show(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a clock")
    begun: list[str] = []
    page.on("request", lambda asked: begun.append(asked.url) if asked.method == "POST" else None)
    chosen = page.url.split("/")[-1]
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.locator(".row").first.wait_for()
    page.keyboard.press("4")
    page.keyboard.press("r")
    page.keyboard.press("j")
    expect(page.get_by_role("complementary", name="Jobs")).to_be_focused()
    assert page.url.endswith(chosen) and begun == []


def test_delete_goes_down_the_list_and_nowhere_else(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "a river")
    made(page, "/v1/generate", {"prompt": "a gong", "takes": 4})
    rows = listed(page, "gong")
    expect(rows).to_have_count(4)
    names = [row.locator(".row-play").get_attribute("aria-label") for row in rows.all()]
    rows.nth(1).locator(".row-play").click()
    for left in ([0, 2, 3], [0, 3], [0], []):
        page.keyboard.press("Delete")
        expect(rows).to_have_count(len(left))
        assert [row.locator(".row-play").get_attribute("aria-label") for row in rows.all()] == [
            names[at] for at in left
        ]
        if left:
            expect(page.locator(".row[aria-current] .row-play")).to_be_focused()
    begun: list[str] = []
    page.on("request", lambda asked: begun.append(asked.url) if asked.method == "POST" else None)
    page.keyboard.press("Delete")  # nothing is chosen
    page.keyboard.press("j")
    expect(page.get_by_role("complementary", name="Jobs")).to_be_focused()
    assert begun == []
    assert len(asked(page, "/v1/clips?text=river")["clips"]) == 6


def test_a_sound_that_another_window_deletes_is_worked_on_no_more(page: "Page") -> None:
    from playwright.sync_api import expect

    (one,) = made(page, "/v1/generate", {"prompt": "a flute", "takes": 1})
    rows = listed(page, "flute")
    rows.first.locator(".row-length").click()
    beside = page.get_by_label("Chosen sound")
    expect(beside.get_by_role("button", name="Export")).to_be_visible()
    asked(page, "/v1/clips/delete", {"ids": [one]})
    expect(rows).to_have_count(0)
    expect(beside.get_by_text("Deleted", exact=True)).to_be_visible()
    for name in ("Export", "Star", "Open in the studio"):
        expect(beside.get_by_role("button", name=name)).to_have_count(0)
    beside.get_by_role("button", name="Restore").click()
    expect(beside.get_by_role("button", name="Export")).to_be_visible()
    expect(rows).to_have_count(1)
    rows.first.get_by_role("checkbox").check()
    page.get_by_label("Selection").get_by_role("button", name="Delete").click()
    expect(beside).to_contain_text("Choose a sound")


def test_what_was_deleted_before_is_not_there_to_undo(page: "Page") -> None:
    from playwright.sync_api import expect

    (one,) = made(page, "/v1/generate", {"prompt": "a lute", "takes": 1})
    rows = listed(page, "lute")
    rows.first.locator(".row-play").click()
    page.evaluate(HIDE, True)  # it hears of nothing
    asked(page, "/v1/clips/delete", {"ids": [one]})
    page.keyboard.press("Delete")
    toast(page, "deleted already").wait_for()
    expect(rows).to_have_count(0)
    page.keyboard.press("Control+z")
    page.get_by_role("status").get_by_text("Nothing to undo.").wait_for()


def test_a_list_without_what_it_could_show_says_why(page: "Page") -> None:
    from playwright.sync_api import expect

    made(page, "/v1/generate", {"prompt": "a harp", "takes": 1})
    rows = listed(page)
    page.get_by_label("Kind").select_option("Recordings")  # of which there is none
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows.first).to_contain_text("a harp")
    expect(page.get_by_label("Kind")).to_have_value("")


def test_two_windows_see_each_other(page: "Page", address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address.rstrip('/')}/#/library")
    other.get_by_label("Search").first.fill("seen by both")
    audition(page, "rain seen by both")
    other.locator(".row").nth(5).wait_for()
    other.close()


def test_more_windows_than_a_browser_has_connections_all_work(page: "Page", address: str) -> None:
    windows = [page.context.new_page() for _ in range(7)]  # a browser opens six to one server, for all together
    for window in windows:
        window.goto(f"{address.rstrip('/')}/#/library")
        window.get_by_label("Search").first.fill("seen by all")
    audition(page, "rain seen by all")
    for window in windows:
        window.locator(".row").nth(5).wait_for()


def test_a_window_without_shared_workers_hears_by_itself(page: "Page", address: str) -> None:
    from playwright.sync_api import expect

    other = page.context.new_page()
    other.add_init_script("delete window.SharedWorker")
    with other.expect_request(lambda asked: "/v1/events" in asked.url):  # that of a worker is not seen here
        other.goto(f"{address.rstrip('/')}/#/library")
    other.get_by_label("Search").first.fill("heard alone")
    expect(other.locator(".row")).to_have_count(0)
    made(page, "/v1/generate", {"prompt": "rain heard alone", "takes": 1})
    expect(other.locator(".row")).to_have_count(1)


def test_a_hidden_window_asks_for_no_sounds_and_catches_up(page: "Page") -> None:
    from playwright.sync_api import expect

    made(page, "/v1/generate", {"prompt": "hidden before", "takes": 1})
    rows = listed(page, "hidden")
    expect(rows).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    asked_for: list[str] = []
    page.evaluate(HIDE, True)
    page.on("request", lambda asked: asked_for.append(asked.url) if "/v1/clips" in asked.url else None)
    made(page, "/v1/generate", {"prompt": "hidden meanwhile", "takes": 2})
    other.get_by_label("Search").first.fill("hidden")
    expect(other.locator(".row")).to_have_count(3)  # it was told, and so was the hidden one
    expect(rows).to_have_count(1)
    assert asked_for == []
    page.evaluate(HIDE, False)
    expect(rows).to_have_count(3)
