"""Turns `docs/figures/figures.json` and `benchmark_mini.json` into `docs/figures.md`: `python benchmarks/report.py`."""

import json
import re
from pathlib import Path
from typing import Any

from soundctm.metrics.evaluator import SHIPPED

DOCS = Path(__file__).parent.parent / "docs"
BASELINES = SHIPPED / "figures.json"

# question -> (heading, what is wanted)
WANTED = {
    "esc10 recognised, 1 steps": "at least 0.80",
    "esc10 recognised, 16 steps": "at least 0.85",
    "procedural recognised, 1 steps": "at least 0.90",
    "procedural recognised, 16 steps": "at least 0.93",
    "unseen words recognised, 1 steps": "at least 0.70",
    "unseen words recognised, 16 steps": "at least 0.70",
    "attributes, 1 steps": "each at least 0.85",
    "attributes, 16 steps": "each at least 0.85",
    "counts of knocks, 1 steps": "each at least 0.60",
    "counts of knocks, 16 steps": "each at least 0.60",
    "counts as drawn, 1 steps": "not asked for",
    "counts as drawn, 16 steps": "not asked for",
    "order, 1 steps": "at least 0.75",
    "order, 16 steps": "at least 0.75",
    "content kept": "gamma 0.0 at most 0.5, gamma 0.5 above it",
    "content kept, in spectrograms": "as above; not asked for",
    "distance to held-out recordings": "takes within 3 x of the reconstructions",
    "frechet over the teacher's": "as near to 1 as can be",
}


# How the figures depend on phrases.json; by hand, as it was measured.
PHRASES = """Unseen words are understood by replacement: the prompt becomes the nearest learnt caption (`phrases.json`).
In every other row no prompt has an unlearnt word, so none is replaced (`tests/test_shipped.py`)."""

# What was seen in them; written by hand with each new model.
PICTURES = """Reconstructions keep events, harmonics and textures; thin lines at high frequencies soften. Takes have
the right colour of sound and the right kind of events: barks, a baby's cry and a rooster's crow with their partials,
one sneeze and the silence after it; textures last to the end. One step smears onsets and fine structure, which sixteen
steps sharpen: the same events, in the same places, partial by partial. What is wrong is rhythm: the clock ticks
unevenly, the helicopter's blades do not beat. A fire far quieter than the recording is wrong as well."""


def brief(value: object) -> str:
    """One line for the table."""
    if isinstance(value, dict):
        if "all" in value:
            return f"{value['all']:.2f}"
        parts = [f"{name} {brief(item)}" for name, item in value.items()]
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(brief(item) for item in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def worst_and_best(value: dict[str, float]) -> str:
    """Classes in order of their rate."""
    rates = sorted(((rate, name) for name, rate in value.items() if name != "all"), reverse=True)
    return ", ".join(f"{name} {rate:.1f}" for rate, name in rates)


def read(name: str) -> dict[str, Any]:
    """A file of figures."""
    found: dict[str, Any] = json.loads((DOCS / "figures" / name).read_text())
    return found


def speed(benchmark: dict[str, Any], model_hash: str) -> str:
    """Prompt to samples, in a sentence: medians of 1 and 16 steps; and of which weights, where they are others."""
    ours = {variant["steps"]: variant for variant in benchmark["variants"] if variant["path"] == "ours"}
    one, sixteen = (1000 * ours[steps]["spread"]["median"] for steps in (1, 16))
    weights = "" if benchmark["model"]["hash"] == model_hash else f", with weights `{benchmark['model']['hash']}`"
    return (
        f"Prompt to samples, warm, {benchmark['model']['seconds']:g} s of audio on {benchmark['machine']['cores']} CPU "
        f"cores (`soundctm benchmark`): {one:.1f} ms in 1 step, {sixteen:.1f} ms in 16 (medians of "
        f"{benchmark['settings']['repeats']}; decoding takes {1000 * ours[1]['stages']['decoder']:.1f} ms{weights})."
    )


def ratios(distances: dict[str, dict[str, float]]) -> str:
    """How far takes are, in reconstructions, and what smaller samples say."""
    base = distances["reconstructions"]["frechet"]
    takes = {name.removeprefix("takes, "): each for name, each in distances.items() if name.startswith("takes")}
    times = ", ".join(f"{each['frechet'] / base:.2f} x in {name}" for name, each in takes.items())
    few = ", ".join(f"{each['of 100']:.1f} in {name}" for name, each in takes.items())
    return (
        f"Over the Frechet distance of reconstructions, that of takes is {times}. Of fewer sounds it is larger, "
        "however good they are (reconstructions are of the very recordings that they are held against): of 100 "
        f"training clips it is {distances['training clips (floor)']['of 100']:.1f}, of 100 takes {few} (ten a class, "
        "means of 20 draws)."
    )


def classes(figures: dict[str, Any]) -> list[str]:
    """A paragraph for each question that is asked of every class."""
    asked = {name: value for name, value in figures.items() if isinstance(value, dict) and "all" in value}
    return [line for name, value in asked.items() for line in (f"**{name}**: {worst_and_best(value)}", "")]


def main() -> None:
    """Write the page."""
    figures = read("figures.json")
    evaluator = json.loads(BASELINES.read_text())
    measured = {name: brief(figures[name]) if name in figures else "not measured" for name in WANTED}
    lines = [
        "# Figures of the embedded model",
        "",
        f"Model hash `{figures['model hash']}`. Measured by `python benchmarks/evaluate.py "
        "--data FOLDER` and written by `python benchmarks/report.py`.",
        "",
        "The evaluator was trained on real and procedural sounds only; it recognises "
        f"{evaluator['real']:.3f} of the held-out real clips (fold 5 of ESC-10) and {evaluator['procedural']:.3f} of "
        "fresh procedural ones.",
        "",
        "| question | wanted | measured |",
        "|---|---|---|",
        *(f"| {name} | {wanted} | {measured[name]} |" for name, wanted in WANTED.items()),
        "",
        speed(read("benchmark_mini.json"), figures["model hash"]),
        "",
        "Rows of 1 and 16 steps used 10 takes a prompt; pairs, 20; counts, 60; order, 4; distances, 32: as many takes "
        "in all as the floor has clips, 320.",
        "",
        ratios(figures["distance to held-out recordings"]),
        "",
        *(PHRASES, "", "## What the pictures show", "", PICTURES, "", "## Class by class", ""),
        *classes(figures),
        *("![ten classes](images/ten_classes.png)", ""),
    ]
    (DOCS / "figures.md").write_text(re.sub(r"\b1 steps\b", "1 step", "\n".join(lines)))


if __name__ == "__main__":
    main()
