"""Figures to `docs/figures/control.json`, pictures to `docs/images`, and the figures' part of `docs/control.md`."""

from pathlib import Path

from reproduction.files import write_json, write_text
from reproduction.page import table

from control_figures.place import Figures, Place
from control_figures.section import Claim, Section
from control_figures.work import EXPERIMENTS
from soundctm.errors import UserError

BEGIN, END = "<!-- figures: written by benchmarks/control.py -->", "<!-- end of figures -->"


def collect(place: Place) -> Figures:
    """What every experiment found; None for what is not measured."""
    return {
        "model": Path(place.model_name).name,
        "made_with": place.made_with,
        "sizes": vars(place.sizes),
        "experiments": {name_of(module.__name__): module.summary(place) for module in EXPERIMENTS},
    }


def name_of(module: str) -> str:
    """``intensity`` of ``control_figures.intensity``."""
    return module.rpartition(".")[2]


def sections(figures: Figures) -> dict[str, Section | None]:
    """The sections of the page by experiment."""
    found = figures["experiments"]
    names = {name_of(module.__name__): module for module in EXPERIMENTS}
    return {name: None if found[name] is None else names[name].section(found[name]) for name in names}


def text(figures: Figures) -> str:
    """The generated part of the page."""
    made, sizes = figures["made_with"], figures["sizes"]
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    every = sections(figures)
    missing = [name for name, section in every.items() if section is None]
    lines = [
        f"Model `{figures['model']}`, hash `{made['model_hash']}`; evaluator hash `{made['evaluator_hash']}`; "
        f"{versions}.",
        "",
    ]
    if sizes["prompts"] < 20:
        lines += [f"**A quick run ({sizes['prompts']} prompts): it shows that the program runs, no more.**", ""]
    if missing:
        lines += [f"Not measured for this model: {', '.join(missing)}.", ""]
    lines += [*table(("experiment", "what", "wanted", "measured", ""), rows(every)), ""]
    for section in every.values():
        lines += section.lines() if section is not None else []
    return "\n".join(lines).rstrip() + "\n"


def rows(every: dict[str, Section | None]) -> list[list[str]]:
    """One line for each claim of each section."""
    found: list[tuple[str, Claim]] = [(s.title, claim) for s in every.values() if s is not None for claim in s.claims]
    return [[title, c.what, c.wanted, c.measured, c.verdict] for title, c in found]


def put_between(page: str, part: str) -> str:
    """The page with ``part`` between its two markers. Raises UserError where it does not have both, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"the page must hold the lines {BEGIN} and {END}; put them where the figures belong")
    return f"{before}{BEGIN}\n\n{part}\n{END}{after}"


def page_in(docs: Path) -> str:
    """The page, ready to be filled. Raises UserError where it is missing or has no place for figures."""
    path = docs / "control.md"
    if not path.is_file():
        raise UserError(f"{path} is missing; give --docs the folder that holds control.md")
    whole = path.read_text(encoding="utf-8")
    put_between(whole, "")
    return whole


def write(place: Place, docs: Path) -> list[Path]:
    """Figures, pictures and page; what was written."""
    figures = collect(place)
    whole = put_between(page_in(docs), text(figures))
    for module in EXPERIMENTS:
        if figures["experiments"][name_of(module.__name__)] is not None:
            module.draw(place, docs / "images")
    write_json(docs / "figures" / "control.json", figures)
    return [docs / "figures" / "control.json", write_text(docs / "control.md", whole)]
