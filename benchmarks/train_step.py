"""Steps per second and peak memory of a student's training step, beside one that does what the official loop does:
`python benchmarks/train_step.py --preset paper-44k-dit-1b --depth 4 --out docs/figures/train_step.json`.

Random weights, random clips. The variants take turns, each in a process of its own, round by round, every second round
in the reverse order, so that a machine that slows down slows all of them. Every variant takes the same steps with the
same draws; the file is written after each round. The paper's backbone has 24 blocks; on a machine with less than 40 GB,
`--depth` takes fewer, and the encoders then weigh more in what encodes in the step. The exit code is 2 for what the
user can mend.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from train_step_parts.figures import Progress, Report, pooled, table
from train_step_parts.turns import SIZES, VARIANTS, Chosen, Job, Task, Turn, Variant, choose, measure, run

from soundctm.audio.io import write_atomically
from soundctm.benchmark.fresh import REFUSED
from soundctm.benchmark.machine import describe, warnings_of
from soundctm.benchmark.run import without_folders
from soundctm.checks import check_device
from soundctm.engines.threads import physical_cores
from soundctm.errors import UserError


def counted(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not accepted; give a whole number, 1 or more")
    return int(text)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=tuple(SIZES), default="mini")
    parser.add_argument("--depth", type=counted, help="blocks, instead of the preset's")
    parser.add_argument("--batch", type=counted, default=1, help="clips")
    parser.add_argument("--steps", type=counted, default=7, help="timed steps of each variant, in all rounds together")
    parser.add_argument("--rounds", type=counted, default=3, help="turns of each variant, at most one for each step")
    parser.add_argument("--threads", type=counted, default=physical_cores())
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1")
    parser.add_argument("--variants", nargs="+", choices=tuple(VARIANTS), default=tuple(VARIANTS), metavar="NAME")
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    return parser


def fitting(job: Job, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The variants that this job can have, and why it cannot have the others."""
    misfit = job.shape.misfit()
    left_out = {name: misfit for name in names if VARIANTS[name].encodes and misfit is not None}
    wanted = [name for name in VARIANTS if name in names and name not in left_out]
    if not wanted:
        raise UserError(f"nothing is left to measure: {next(iter(left_out.values()))}; choose other --variants")
    return wanted, left_out


@dataclass(frozen=True)
class Round:
    """The variants in the order of their turns, and the steps that each of them takes."""

    order: tuple[str, ...]
    steps: Chosen


def rounds(chosen: Chosen, names: Sequence[str], count: int) -> list[Round]:
    """The chosen steps in so many rounds, each with its share of few and many solver steps."""
    return [
        Round(
            tuple(names if number % 2 == 0 else reversed(names)),
            Chosen(chosen.warmup, chosen.indices[number::count], chosen.solver_steps[number::count]),
        )
        for number in range(count)
    ]


def compare(arguments: argparse.Namespace) -> Iterator[Report]:
    """Let the variants take turns: the figures after each round, of all rounds so far."""
    check_device(arguments.device)
    torch.set_num_threads(arguments.threads)
    job = Job(**{name: getattr(arguments, name) for name in Job.model_fields})
    names, left_out = fitting(job, arguments.variants)
    for name, why in left_out.items():
        print(f"{name} left out: {why}", file=sys.stderr, flush=True)
    machine = describe(torch.device(arguments.device))
    plan = rounds(choose(job.config(Variant()), arguments.steps), names, min(arguments.rounds, arguments.steps))
    progress = Progress([turn for each in plan for turn in each.order])
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for number, each in enumerate(plan, start=1):
        for name in each.order:
            turn = run(__file__, Task(job=job, variant=name, warmup=each.steps.warmup, indices=each.steps.indices))
            turns[name].append(turn)
            took = ", ".join(f"{seconds:.3g}" for seconds in turn.seconds)
            left = progress.done()
            print(f"round {number} of {len(plan)}, {name}: steps of {took} s; {left}", file=sys.stderr, flush=True)
        yield Report(
            command=without_folders(sys.argv), job=job, depth=job.backbone.depth, frames=job.shape.frames,
            tokens=job.shape.tokens, rounds=number, machine=machine, warnings=warnings_of(machine), left_out=left_out,
            solver_steps=tuple(count for done in plan[:number] for count in done.steps.solver_steps),
            variants=pooled(turns),
        )  # fmt: skip


def write(path: Path, report: Report) -> None:
    """All figures as JSON."""
    text = json.dumps(report.model_dump(), indent=1)
    write_atomically(path, lambda file: file.write(text.encode()))


def main(given: Sequence[str] | None = None) -> None:
    """Compare, or take one turn of a comparison."""
    arguments = parser().parse_args(given)
    try:
        if arguments.turn is not None:
            print(measure(Task.model_validate_json(arguments.turn)).model_dump_json())
            return
        for report in compare(arguments):
            if arguments.out is not None:
                write(arguments.out, report)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    print(table(report))


if __name__ == "__main__":
    main()
