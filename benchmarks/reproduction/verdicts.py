"""The rules that say whether a trend of the paper holds in figures of several seeds."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["yes", "no", "unclear"]
Outcome = Literal["yes", "in part", "no", "unclear"]
Values = Sequence[float]

ERRORS = 2.0  # standard errors that a difference must exceed
MARGIN = 0.05  # of the second's mean: the disadvantage that "no worse" and "comparable" allow for


def mean_and_spread(values: Values) -> tuple[float, float]:
    """Mean and standard deviation over seeds (n - 1 in the denominator)."""
    return statistics.fmean(values), statistics.stdev(values)


def shown(values: Values, digits: int = 2) -> str:
    """``mean ± spread``."""
    mean, spread = mean_and_spread(values)
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


def gain(first: Values, second: Values, lower_is_better: bool = True) -> tuple[float, float]:
    """From where to where the first's advantage lies: the mean of the differences within pairs, those of one seed,
    less and more ``ERRORS`` of its standard errors. With three seeds, an interval without 0 means that all agree."""
    sign = -1.0 if lower_is_better else 1.0
    mean, spread = mean_and_spread([sign * (a - b) for a, b in zip(first, second, strict=True)])
    reach = ERRORS * spread / math.sqrt(len(first))
    return mean - reach, mean + reach


def better(first: Values, second: Values, lower_is_better: bool = True) -> Verdict:
    """Is the first better? Unclear where its advantage may be 0."""
    low, high = gain(first, second, lower_is_better)
    return "yes" if low > 0 else "no" if high < 0 else "unclear"


def not_worse(first: Values, second: Values, lower_is_better: bool = True) -> Verdict:
    """Is the first at least as good, or worse by less than the margin at most? No where it is worse and may be by
    more."""
    low, high = gain(first, second, lower_is_better)
    margin = MARGIN * abs(statistics.fmean(second))
    return "yes" if low >= -margin else "no" if high < 0 else "unclear"


def alike(first: Values, second: Values, lower_is_better: bool = True) -> Verdict:
    """Are both the same but for less than the margin? No where they differ and may by more."""
    low, high = gain(first, second, lower_is_better)
    margin = MARGIN * abs(statistics.fmean(second))
    if -margin <= low and high <= margin:
        return "yes"
    return "no" if low > 0 or high < 0 else "unclear"


Rule = Callable[[Values, Values, bool], Verdict]


@dataclass(frozen=True)
class Claim:
    """One comparison: what the paper leads one to expect, whether it is so here, and by which figures."""

    finding: str
    verdict: Verdict
    figures: str


def claim(
    finding: str, rule: Rule, first: Values, second: Values, lower_is_better: bool = True, digits: int = 2
) -> Claim:
    """A claim about two sets of figures, paired by seed."""
    difference = shown([a - b for a, b in zip(first, second, strict=True)], digits)
    figures = f"{shown(first, digits)} against {shown(second, digits)}, difference {difference}"
    return Claim(finding, rule(first, second, lower_is_better), figures)


def outcome(verdicts: Sequence[Verdict]) -> Outcome:
    """Of several that should all hold."""
    if not verdicts:
        raise ValueError("a trend needs at least one comparison")
    if set(verdicts) == {"yes"}:
        return "yes"
    return "in part" if "yes" in verdicts else "no" if "no" in verdicts else "unclear"


def counted(verdicts: Sequence[Verdict]) -> str:
    """How many hold, go the other way, or are unclear, in words."""
    count = Counter(verdicts)
    parts = [f"{count['yes'] or 'none'} of {len(verdicts)} comparisons {'hold' if count['yes'] > 1 else 'holds'}"]
    if count["no"]:
        parts.append(f"{count['no']} {'goes' if count['no'] == 1 else 'go'} the other way")
    if count["unclear"]:
        parts.append(f"{count['unclear']} {'is' if count['unclear'] == 1 else 'are'} unclear")
    return ", ".join(parts)


@dataclass(frozen=True)
class Statement:
    """A part of a trend in plain words, and the comparisons that it rests on."""

    words: str
    claims: Sequence[Claim]

    @property
    def verdicts(self) -> list[Verdict]:
        return [each.verdict for each in self.claims]

    @property
    def outcome(self) -> Outcome:
        return outcome(self.verdicts)
