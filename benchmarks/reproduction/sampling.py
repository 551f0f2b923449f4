"""The sections about sampling: Tables 2 and 3, Figures 5 and 12, Table 7."""

import numpy as np

from reproduction import paper
from reproduction.section import HERE, MEASURED, Figures, Measures, Section, here, in_both, in_words, mean_of
from reproduction.variants import AS_IN_TABLE_2, EIGHT_AS_IN_TABLE_2, TEACHER_STEPS
from reproduction.verdicts import Claim, Statement, better, claim, not_worse, shown

EIGHT, SIXTEEN = EIGHT_AS_IN_TABLE_2.label, AS_IN_TABLE_2.label


def steps(figures: Figures) -> Section:
    """Tables 2 and 3."""
    shipped, teacher = figures["shipped"], figures["teacher"]
    rows = []
    for name, measures in {f"teacher, {TEACHER_STEPS} Heun": teacher, **shipped}.items():
        count = TEACHER_STEPS if "teacher" in name else int(name.partition(",")[0])
        rows.append([name, *here(measures), *paper.TABLE_2[count], *paper.TABLE_3[count]])
    return Section(
        "Steps, and the teacher (Tables 2 and 3)",
        "The model's own student, with nu 1 where nothing else is said. The paper raises nu in 8 and 16 steps; the "
        "rows with nu have that of Table 2. Times are in performance.md.",
        ("steps", *HERE, "Table 2: omega", "nu", "FAD", "KL", "IS", "CLAP", "Table 3: omega", "nu", "FD", "KL", "CLAP"),
        rows, _about_steps(shipped, teacher), [_best_at_nu_1(shipped)],
    )  # fmt: skip


def _about_steps(shipped: dict[str, Measures], teacher: Measures) -> list[Statement]:
    """What the paper finds about the number of steps."""

    def than(first: str, second: str) -> list[Claim]:
        finding = f"{{}} in {in_words(first)} is better than in {in_words(second)}"
        return in_both(finding, shipped[first], shipped[second])

    def raised(first: str, second: str) -> list[Claim]:
        return in_both(f"{{}} in {in_words(first)} is better than at nu 1", shipped[first], shipped[second])

    def reaching(label: str) -> list[Claim]:
        finding = f"{{}} in {in_words(label)} reaches that of the teacher's {TEACHER_STEPS}"
        return in_both(finding, shipped[label], teacher, not_worse)

    return [
        Statement("2 and 4 steps are better than 1", than("2", "1") + than("4", "1")),
        Statement("8 and 16 steps with a raised nu are better than 1", than(EIGHT, "1") + than(SIXTEEN, "1")),
        Statement(
            "quality goes on rising beyond 2 steps, with nu raised in 8 and 16",
            than("4", "2") + than(EIGHT, "4") + than(SIXTEEN, EIGHT),
        ),
        Statement("a raised nu is better than nu 1 in 8 and 16 steps", raised(EIGHT, "8") + raised(SIXTEEN, "16")),
        Statement(f"2 and 4 steps reach the teacher's {TEACHER_STEPS}", reaching("2") + reaching("4")),
        Statement(f"8 and 16 steps with a raised nu reach the teacher's {TEACHER_STEPS}",
                  reaching(EIGHT) + reaching(SIXTEEN)),
    ]  # fmt: skip


def _best_at_nu_1(shipped: dict[str, Measures]) -> str:
    """The course of FD over steps where nothing but their number changes."""
    means = {label: mean_of(measures["fd"]) for label, measures in shipped.items() if label.isdigit()}
    best = min(means, key=lambda label: means[label])
    course = ", ".join(f"{mean:.1f} in {label}" for label, mean in means.items())
    after = [mean for label, mean in means.items() if int(label) >= int(best)]
    risen = f", and it rises again with more, to {after[-1]:.1f}" if len(after) > 1 and after == sorted(after) else ""
    raised = " and ".join(f"{mean_of(shipped[label]['fd']):.1f} in {in_words(label)}" for label in (EIGHT, SIXTEEN))
    return f"At nu 1 FD is {course} steps: the best is {in_words(best)}{risen}. With a raised nu it is {raised}."


def guidance(figures: Figures) -> Section:
    """Figures 5 and 12."""
    found = figures["grid"]
    nus, omegas = found["nu"], found["omega"]
    averaged = {  # {steps: {nu: measures}}, means over omega
        count: {nu: {key: np.mean(cells[key][i], axis=0).tolist() for key, *_ in MEASURED} for i, nu in enumerate(nus)}
        for count, cells in found["steps"].items()
    }
    rows = [
        [count, name, *(shown(by_nu[nu][key], 1 if low else 2) for nu in nus)]
        for count, by_nu in averaged.items()
        for key, name, low, _ in MEASURED
    ]
    many = [count for count in averaged if int(count) > 1]
    statements = []
    for nu in nus[1:]:
        claims = []
        for count in many:
            finding = f"in {count} steps, {{}} at nu {nu:g} is better than at nu {nus[0]:g}"
            claims += in_both(finding, averaged[count][nu], averaged[count][nus[0]])
        statements.append(Statement(f"in {' and '.join(many)} steps nu {nu:g} is better than nu {nus[0]:g}", claims))
    statements.append(Statement("in 1 step no nu makes omega 1 as good as a higher omega", unguided(figures)))
    return Section(
        "nu and omega (Figures 5 and 12)",
        f"The model's own student. Means over omega {omegas[0]:g} to {omegas[-1]:g} for each nu; all cells are in the "
        "picture. Fewer takes than elsewhere raise every FD: compare within. The paper gives pictures only (8 steps; 1 "
        "and 16), and finds that a higher nu is better in 8 and in 16 steps whatever omega is, and that in 1 step "
        "omega 1 may not give good takes with any nu.",
        ("steps", "measure", *(f"nu {nu:g}" for nu in nus)), rows, statements,
        [*(_cells(figures, count) for count in many), "![nu x omega grid](images/reproduction_grid.png)"],
    )  # fmt: skip


def _cells(figures: Figures, count: str) -> str:
    """For how many omegas each nu above the lowest has the better mean."""
    found = figures["grid"]
    nus, cells = found["nu"], found["steps"][count]
    means = {key: np.asarray(cells[key]).mean(2) for key, *_ in MEASURED}  # [nu, omega]
    parts = [
        f"nu {nu:g} in {int((means['fd'][i] < means['fd'][0]).sum())} by FD and "
        f"{int((means['agreement'][i] > means['agreement'][0]).sum())} by class agreement"
        for i, nu in enumerate(nus) if i
    ]  # fmt: skip
    return (
        f"In {count} steps, of {len(found['omega'])} omegas, the means over seeds are better than at nu {nus[0]:g} "
        f"with {'; '.join(parts)}."
    )


def unguided(figures: Figures) -> list[Claim]:
    """Of 1-step takes ``[nu, omega, seed]``: does any nu make up for omega 1? It has the choice of its nu, the others
    have nu 1: a choice on their side would flatter them."""
    found = figures["grid"]
    nus, omegas = found["nu"], found["omega"]
    agreement = np.asarray(found["steps"]["1"]["agreement"])
    best = int(agreement[:, 0].mean(1).argmax())
    chosen = agreement[best, 0].tolist()
    others = {f"omega {omegas[1]:g}": agreement[0, 1], f"the mean of omega {omegas[1]:g} to {omegas[-1]:g}":
              agreement[0, 1:].mean(0)}  # fmt: skip
    return [
        claim(f"class agreement of {name} at nu {nus[0]:g} is better than of omega {omegas[0]:g} at its best nu "
              f"({nus[best]:g})", better, values.tolist(), chosen, False, 3)
        for name, values in others.items()
    ]  # fmt: skip


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
    found = {key: values["means"] for key, values in figures["closeness"].items()}
    rows = []
    for key, name in NAMES_7.items():
        mean = shown(found[key]) if len(found[key]) > 1 else f"{found[key][0]:.2f}"
        rows.append([name, mean, f"{figures['closeness'][key]['deviation']:.2f}", paper.TABLE_7.get(key, "-")])

    def nearer(name: str, key: str) -> Claim:
        finding = f"16 steps at gamma 0 lie nearer to the 1-step take than {name}"
        return claim(finding, better, found["gamma 0"], found[key])

    return Section(
        "Deterministic and stochastic sampling (Table 7)",
        "Distance in the evaluator's embedding between the 1-step and the 16-step take of the same noise; the paper "
        "measures CLAP-LPAPS. The two rows without a figure of the paper are controls.",
        ("pair", "distance ↓", "deviation over takes", "paper: CLAP-LPAPS"), rows,
        [Statement("16 steps at gamma 0 lie nearer to the 1-step take than with noise added on the way",
                   [nearer(f"at {key}", key) for key in ("gamma 0.2", "gamma 0.5", "gamma 1")]),
         Statement("16 steps at gamma 0 lie nearer to it than 16 steps of another noise, or the reference sound",
                   [nearer("those of another seed's noise", "other noise"),
                    nearer("the reference sound of the caption", "reference")]),
         Statement("16 steps at gamma 0 lie nearer to it than a 1-step take of another seed",
                   [nearer("a 1-step take of another seed", "different seeds")])],
        [_moved(found)],
    )  # fmt: skip


def _moved(found: dict[str, list[float]]) -> str:
    """What the two controls say about the distance at gamma 0."""
    same, other, seeds = (mean_of(found[key]) for key in ("gamma 0", "other noise", "different seeds"))
    if same <= seeds:
        return f"1 and 16 steps of one noise ({same:.2f}) lie nearer together than two seeds in 1 step ({seeds:.2f})."
    return (
        f"1 and 16 steps of one noise ({same:.2f}) lie further apart than two 1-step takes of different seeds "
        f"({seeds:.2f}): going from 1 step to 16 moves the embedding by itself, whatever the noise, and by more than "
        "another seed does. So a distance between 1 and 16 steps is to be read beside that of other noise "
        f"({other:.2f}), which has the same change of steps in it: the same noise takes away {1 - same / other:.0%} of "
        "it. That is a part of the take kept, not a take that stays what it was."
    )
