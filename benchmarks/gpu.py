"""How fast the paper's model is on a GPU: 1, 4 and 16 steps, one take and eight, in each precision, by each engine.

`python gpu.py --out ../docs/figures/gpu.json`, in this folder. What the file holds already is not measured again, so
that a run goes on where it was stopped. The exit code is 1 where a combination failed, 2 where there is no GPU.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import torch
from ending import mistakes_told

from soundctm.audio.io import write_atomically
from soundctm.benchmark import PAPER
from soundctm.benchmark.machine import device_name, versions
from soundctm.benchmark.results import Report
from soundctm.benchmark.run import run
from soundctm.benchmark.settings import Settings, check_out
from soundctm.checks import check_device
from soundctm.errors import UserError

AIMS = {1: 8.0, 4: 15.0, 16: 45.0}  # milliseconds of one take, by steps
BATCHES = (1, 8)
PRECISIONS, ENGINES = ("float32", "tf32", "bfloat16"), ("eager", "compiled")
LONGEST_REASON = 300  # characters of what a library says
WARMUP = 2  # the first call of a length compiles, the second records its CUDA graphs


def combinations(arguments: argparse.Namespace) -> Iterator[tuple[str, Settings]]:
    """What to measure, each with a name."""
    for engine, precision, takes in product(arguments.engines, arguments.precisions, BATCHES):
        yield f"{engine}, {precision}, {takes} at once", Settings(
            model=arguments.model, device=arguments.device, steps=tuple(AIMS), takes=takes, repeats=arguments.repeats,
            warmup=WARMUP, engine=engine, precision=precision, naive=False, fresh=False,
        )  # fmt: skip


def measured(path: Path, device: str) -> dict[str, Report]:
    """What a file holds. Raises :class:`UserError` for a file that is none of ours, or of another device."""
    if not path.exists():
        return {}
    try:
        found = {name: Report.model_validate(report) for name, report in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise UserError(f"{path} holds no figures of this program; give another file to --out") from error
    for other in {report.machine.device_name for report in found.values()} - {device_name(torch.device(device))}:
        raise UserError(f"{path} holds figures of another device, {other}; give another file to --out")
    return found


def table(reports: dict[str, Report], missing: dict[str, str]) -> str:
    """Medians in milliseconds and how many times the counted floor each is, with the aims beside those of one take."""
    head = [f"{n} step{'s' if n > 1 else ''}, ms (over the floor)" for n in AIMS]
    lines = [f"| | {' | '.join(head)} |", "|---" * (1 + len(AIMS)) + "|"]
    for name, report in reports.items():
        cells = [f"{1000 * each.spread.median:.1f} ({each.over_floor:.1f} x)" for each in report.variants]
        if report.settings.takes == 1:
            cells = [f"{cell}, aim {aim:g}" for cell, aim in zip(cells, AIMS.values(), strict=True)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, *(f"{name}: {words}" for name, words in missing.items())])


def measure(arguments: argparse.Namespace) -> int:
    """Measure what is missing, write after each, print the table; the exit code. What fails, as memory runs out or a
    compiler gives up, is told of and does not keep the others from being measured."""
    check_out(arguments.out)
    check_device(arguments.device)
    reports, missing = measured(arguments.out, arguments.device), dict[str, str]()
    asked, failed = dict(combinations(arguments)), 0
    for name, settings in asked.items():
        if name in reports and reports[name].settings == settings and reports[name].machine.versions == versions():
            continue
        print(name, file=sys.stderr, flush=True)
        reports.pop(name, None)
        torch.cuda.empty_cache()  # of the one before
        try:
            reports[name] = run(settings, command=sys.argv)
        except UserError as error:  # not to be had on this device: the others are measured all the same
            missing[name] = str(error)
            continue
        except RuntimeError as error:
            failed += 1
            missing[name] = f"failed: {type(error).__name__}: {error}".replace("\n", " ")[:LONGEST_REASON]
            continue
        text = json.dumps({name: report.model_dump() for name, report in reports.items()}, indent=1)
        write_atomically(arguments.out, lambda file, text=text: file.write(text.encode()))
    print(table({name: reports[name] for name in asked if name in reports}, missing))
    return int(failed > 0)


def main(given: Sequence[str] | None = None) -> None:
    """Read what is asked for; what the user can mend ends with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=PAPER, help="a preset or a model folder")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True)
    with mistakes_told():
        code = measure(parser.parse_args(given))
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
