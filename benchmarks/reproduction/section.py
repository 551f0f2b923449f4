"""A section of the page: figures here beside the paper's, and the statements about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reproduction.verdicts import Claim, Outcome, Rule, Statement, Values, Verdict, better, claim, outcome, shown

Figures = dict[str, Any]
Measures = dict[str, list[float]]

HERE = ("FD ↓", "class agreement ↑")
# Key, name, whether lower is better, digits in a claim.
MEASURED = (("fd", "FD", True, 2), ("agreement", "class agreement", False, 3))


@dataclass(frozen=True)
class Section:
    """A table of the page. ``statements`` together are the paper's trend; ``notes`` say what else is seen."""

    title: str
    intro: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    statements: Sequence[Statement]
    notes: Sequence[str] = ()

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for statement in self.statements for verdict in statement.verdicts]

    @property
    def outcome(self) -> Outcome:
        return outcome(self.verdicts)


def here(measures: Measures) -> list[str]:
    """The two cells of takes: Frechet distance, class agreement."""
    return [shown(measures["fd"], 1), shown(measures["agreement"])]


def in_words(label: str) -> str:
    """A setting's label as words: "8, nu 1.5" is "8 steps at nu 1.5"."""
    count, comma, nu = label.partition(", ")
    return f"{count} step{'s' if count != '1' else ''}" + (f" at {nu}" if comma else "")


def in_both(finding: str, first: Measures, second: Measures, rule: Rule = better) -> list[Claim]:
    """A claim about the Frechet distances of two sets of takes and one about their class agreements; ``{}`` in the
    finding is the measure."""
    return [
        claim(finding.format(name), rule, first[key], second[key], low, digits) for key, name, low, digits in MEASURED
    ]


def mean_of(values: Values) -> float:
    """Over seeds."""
    return sum(values) / len(values)
