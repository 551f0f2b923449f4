"""`docs/reproduction.md`: every figure beside the paper's, and whether its trend holds here."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reproduction.files import write_text
from reproduction.picture import save_grid
from reproduction.tables import Figures, Section, all_sections
from reproduction.verdicts import Verdict, together

RULE = """The answers are computed. Figures are the mean and the standard deviation over three seeds (of training and of
the takes' noise for trained students; of the noise for the shipped student and the teacher). Of two sets of figures one
is better when the means differ by more than the root of the sum of both squared deviations; within it the answer is
"unclear". "Reaches", "no worse" and "comparable" allow for a difference within it. A trend of several comparisons holds
when each does; one "no" makes it a "no"."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown lines."""
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def answer(verdicts: Sequence[Verdict]) -> str:
    """A sentence."""
    count = Counter(verdicts)
    compared = f"{len(verdicts)} comparisons"
    match together(verdicts):
        case "yes":
            return f"Yes: all {compared} hold."
        case "no":
            others = f"{count['yes']} hold, {count['unclear']} are unclear"
            return f"No: of {compared}, {count['no']} go the other way, {others}."
        case _:
            return (
                f"Unclear: of {compared}, {count['unclear']} lie within the spread of the seeds, {count['yes']} hold."
            )


def section(part: Section) -> list[str]:
    """Heading, table, answer, and the comparisons behind it."""
    lines = [f"## {part.title}", "", part.intro, "", *table(part.header, part.rows), ""]
    lines += [part.after, ""] if part.after else []
    lines += [f"**Does the paper's trend hold here?** {answer([claim.verdict for claim in part.claims])}", ""]
    lines += [f"- {claim.finding}: {claim.verdict} ({claim.figures})" for claim in part.claims]
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
        "`configs/reproduce/student.toml`; minutes of one core each, far from converged",
        "Takes": f"{takes} under each setting ({settings['grid_takes']} in each cell of the grid), one for each "
        f"caption of the reference's first clips; omega {figures['omega']:g}, nu 1 and gamma 0 unless said otherwise; "
        "the same noise for every student and every number of steps",
        "Reference": f"{settings['reference']} procedural clips of single classes, with seeds that no training uses",
        "Evaluator": f"that of the package (hash `{settings['evaluator_hash']}`), trained on real and procedural "
        f"sounds; the model's training never saw it. It recognises {figures['recognised']:.2f} of the reference. FD is "
        "the Frechet distance between the embeddings of takes and reference, class agreement the share of takes to "
        "which it gives the prompt's class. The paper's measures are others: compare trends, not numbers",
        "Scale of FD": f"{takes} other procedural clips have {figures['floor']:.1f}, reconstructions of {takes} "
        f"reference clips by the autoencoder {figures['reconstructed']:.1f}",
    }


def costs(figures: Figures) -> list[str]:
    """What the trainings took."""
    rows = []
    for name, run in figures["training"].items():
        minutes = [seconds / 60 for seconds in run["seconds"]]
        memory = f"{sum(run['peak_mib']) / len(minutes):.0f}"
        rows.append([name, ", ".join(f"{each:.1f}" for each in minutes), memory])
    return [
        "## What the trainings took", "",
        "On one thread each, several at a time.", "",
        *table(("student", "minutes, by seed", "peak MiB"), rows), "",
    ]  # fmt: skip


def text(figures: Figures) -> str:
    """The whole page."""
    lines = head(figures)
    sections = all_sections(figures)
    answers = [[part.title, together([claim.verdict for claim in part.claims])] for part in sections]
    lines += ["## In short", "", *table(("the paper's trend", "holds here"), answers), ""]
    for part in sections:
        lines += section(part)
    lines += costs(figures)
    return "\n".join(lines)


def write(figures: Figures, docs: Path) -> list[Path]:
    """Write the picture and the page."""
    picture = save_grid(figures["grid"], docs / "images" / "reproduction_grid.png")
    return [picture, write_text(docs / "reproduction.md", text(figures))]
