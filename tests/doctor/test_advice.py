"""What is recommended, and what is warned of."""

from typing import Any

import pytest

from soundctm.benchmark.results import Fresh, Machine
from soundctm.doctor.advice import advise, best
from soundctm.doctor.cautions import warnings
from soundctm.doctor.results import Bits, Fit, Host, References, Row, Times

GOOD = References(state="good", model_hash="abc", words="stored references of model abc")
MISSING = References(state="missing", model_hash=None, words="this model has no stored references")


def row(engine: str, precision: str, one: float | None = None, sixteen: float = 0.2, **more: Any) -> Row:
    times = None if one is None else Times(one=one, sixteen=sixteen, measured=16)
    facts = {"device": "cpu", "engine": engine, "precision": precision, "verdict": "pass", "times": times, **more}
    return Row.model_validate(facts)


PLAIN = row("eager", "float32", 0.05)


def fresh(first: float) -> Fresh:
    return Fresh(path="ours", steps=1, ready=1.0, first=first, memory=10**9, device_memory=None)


def test_a_little_faster_is_not_worth_the_precision() -> None:
    assert best([row("onnx", "int8", 0.048), row("eager", "bfloat16", 0.047), PLAIN]) is PLAIN


def test_much_faster_is() -> None:
    fast = row("eager", "bfloat16", 0.02, 0.1)
    said = advise([PLAIN, fast, row("compiled", "int8", 0.0195, 0.1)], GOOD)
    assert said.startswith("Use --engine eager --precision bfloat16: 20 ms a take in 1 step, 100 ms in 16, within tol")
    assert "2.2 times as fast as --engine eager --precision float32" in said


def test_full_precision_is_named_beside_a_coarser_one() -> None:
    rows = [PLAIN, row("onnx", "float32", 0.04, 0.1), row("onnx", "int8", 0.02, 0.05)]
    assert "In full precision: --engine onnx --precision float32, 40 ms a take in 1 step" in advise(rows, GOOD)
    assert "In full precision" not in advise([PLAIN, rows[-1]], GOOD)


def test_both_one_step_and_sixteen_count() -> None:
    assert best([PLAIN, row("onnx", "float32", 0.049, 0.1)]).engine == "onnx"


def test_what_is_off_or_failed_is_never_recommended() -> None:
    wrong = row("compiled", "float32", 0.001, 0.002, verdict="off", words="far away; use --engine eager")
    assert "--engine eager --precision float32" in advise([wrong, PLAIN], GOOD)
    assert "Nothing here computes as it should" in advise([wrong], GOOD)
    assert "is to be had here" in advise([wrong.model_copy(update={"verdict": "unavailable"})], GOOD)


def test_another_device_is_named() -> None:
    assert "Use --device cuda --engine eager" in advise([PLAIN, row("eager", "float32", 0.01, device="cuda")], GOOD)


def test_a_late_first_take_is_mentioned() -> None:
    late = row("onnx", "float32", 0.02, 0.1, fresh=fresh(9.0))
    early = PLAIN.model_copy(update={"fresh": fresh(0.1)})
    assert "stay with the latter: it comes 1.1 s after a process starts, not 10.0 s" in advise([early, late], GOOD)


def test_unchecked_is_said() -> None:
    alone = PLAIN.model_copy(update={"verdict": "unchecked"})
    assert "could not be compared with references" in advise([alone], MISSING)


def test_quickly_it_says_what_is_right() -> None:
    plain, other = row("eager", "float32"), row("onnx", "int8")
    off, away = (other.model_copy(update={"verdict": verdict}) for verdict in ("off", "unavailable"))
    assert advise([plain, other], GOOD).startswith("Of 2 ways to compute, 2 are right. Leave out --quick")
    assert advise([plain, off], GOOD).startswith("Of 2 ways to compute, 1 is right. Leave out --quick")
    assert advise([plain, away], GOOD).startswith(
        "The one way to compute that was examined is right. Leave out --quick"
    )
    assert advise([row("eager", "float32", verdict="unchecked")], MISSING).startswith("This model has no stored ref")


@pytest.mark.parametrize(
    ("takes", "said"), [(12, "up to 60 s, or 12 at once"), (0, "It needs 1.5 GB, more than is free")]
)
def test_what_fits_is_said(takes: int, said: str) -> None:
    fit = Fit(base=15 * 10**8, per_second=1.0, per_take=1.0, limit=1, seconds=60.0 if takes else 0.0, takes=takes)
    assert said in advise([PLAIN.model_copy(update={"fit": fit})], GOOD)


def host(**changed: Any) -> Host:
    """A quiet machine of four cores with all that is wanted."""
    machine = Machine(
        platform="P", cpu="C", cores=4, threads=changed.pop("threads", 4), memory=2**34, device="cpu", device_name="C",
        load=changed.pop("load", 0.0), versions={"python": "3.11"},
    )  # fmt: skip
    environment = {"OMP_NUM_THREADS": None, "OMP_WAIT_POLICY": None} | changed.pop("threading", {})
    facts: dict[str, Any] = {
        "instructions": ("AVX2", "BF16"), "torch_uses": "AVX2", "memory_free": 2**33, "swap_used": 0, "gpus": (),
    }  # fmt: skip
    return Host(machine=machine, threading=environment, **(facts | changed))


def test_nothing_to_warn_of() -> None:
    assert warnings(host(), [PLAIN, row("eager", "bfloat16")], GOOD) == ()


PASSIVE = {"OMP_WAIT_POLICY": "passive"}
WARNED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "busy": ({"load": 3.0, "threading": PASSIVE}, ("other programs are at work",)),
    "spinning": ({"load": 3.0}, ("other programs are at work", "OMP_WAIT_POLICY=PASSIVE")),
    "too many threads": (
        {"threads": 8, "threading": {"OMP_NUM_THREADS": "8"}},
        ("OMP_NUM_THREADS is 8, but this process has 4 cores",),
    ),
    "too many threads unasked": ({"threads": 8}, ("torch takes 8 threads, but this process has 4 cores",)),
    "too few threads": ({"threads": 2}, ("torch uses 2 of 4 cores",)),
    "swap": ({"swap_used": 2**31}, ("2.1 GB lie in swap",)),
    "no memory": ({"memory_free": 2**29}, ("only 0.54 GB of memory are free",)),
    "no bfloat16": ({"instructions": ("AVX2",)}, ("no bfloat16 instructions",)),
    "unknown instructions": ({"instructions": None, "memory_free": None, "swap_used": None}, ()),
}


@pytest.mark.parametrize("case", list(WARNED))
def test_warnings(case: str) -> None:
    changed, said = WARNED[case]
    found = warnings(host(**changed), [row("eager", "bfloat16")], GOOD)
    assert len(found) == len(said) and all(words in warning for words, warning in zip(said, found, strict=True))


def test_other_bits_and_missing_references_are_warned_of() -> None:
    odd = PLAIN.model_copy(update={"bits": Bits(batch=False, rows=True, cores=None)})
    missing, bits = warnings(host(), [odd], MISSING)
    assert missing == MISSING.words and "one take at a time" in bits
