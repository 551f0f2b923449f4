"""What to use, in words."""

import math
from collections.abc import Sequence

from soundctm.doctor.results import References, Row

GAIN = 1.2  # times as fast at least, to be worth another engine or precision
PATIENCE = 1.0  # seconds that a first take may come later without a word


def advise(rows: Sequence[Row], references: References) -> str:
    """One paragraph."""
    usable = [row for row in rows if row.verdict in ("pass", "unchecked")]
    if all(row.verdict == "unavailable" for row in rows):
        return "Nothing of what was asked for is to be had here: see above why."
    if not usable:
        return "Nothing here computes as it should: see above what to do about each."
    timed = [row for row in usable if row.times is not None]
    if timed:
        chosen = best(timed)
        return " ".join([*_choice(chosen, references), *_rival(chosen, timed), *_room(chosen)])
    if references.state != "good":
        return f"{references.words[:1].upper()}{references.words[1:]}. Leave out --quick for times and memory."
    right, there = len(usable), sum(row.verdict != "unavailable" for row in rows)
    return f"{_right(right, there)} Leave out --quick for times, memory and what to use."


def best(rows: Sequence[Row]) -> Row:
    """The plainest of those that are nearly as fast as the fastest; all have times."""
    quickest = min(pace(row) for row in rows)
    return min((row for row in rows if pace(row) <= GAIN * quickest), key=_plainness)


def pace(row: Row) -> float:
    """Seconds: the geometric mean of a take in 1 step and in 16, as both are wanted."""
    return math.inf if row.times is None else math.sqrt(row.times.one * row.times.sixteen)


def _plainness(row: Row) -> tuple[int, int, float]:
    """The more exact precision, then the simpler engine, then the faster device goes first."""
    precisions, engines = ("float32", "tf32", "bfloat16", "int8"), ("eager", "compiled", "onnx")
    return precisions.index(row.precision), engines.index(row.engine), pace(row)


def title(row: Row) -> str:
    """``eager bfloat16 on cpu``."""
    return f"{row.engine} {row.precision} on {row.device}"


def flags(row: Row) -> str:
    """What to type for it."""
    place = "" if row.device == "cpu" else f"--device {row.device} "
    return f"{place}--engine {row.engine} --precision {row.precision}"


def in_words(seconds: float) -> str:
    """``38 ms``, ``2.1 s``."""
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def takes(row: Row) -> str:
    """How long takes last in a row."""
    if row.times is None:
        return "not measured"
    return f"{in_words(row.times.one)} a take in 1 step, {in_words(row.times.sixteen)} in 16"


def _right(right: int, there: int) -> str:
    """How many ways to compute are right, of those that are to be had; both are at least one."""
    if there == 1:
        return "The one way to compute that was examined is right."
    return f"Of {there} ways to compute, {right} {'is' if right == 1 else 'are'} right."


def _choice(row: Row, references: References) -> list[str]:
    trust = "within tolerance" if row.verdict == "pass" else "though it could not be compared with references"
    return [f"Use {flags(row)}: {takes(row)}, {trust}."]


def _rival(chosen: Row, rows: Sequence[Row]) -> list[str]:
    """What speaks for full precision, and for plain arithmetic, on the same device."""
    full = [row for row in rows if (row.device, row.precision) == (chosen.device, "float32")]
    plain = [row for row in full if row.engine == "eager"]
    if not plain or plain[0] is chosen:
        return []
    words = [f"That is {pace(plain[0]) / pace(chosen):.1f} times as fast as {flags(plain[0])}."]
    if chosen.precision != "float32" and (exact := best(full)) is not plain[0]:
        words.append(f"In full precision: {flags(exact)}, {takes(exact)}.")
    first = [row.fresh.ready + row.fresh.first for row in (chosen, plain[0]) if row.fresh is not None]
    if len(first) == 2 and first[0] > first[1] + PATIENCE:
        words.append(
            f"For a single take stay with the latter: it comes {first[1]:.1f} s after a process starts, not "
            f"{first[0]:.1f} s."
        )
    return words


def _room(row: Row) -> list[str]:
    """What fits."""
    fit = row.fit
    if fit is None or fit.seconds is None or fit.takes is None:
        return []
    if not fit.takes:
        return [f"It needs {fit.base / 1e9:.1f} GB, more than is free: close other programs."]
    return [f"Takes of up to {fit.seconds:.3g} s, or {fit.takes:,} at once, fit into what is free."]
