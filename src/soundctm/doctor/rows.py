"""Every way to compute a model on one device: whether it is to be had, and whether it computes what it should."""

from soundctm.doctor.bits import compare_bits
from soundctm.doctor.checks import golden_checks
from soundctm.doctor.golden import Golden
from soundctm.doctor.results import Check, Row
from soundctm.doctor.times import measure_times
from soundctm.engines import EngineOptions
from soundctm.errors import UserError
from soundctm.model import SoundCTM

LONGEST_REASON = 300  # characters of what a library says
PLAIN = EngineOptions("eager", "float32")  # as a model is loaded


def examine_row(model: SoundCTM, device: str, options: EngineOptions, golden: Golden | None, thorough: bool) -> Row:
    """A row without its memory. ``golden`` None: there is nothing to compare with; ``thorough``: bits and times too."""
    row = Row(device=device, engine=options.engine, precision=options.precision, verdict="unchecked")
    try:
        other = model if options == PLAIN else model.optimize(options.engine, options.precision)
        checks = golden_checks(other, golden) if golden is not None else ()
        wrong = [check for check in checks if not check.ok]
        found: dict[str, object] = {"verdict": "pass" if checks else "unchecked", "checks": checks}
        if wrong:
            found |= {"verdict": "off", "words": f"{_how_far(wrong)}; {remedy(row)}"}
        if thorough:
            found |= {"bits": compare_bits(other), "times": measure_times(other)}
        return row.model_copy(update=found)
    except UserError as error:
        return row.model_copy(update={"verdict": "unavailable", "words": str(error)})
    except ImportError as error:
        return row.model_copy(update={"verdict": "unavailable", "words": f"a part of it is not installed: {error}"})
    except Exception as error:  # compilers and drivers raise what they like; the other rows are examined all the same
        said = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
        return row.model_copy(update={"verdict": "failed", "words": f"{said}; {remedy(row)}"})


def _how_far(wrong: list[Check]) -> str:
    """What is off and by how much."""
    return ", ".join(
        f"{check.name} {distance(check)} away where {amount(check.tolerance, check.unit)} is allowed" for check in wrong
    )


def distance(check: Check) -> str:
    """The error in words."""
    return "no number" if check.error is None else amount(check.error, check.unit)


def amount(value: float, unit: str) -> str:
    """``3e-05``, ``0.31 dB``."""
    return f"{value:.2g} dB" if unit == "dB" else f"{value:.1g}"


def remedy(row: Row) -> str:
    """What to do where a row is not what it should be."""
    if row.engine != "eager":
        return f"use --engine eager, and clear the cache of compiled files if {row.engine} was right before"
    if row.precision != "float32":
        return "use --precision float32"
    if row.device != "cpu":
        return "use --device cpu until driver and torch are renewed"
    return "install soundctm and torch anew; if it stays, this processor or its memory computes wrongly"
