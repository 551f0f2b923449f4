"""A day's work in the studio, in a real browser: type, audition, pick, refine, draw, export, come back."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soundctm import Clip, Recipe
from tests.studio.driving import asked, audition, cards, ended, has_takes, listed, made, toast
from tests.studio.picturing import picture_all

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_from_words_to_a_file_and_back(page: "Page", tmp_path: Path, picture: Path | None) -> None:
    from playwright.sync_api import expect

    audition(page, "footsteps on gravel")
    page.keyboard.press("Escape")  # out of the field, to the takes
    page.keyboard.press("3")
    assert page.locator(".card").nth(2).get_attribute("aria-current") == "true"

    page.keyboard.press("r")
    compare = page.get_by_role("group", name="Compare")
    alike = compare.locator("output")
    alike.wait_for()
    assert alike.inner_text().replace(".", "").isdigit()
    if picture:
        picture_all(page, picture)
    heard = compare.locator(".segment[aria-pressed=true]")
    before = heard.inner_text()
    page.keyboard.press("x")
    expect(heard).not_to_have_text(before)

    with page.expect_download() as download:
        listed(page)
        page.get_by_role("checkbox", name="Select footsteps on gravel, take 3, 1 step").check()
        page.get_by_role("checkbox", name="Select footsteps on gravel, take 2, 1 step").check()
        page.get_by_role("group", name="Selection").get_by_role("button", name="Export").click()
        page.get_by_role("dialog").get_by_label("44.1 kHz").check()
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    recipe = exported(path, tmp_path)
    assert recipe.prompt == "footsteps on gravel" and recipe.take in (1, 2)

    page.reload()
    listed(page, "gravel")
    name = f"Play footsteps on gravel, take {recipe.take + 1}, 1 step, seed {recipe.seed}"
    expect(page.get_by_role("button", name=name, exact=True)).to_have_count(1)  # that very take
    assert page.locator(".row").count() == 7  # six takes, and one refined


def exported(path: Path, folder: Path) -> Recipe:
    """The recipe of the first sound of an archive."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".wav"))
        clip = Clip.load(archive.extract(name, folder))
    assert clip.recipe is not None and clip.sample_rate == 44100
    return clip.recipe


def test_a_drawn_curve_shapes_the_very_take(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "thunder")
    cards(page).nth(3).click()
    page.get_by_label("Describe a sound").fill("")
    page.get_by_label("Guidance ω, number").fill("4")  # the take has its own, whatever the settings say
    page.get_by_role("tab", name="Shape").click()
    box = page.locator(".curve-editor svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] * 0.8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] * 0.2, steps=12)
    page.mouse.up()
    assert page.locator(".handle").count() >= 2
    with page.expect_response(lambda answer: "/v1/shape" in answer.url) as answer:
        page.get_by_role("button", name="Make takes to the curve").click()
    first, _ = (asked(page, f"/v1/clips/{each}") for each in ended(page, answer.value.json()["id"])["clips"])
    take = asked(page, f"/v1/clips/{page.url.split('/')[-1]}")
    assert first["parents"] == [take["id"]]
    assert [first[key] for key in ("prompt", "seed", "take", "omega", "seconds")] == [
        take[key] for key in ("prompt", "seed", "take", "omega", "seconds")
    ]
    (target,) = first["recipe"]["targets"]
    assert target["feature"] == "intensity"
    levels = [level for _, level in target["points"] if level is not None]
    assert levels[0] < levels[-1]
    expect(page.locator(".relative", has_text="to the curve")).to_have_count(2)


def test_changed_words_cancel_what_was_asked_before(page: "Page") -> None:
    page.get_by_label("Steps, number").fill("32")
    page.get_by_label("Length, number").fill("30")
    field = page.get_by_label("Describe a sound")
    with page.expect_response(lambda answer: "/v1/generate" in answer.url) as first:
        field.fill("a bell")
    with page.expect_response(lambda answer: "/v1/generate" in answer.url) as second:
        field.fill("three slow knocks")
    field.fill("")
    for answer in (first.value, second.value):
        assert ended(page, answer.headers["location"].split("/")[-1])["state"] == "cancelled"


def test_a_held_key_begins_one_job(page: "Page") -> None:
    audition(page, "a drum")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    begun: list[str] = []
    page.on("request", lambda asked: begun.append(asked.url) if asked.url.endswith("/v1/refine") else None)
    for _ in range(6):
        page.keyboard.down("r")
    page.keyboard.up("r")
    page.get_by_role("group", name="Compare").wait_for()
    assert len(begun) == 1


def test_deleted_takes_come_back_each_by_its_own_message(page: "Page") -> None:
    from playwright.sync_api import expect

    audition(page, "rain")
    for name in ("first", "second"):
        cards(page).first.click()
        page.locator(".sound-head .name-button").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.keyboard.press("Enter")
        expect(page.locator(".sound-head .name-button")).to_have_text(name)
        cards(page).first.focus()
        page.keyboard.press("Delete")
        toast(page, f"{name} deleted").wait_for()
    has_takes(page, 4)
    toast(page, "first deleted").get_by_role("button", name="Undo").click()
    toast(page, "first restored").wait_for()
    has_takes(page, 5)
    page.keyboard.press("Control+z")
    toast(page, "second restored").wait_for()
    has_takes(page, 6)
    page.keyboard.press("Control+z")  # nothing is left
    has_takes(page, 6)


def test_a_number_that_is_wiped_out_stays_what_it_was(page: "Page") -> None:
    for label in ("Guidance ω, number", "Takes, number"):
        field = page.get_by_label(label)
        before = field.input_value()
        assert float(before) > 0
        field.fill("")
        page.keyboard.press("Tab")
        assert field.input_value() == before


def test_controls_that_are_set_for_a_take_make_it_again(page: "Page") -> None:
    from playwright.sync_api import expect

    sixth = made(page, "/v1/generate", {"prompt": "a cuckoo", "takes": 6})[5]
    page.get_by_label("Takes, number").fill("2")
    page.keyboard.press("Tab")
    listed(page, "cuckoo").filter(has_text="take 6").locator(".row-length").click()
    page.get_by_role("button", name="Set the controls as they were").click()
    page.keyboard.press("g")
    has_takes(page, 6)
    page.locator(".takes[aria-busy=false]").wait_for()
    cards(page).nth(5).click()
    expect(page.locator(".sound-head")).to_contain_text("take 6")
    again, before = (page.request.get(f"{page.url.split('#')[0]}v1/clips/{each}/audio?download=1").body()
                     for each in (page.url.split("/")[-1], sixth))  # fmt: skip
    assert again == before


def test_a_bad_file_keeps_no_good_one_out(page: "Page", tmp_path: Path, complaints: list[str]) -> None:
    audition(page, "a stream")
    take = page.url.split("/")[-1]
    (edit,) = made(page, "/v1/edit/fill", {"clip": take, "start": 0.4, "end": 0.6, "steps": 2})
    base = page.url.split("#")[0]
    names = {"bad.wav": b"nonsense" * 100}
    names["edit.flac"] = page.request.get(f"{base}v1/clips/{edit}/audio?format=flac").body()
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    listed(page)
    page.locator("input[type=file]").set_input_files([tmp_path / name for name in names])
    toast(page, "bad.wav: ").wait_for()
    toast(page, "Not restored, as no control says it: the edit (fill)").wait_for()
    assert len(asked(page, "/v1/clips?kind=upload")["clips"]) == 1
    assert len(complaints) == 1 and "415" in complaints.pop()  # the browser tells its console of a refusal
