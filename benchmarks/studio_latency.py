"""In a real browser: from the last key to the first audible take, to six takes, and from R to the refined take.

`python studio_latency.py --runs 15 --out ../docs/figures/studio_latency.json`

Needs `pip install playwright` and a Chromium on the path. A take is audible when the page has started its source node
and the browser's own output delay, which it tells, has passed.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright
from serving import served

from soundctm.audio.io import write_atomically
from soundctm.conditioning.counts import WORDS as SPELLED

PAUSE = 0.25  # seconds without a key after which the page asks for takes
WORDS = ("a dog barking", "heavy rain", "knocks", "an alarm beeping", "thunder", "a bell", "wind", "footsteps")
COUNTED = ("knocks", "barks", "gunshots", "honks", "drips", "beeps", "footsteps")  # after a number: takes are chosen
NUMBERS = SPELLED[:5]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Notes in the page when the last key came and when a sound began, in milliseconds of the page's clock.
WATCH = """
window.seen = {key: 0, sound: 0};
addEventListener("input", () => { seen.key = performance.now(); seen.sound = 0; }, true);
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  const delay = 1000 * ((this.context.baseLatency || 0) + (this.context.outputLatency || 0));
  if (!seen.sound && this.context instanceof AudioContext) seen.sound = performance.now() + delay;
  return start.apply(this, when);
};
"""


def awaited(page: Page, question: str) -> float:
    """Ask the page until it answers with a number above 0."""
    while not (answer := float(page.evaluate(question))):
        time.sleep(0.005)
    return answer


def audition(page: Page, words: str) -> tuple[float, float]:
    """Seconds from the last key to the first audible take, and until all six are there."""
    field = page.get_by_label("Describe a sound")
    field.fill("")
    field.press_sequentially(words, delay=30)
    heard = awaited(page, "() => seen.sound")
    six = "() => document.querySelectorAll('.card:not(.stale) .card-play').length === 6 ? performance.now() : 0"
    all_there = awaited(page, six)
    key = float(page.evaluate("() => seen.key"))
    page.locator(".takes[aria-busy=false]").wait_for()
    return (heard - key) / 1e3, (all_there - key) / 1e3


COMPARED = """() => {
    addEventListener("keydown", () => (seen.refined = performance.now()), { once: true, capture: true });
    const watcher = new MutationObserver(() => {
        if (!document.querySelector('[aria-label="Compare"]')) return;
        seen.compared = performance.now();
        watcher.disconnect();
    });
    watcher.observe(document.body, { childList: true, subtree: true });
}"""


def refine(page: Page) -> float:
    """Seconds from the key R to the take in sixteen steps beside its ancestor."""
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.evaluate(COMPARED)  # in the page: from outside one looks every half a second only
    page.keyboard.press("r")
    compare = page.get_by_role("group", name="Compare")
    compare.wait_for()
    taken = float(page.evaluate("() => seen.compared - seen.refined")) / 1e3
    page.keyboard.press("Escape")
    expect(compare).to_have_count(0)
    return taken


def words(run: int, counted: bool) -> str:
    """What is typed, each time something new."""
    if counted:
        return f"{NUMBERS[run % len(NUMBERS)]} {COUNTED[run % len(COUNTED)]}"
    return f"{WORDS[run % len(WORDS)]} {run}"


def measured(page: Page, runs: int, counted: bool) -> dict[str, list[float]]:
    """All times of all runs; the first run warms up."""
    times: dict[str, list[float]] = {"first audible": [], "six takes": [], "refined": []}
    for run in range(runs + 1):
        first, six = audition(page, words(run, counted))
        found = {"first audible": first, "six takes": six, "refined": refine(page)}
        for name, seconds in found.items() if run else ():
            times[name].append(seconds)
    return times


def in_browser(address: str, action: Callable[[Page], Any]) -> Any:
    """An action on the page, with takes played as one types."""
    if CHROMIUM is None:
        raise SystemExit("no Chromium on the path; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto(address)
        page.get_by_label("Play as I type").check()
        result = action(page)
        browser.close()
    return result


def main() -> None:
    """Serve, drive, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--counted", action="store_true", help="prompts that say a number, two to six")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as library, served("studio", "--no-open", "--library", library) as (address, _):
        times = in_browser(address, lambda page: measured(page, arguments.runs, arguments.counted))
    figures = {
        name: {"median_ms": round(1e3 * median(each)), "slowest_ms": round(1e3 * max(each))}
        for name, each in times.items()
    }
    text = json.dumps({"runs": arguments.runs, "pause_ms": round(1e3 * PAUSE), **figures}, indent=1)
    write_atomically(arguments.out, lambda file: file.write(text.encode()))
    print(text)


if __name__ == "__main__":
    main()
