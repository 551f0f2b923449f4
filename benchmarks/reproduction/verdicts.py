"""The rule that says whether a trend of the paper holds in figures of several seeds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["yes", "no", "unclear"]
Values = Sequence[float]


def mean_and_spread(values: Values) -> tuple[float, float]:
    """Mean and standard deviation over seeds (n - 1 in the denominator)."""
    return statistics.fmean(values), statistics.stdev(values)


def shown(values: Values, digits: int = 2) -> str:
    """``mean ± spread``."""
    mean, spread = mean_and_spread(values)
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


def advantage(first: Values, second: Values, lower_is_better: bool = True) -> float:
    """How much better the first is on average, in units of the spread of the difference, the root of the sum of both
    squared spreads; 0 for equal means, infinite where there is no spread."""
    (mean_1, spread_1), (mean_2, spread_2) = mean_and_spread(first), mean_and_spread(second)
    gap = mean_2 - mean_1 if lower_is_better else mean_1 - mean_2
    spread = math.hypot(spread_1, spread_2)
    if gap == 0:
        return 0.0
    return gap / spread if spread > 0 else math.copysign(math.inf, gap)


def better(first: Values, second: Values, lower_is_better: bool = True) -> Verdict:
    """Is the first better? Unclear where the difference is within the spread."""
    by = advantage(first, second, lower_is_better)
    return "unclear" if abs(by) <= 1 else "yes" if by > 0 else "no"


def not_worse(first: Values, second: Values, lower_is_better: bool = True) -> Verdict:
    """Is the first at least as good? No where it is worse by more than the spread."""
    return "no" if advantage(first, second, lower_is_better) < -1 else "yes"


def alike(first: Values, second: Values) -> Verdict:
    """Are both the same? No where they differ by more than the spread."""
    return "yes" if abs(advantage(first, second)) <= 1 else "no"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several that must all hold: yes if all say yes, no if any says no, else unclear."""
    if not verdicts:
        raise ValueError("a trend needs at least one comparison")
    return "no" if "no" in verdicts else "unclear" if "unclear" in verdicts else "yes"


@dataclass(frozen=True)
class Claim:
    """What the paper finds, whether it holds here, and by which figures."""

    finding: str
    verdict: Verdict
    figures: str


def against(finding: str, verdict: Verdict, first: Values, second: Values, digits: int = 2) -> Claim:
    """A claim about two sets of figures."""
    return Claim(finding, verdict, f"{shown(first, digits)} against {shown(second, digits)}")
