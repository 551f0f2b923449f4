"""How time grows with the length of a sound, and how throughput grows with the number of takes at once.

`python scaling.py --out ../docs/figures/scaling.json --picture ../docs/images/scaling.png`, in this folder. Every
call has a new prompt.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from ending import mistakes_told
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from soundctm.audio.io import write_atomically
from soundctm.benchmark.machine import describe
from soundctm.benchmark.prompts import fresh_prompts
from soundctm.benchmark.settings import check_out
from soundctm.benchmark.subjects import load
from soundctm.checks import within
from soundctm.engines.threads import threads

SECONDS = (1, 2, 5, 10, 15, 20, 25, 30)
TAKES = (1, 2, 4, 8, 16, 32)
STEPS = (1, 16)
Case = tuple[int, int]  # steps, and seconds or takes


def rounds(cases: Sequence[Case], call: Callable[[Case], object], repeats: int) -> dict[Case, list[float]]:
    """Seconds of every case, one after the other in each of several rounds, after one that does not count."""
    times: dict[Case, list[float]] = {case: [] for case in cases}
    for round_ in range(repeats + 1):
        for case in cases:
            start = time.perf_counter()
            call(case)
            if round_:
                times[case].append(time.perf_counter() - start)
    return times


def straightness(seconds: Sequence[int], times: Sequence[float]) -> dict[str, float]:
    """The line through the times: milliseconds at no length, milliseconds per second of sound, and the share of the
    variance that it explains."""
    slope, start = np.polyfit(seconds, times, 1)
    rest = np.asarray(times) - (start + slope * np.asarray(seconds))
    explained = 1 - float(np.var(rest) / np.var(times))
    return {"start_ms": 1e3 * float(start), "ms_per_second": 1e3 * float(slope), "explained": explained}


def by_second(times: dict[int, float]) -> dict[str, float]:
    """Milliseconds of every length, and the line through them."""
    rounded = {f"{n} s": round(1e3 * spent, 1) for n, spent in times.items()}
    return rounded | straightness(tuple(times), tuple(times.values()))


def draw(lengths: dict[Case, float], rates: dict[Case, float], path: Path) -> None:
    """Two panels: time over length, takes per second over takes at once."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for steps, colour in zip(STEPS, ("#2a6f97", "#bc4b51"), strict=True):
        label = f"{steps} step{'s' if steps > 1 else ''}"
        left.plot(SECONDS, [1e3 * lengths[steps, n] for n in SECONDS], "o-", color=colour, label=label)
        right.plot(TAKES, [rates[steps, n] for n in TAKES], "o-", color=colour, label=label)
    left.set(xlabel="length of the sound, s", ylabel="prompt to samples, ms", ylim=(0, None), xlim=(0, None))
    right.set(xlabel="takes at once", ylabel="takes per second", ylim=(0, None), xscale="log")
    right.set_xticks(TAKES, [str(n) for n in TAKES], minor=False)
    right.minorticks_off()
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=130))


def main(given: Sequence[str] | None = None) -> None:
    """Read what is asked for; what the user can mend ends with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args(given)
    with mistakes_told(), threads(arguments.threads):
        measure(arguments)


def measure(arguments: argparse.Namespace) -> None:
    """Measure, write the figures, draw them."""
    for path in filter(None, (arguments.out, arguments.picture)):
        check_out(path)
    within("repeats", arguments.repeats, 1, 1000, "5 make a median")
    model = load(arguments.model, arguments.device).optimize("eager", arguments.precision)
    machine, prompts = describe(model.device), fresh_prompts()

    def long(case: Case) -> None:
        model.generate(next(prompts), steps=case[0], seconds=case[1], seed=1)

    def many(case: Case) -> None:
        model.generate(next(prompts), steps=case[0], takes=case[1], seed=1)

    by_length = rounds([(s, n) for s in STEPS for n in SECONDS], long, arguments.repeats)
    by_takes = rounds([(s, n) for s in STEPS for n in TAKES], many, arguments.repeats)
    lengths = {case: median(times) for case, times in by_length.items()}
    rates = {case: case[1] / median(times) for case, times in by_takes.items()}
    figures = {
        "machine": machine.model_dump(),
        "precision": arguments.precision,
        "length": {f"{s} steps": by_second({n: lengths[s, n] for n in SECONDS}) for s in STEPS},
        "takes per second": {f"{s} steps": {str(n): round(rates[s, n], 2) for n in TAKES} for s in STEPS},
    }
    text = json.dumps(figures, indent=1)
    write_atomically(arguments.out, lambda file: file.write(text.encode()))
    if arguments.picture:
        draw(lengths, rates, arguments.picture)
    print(text)


if __name__ == "__main__":
    main()
