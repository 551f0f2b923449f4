"""`docs/reproduction.md`: every figure beside the paper's, and whether its trend holds here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reproduction import deviations
from reproduction.files import write_text
from reproduction.losses import adversarial, denoising, distance
from reproduction.picture import save_grid
from reproduction.sampling import guidance, steps, stochastic
from reproduction.section import Figures, Section
from reproduction.verdicts import MARGIN, Outcome, Statement, counted

RULE = f"""Figures are the mean and the standard deviation over three seeds (of training and of the takes' noise for
trained students; of the noise alone for the shipped student and the teacher). **The answers are computed**: compared
figures share their seeds, so a comparison looks at the difference within each seed and says "better" when the mean
difference exceeds twice its standard error (with three seeds, all of them must then agree), "unclear" otherwise. "No
worse", "reaches" and "comparable" are a "yes" only where a disadvantage (or difference) above {MARGIN:.0%} lies beyond
twice the standard error, a "no" where one is sure but not that it is so small, and else "unclear". Three seeds are few:
without any difference, chance says "yes" once in eleven comparisons, and "no" as often."""
HEADS: dict[Outcome, str] = {"yes": "Holds", "in part": "Holds in part", "no": "Does not hold", "unclear": "Unclear"}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown lines."""
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def with_count(statement: Statement) -> str:
    """A statement; where it has several comparisons that do not all hold, also how many do."""
    plain = statement.outcome == "yes" or len(statement.claims) == 1
    return statement.words if plain else f"{statement.words} ({counted(statement.verdicts)})"


def in_short(part: Section) -> str:
    """What holds of a trend and what does not, as one line."""
    said = [
        f"{head}: {'; '.join(map(with_count, those))}."
        for outcome, head in HEADS.items()
        if (those := [statement for statement in part.statements if statement.outcome == outcome])
    ]
    return f"- **{part.title}: {part.outcome}.** {' '.join(said)}"


def section(part: Section) -> list[str]:
    """Heading, table, answer, and the comparisons behind it."""
    lines = [f"## {part.title}", "", part.intro, "", *table(part.header, part.rows), ""]
    for note in part.notes:
        lines += [note, ""]
    answer = part.outcome.capitalize()
    lines += [f"**Does the paper's trend hold here?** {answer}: {counted(part.verdicts)}.", ""]
    for statement in part.statements:
        lines.append(f"- {statement.words}: **{statement.outcome}**")
        lines += [f"  - {each.finding}: {each.verdict} ({each.figures})" for each in statement.claims]
    return [*lines, ""]


def head(figures: Figures) -> list[str]:
    """Title, how it was made, what was measured on what, and the rule."""
    settings: dict[str, Any] = figures["settings"]
    lines = [
        "# Reproduction of the paper's findings on the embedded model",
        "",
        "Written by `make reproduce`, which trains what follows and measures it: about two hours on four cores at "
        "`SCALE=1`. It goes on where it was stopped. `make reproduce SCALE=4 REPRODUCTION=runs/four` has four "
        "times the clips, training steps and takes.",
        "",
    ]
    if settings["scale"] < 1:
        lines += [f"**This run had a scale of {settings['scale']:g}: it shows that the program runs, no more.**", ""]
    return [*lines, *(f"- **{name}**: {words}" for name, words in facts(figures, settings).items()), "", RULE, ""]


def facts(figures: Figures, settings: dict[str, Any]) -> dict[str, str]:
    """What was trained, made, compared, and with what."""
    training, takes = settings["training"], settings["takes"]
    optimizer, name = training["optimizer"], Path(settings["model"]).name
    versions = ", ".join(f"{package} {number}" for package, number in settings["versions"].items())
    return {
        "Model": f"`{name}`, hash `{settings['model_hash']}`, teacher `{settings['teacher_hash']}`; {versions}",
        "Students": f"distilled from the model's teacher on {settings['clips']:,} procedural clips, "
        f"{settings['steps']} steps of {training['batch']} clips with {optimizer['name']} "
        f"{optimizer['learning_rate']:g} ({training['precision']}), from the teacher's weights, everything else as in "
        "`configs/reproduce/student.toml`; minutes of one core each, far from converged. The sections about steps, nu, "
        "omega and gamma take the model's own student, which was trained for longer",
        "Takes": f"{takes} under each setting ({settings['grid_takes']} in each cell of the grid), one for each "
        f"caption of the reference's first clips; omega {figures['omega']:g}, nu 1 and gamma 0 unless said otherwise; "
        "the same noise for every student and every number of steps. All steps lie on the paper's grid of noise "
        "levels, also where `generate` lands the first one elsewhere to keep content (`sigma_first`, refining.md)",
        "Reference": f"{settings['reference']} procedural clips of single classes, with seeds that no training uses",
        "Evaluator": f"that of the package (hash `{settings['evaluator_hash']}`), trained on real and procedural "
        f"sounds; the model's training never saw it. It recognises {figures['recognised']:.2f} of the reference. FD is "
        "the Frechet distance between the embeddings of takes and reference, class agreement the share of takes to "
        "which it gives the prompt's class. The paper's measures are others: compare trends, not numbers",
        "Scale of FD": f"{takes} other procedural clips have {figures['floor']:.1f}, reconstructions of {takes} "
        f"reference clips by the autoencoder {figures['reconstructed']:.1f}",
    }


def costs(figures: Figures) -> list[str]:
    """What everything took."""
    rows = []
    for name, run in figures["training"].items():
        minutes = [seconds / 60 for seconds in run["seconds"]]
        memory = f"{sum(run['peak_mib']) / len(minutes):.0f}"
        rows.append([name, ", ".join(f"{each:.1f}" for each in minutes), memory])
    kinds = figures["minutes"]
    takes = kinds["takes"] + kinds["grid"]
    return [
        "## What it took", "",
        f"In all {sum(kinds.values()):.0f} minutes of one core at most: {kinds['train']:.0f} for the trainings, "
        f"{takes:.0f} for the takes and listening to them ({kinds['grid']:.0f} of them for the grid), the rest for "
        "data. Each piece ran on one thread, several at a time beside other programs; pieces from before the program "
        "took the processor's time count with that on the clock, waiting for a core included.", "",
        *table(("student", "minutes by the clock, by seed", "peak MiB"), rows), "",
    ]  # fmt: skip


def departures(figures: Figures) -> list[str]:
    """Where the setup is not the paper's."""
    about = "That of the trained students. How the model's own was trained stands in its card."
    rows = table(deviations.HEADER, deviations.rows(figures))
    return ["## Where this is not the paper's setup", "", about, "", *rows, ""]


def all_sections(figures: Figures) -> list[Section]:
    """In the order of the page."""
    return [make(figures) for make in (distance, steps, denoising, adversarial, guidance, stochastic)]


def text(figures: Figures) -> str:
    """The whole page."""
    sections = all_sections(figures)
    lines = [*head(figures), "## In short", "", "Does the paper's trend hold here?", ""]
    lines += [*map(in_short, sections), ""]
    lines += [f"In all, {counted([verdict for part in sections for verdict in part.verdicts])}.", ""]
    for part in sections:
        lines += section(part)
    return "\n".join([*lines, *departures(figures), *costs(figures)])


def write(figures: Figures, docs: Path) -> list[Path]:
    """Write the picture and the page."""
    picture = save_grid(figures["grid"], docs / "images" / "reproduction_grid.png")
    return [picture, write_text(docs / "reproduction.md", text(figures))]
