"""The sections of the page: figures here beside the paper's, and the claims about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reproduction import paper
from reproduction.variants import AS_IN_TABLE_2, MANY, TEACHER_STEPS
from reproduction.verdicts import Claim, Values, against, alike, better, not_worse, shown

Figures = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A table of the page. ``claims`` together are the paper's trend."""

    title: str
    intro: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    claims: Sequence[Claim]
    after: str = ""


def here(measures: dict[str, list[float]]) -> list[str]:
    """The two cells of takes: Frechet distance, class agreement."""
    return [shown(measures["fd"], 1), shown(measures["agreement"])]


HERE = ("FD ↓", "class agreement ↑")


def distance(figures: Figures) -> Section:
    """Table 1."""
    trained = figures["variants"]
    names = {"l2_0": "l2 at 0", "l2_s": "l2 at s", "d_teacher": "d_teacher"}
    rows = [["teacher", "40", *here(figures["teacher"]), *paper.TABLE_1["teacher"]]]
    rows += [[name, "1", *here(trained[key]["1"]), *paper.TABLE_1[key]] for key, name in names.items()]
    rows += [[name, "16", *here(trained[key]["16"]), *["-"] * 4] for key, name in names.items()]
    claims = []
    for key in ("l2_0", "l2_s"):
        for measure, words, low in (("fd", "FD", True), ("agreement", "class agreement", False)):
            first, second = trained["d_teacher"]["1"][measure], trained[key]["1"][measure]
            finding = f"in 1 step, {words} with d_teacher is better than with {names[key]}"
            claims.append(against(finding, better(first, second, low), first, second))
    return Section(
        "Distance of the CTM loss (Table 1)",
        "Students that differ in the distance alone. The paper evaluates 1 step; 16 steps are added here.",
        ("distance", "steps", *HERE, "paper: FAD", "KL", "IS", "CLAP"), rows, claims,
    )  # fmt: skip


def steps(figures: Figures) -> Section:
    """Tables 2 and 3."""
    rows = []
    for name, measures in {"teacher, 40 Heun": figures["teacher"], **figures["shipped"]}.items():
        count = 40 if "teacher" in name else int(name.partition(",")[0])
        seconds = f"{np.mean(measures['seconds']):.2f}"
        rows.append([name, *here(measures), seconds, *paper.TABLE_2[count], *paper.TABLE_3[count]])
    claims = []
    for measure, words, low in (("fd", "FD", True), ("agreement", "class agreement", False)):
        one, plain, many = (figures["shipped"][label][measure] for label in ("1", "16", AS_IN_TABLE_2.label))
        teacher = figures["teacher"][measure]
        nu = f"at nu {AS_IN_TABLE_2.nu:g}"
        claims.append(against(f"16 steps have a better {words} than 1", better(plain, one, low), plain, one))
        claims.append(against(f"16 steps {nu} have a better {words} than 1", better(many, one, low), many, one))
        finding = f"16 steps {nu} reach the {words} of the teacher's {TEACHER_STEPS}"
        claims.append(against(finding, not_worse(many, teacher, low), many, teacher))
    return Section(
        "Steps, and the teacher (Tables 2 and 3)",
        "The model's own student, with nu 1 where nothing else is said; the paper raises nu in 8 and 16 steps. Seconds "
        "are those of one take, with its decoding, on one thread beside others; the paper's, on an H100.",
        ("steps", *HERE, "s per take", "Table 2: omega", "nu", "FAD", "KL", "IS", "CLAP", "Table 3: omega", "nu", "FD",
         "KL", "CLAP", "s per take"), rows, claims,
    )  # fmt: skip


def denoising(figures: Figures) -> Section:
    """Table 11."""
    with_it, without = figures["variants"]["d_teacher"], figures["variants"]["no_dsm"]
    rows = []
    for has, measures in ((False, without), (True, with_it)):
        for label in ("1", "8", "16", MANY.label):
            numbers = paper.TABLE_11[has, int(label.partition(",")[0])]
            rows.append(["with" if has else "without", label, *here(measures[label]), *numbers])
    a, b = with_it["1"]["fd"], without["1"]["fd"]
    claims = [against("in 1 step, FD is comparable with and without", alike(a, b), a, b)]
    for many in ("8", "16", MANY.label):
        a, b = with_it[many]["fd"], without[many]["fd"]
        steps_and_nu = many.replace(",", " steps at") if "," in many else f"{many} steps"
        claims.append(against(f"in {steps_and_nu}, FD is better with the DSM loss", better(a, b), a, b))
    return Section(
        "DSM loss (Table 11)",
        "nu is 1 where nothing else is said; the paper has 5 in 8 and 16 steps.",
        ("DSM loss", "steps", *HERE, "paper: nu", "FD", "KL", "CLAP"), rows, claims,
    )  # fmt: skip


def adversarial(figures: Figures) -> Section:
    """Table 6."""
    trained, runs = figures["variants"], figures["training"]
    kinds = {False: "d_teacher", True: "gan"}
    rows = []
    for has, key in kinds.items():
        for count in (2, 4):
            memory = shown(runs[key]["peak_mib"], 0)
            numbers = (*paper.TABLE_6[has, count], paper.TABLE_6_MIB[has])
            rows.append(["with" if has else "without", str(count), *here(trained[key][str(count)]), memory, *numbers])
    claims = []
    for few in ("2", "4"):
        a, b = trained["d_teacher"][few]["fd"], trained["gan"][few]["fd"]
        claims.append(against(f"in {few} steps, FD without the GAN loss is no worse", not_worse(a, b), a, b))
    a, b = (runs[kinds[has]]["peak_mib"] for has in (False, True))
    claims.append(against("training takes less memory without it", better(a, b), a, b, 0))
    return Section(
        "GAN loss (Table 6)",
        "Small multi-period and multi-band STFT discriminators on half a second of decoded sound. Memory is the peak "
        "of the training process, everything included (program, data, model).",
        ("GAN loss", "steps", *HERE, "peak MiB", "paper: FAD", "KL", "IS", "CLAP", "MiB"), rows, claims,
    )  # fmt: skip


NAMES_7 = {
    "reconstruction": "autoencoder's reconstruction of the reference (lower bound)",
    "gamma 0": "deterministic, gamma 0",
    "gamma 0.2": "stochastic, gamma 0.2",
    "gamma 0.5": "stochastic, gamma 0.5",
    "gamma 1": "gamma 1 (sampling of consistency models)",
    "other noise": "as gamma 0, but the 16-step take has the noise of another seed",
    "different seeds": "two 1-step takes of different seeds",
    "reference": "reference against the 1-step take of its caption",
}


def stochastic(figures: Figures) -> Section:
    """Table 7."""
    found = figures["closeness"]
    rows = []
    for key, name in NAMES_7.items():
        means = found[key]["means"]
        mean = shown(means) if len(means) > 1 else f"{means[0]:.2f}"
        rows.append([name, mean, f"{found[key]['deviation']:.2f}", paper.TABLE_7.get(key, "-")])
    zero = found["gamma 0"]["means"]
    claims = []
    for other in ("gamma 0.2", "gamma 0.5", "gamma 1", "other noise"):
        values: Values = found[other]["means"]
        finding = f"gamma 0 stays nearer to the 1-step take than {other}"
        claims.append(against(finding, better(zero, values), zero, values))
    return Section(
        "Deterministic and stochastic sampling (Table 7)",
        "Distance in the evaluator's embedding between the 1-step and the 16-step take of the same noise; the paper "
        "measures CLAP-LPAPS.",
        ("pair", "distance ↓", "deviation over takes", "paper: CLAP-LPAPS"), rows, claims,
    )  # fmt: skip


def guidance(figures: Figures) -> Section:
    """Figures 5 and 12."""
    found = figures["grid"]
    nus, omegas = found["nu"], found["omega"]
    rows, claims = [], []
    for count, cells in found["steps"].items():
        for measure, words, low in (("fd", "FD", True), ("agreement", "class agreement", False)):
            by_nu = np.asarray(cells[measure]).mean(1)  # [nu, seed]
            rows.append([count, words, *(shown(row.tolist()) for row in by_nu)])
            if int(count) > 1:
                first, second = by_nu[-1].tolist(), by_nu[0].tolist()
                finding = f"in {count} steps, {words} at nu {nus[-1]:g} is better than at nu {nus[0]:g}"
                claims.append(against(finding, better(first, second, low), first, second))
    claims.append(_unguided(np.asarray(found["steps"]["1"]["agreement"]), omegas))
    return Section(
        "nu and omega (Figures 5 and 12)",
        f"Means over omega {omegas[0]:g} to {omegas[-1]:g} for each nu; all cells are in the picture. Fewer takes than "
        "elsewhere raise every FD: compare within. The paper gives "
        "pictures only (8 steps; 1 and 16), and finds that a higher nu is better in many steps whatever omega is.",
        ("steps", "measure", *(f"nu {nu:g}" for nu in nus)), rows, claims,
        "![nu x omega grid](images/reproduction_grid.png)",
    )  # fmt: skip


def _unguided(agreement: np.ndarray, omegas: list[float]) -> Claim:
    """Of 1-step takes ``[nu, omega, seed]``: no nu makes up for omega 1."""
    means = agreement.mean(2)
    lowest = agreement[int(means[:, 0].argmax()), 0].tolist()
    nu, omega = np.unravel_index(int(means[:, 1:].argmax()), means[:, 1:].shape)
    best = agreement[nu, omega + 1].tolist()
    finding = f"in 1 step, class agreement at omega {omegas[0]:g} stays below that of a higher omega, whatever nu is"
    return against(finding, better(best, lowest, lower_is_better=False), lowest, best)


def all_sections(figures: Figures) -> list[Section]:
    """In the order of the page."""
    return [make(figures) for make in (distance, steps, denoising, adversarial, guidance, stochastic)]
