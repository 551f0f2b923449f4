"""From the start of a program to its first sound on the disk.

`python startup.py --out ../docs/figures/startup.json`, in this folder.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from ending import mistakes_told

from soundctm.audio.io import write_atomically
from soundctm.benchmark.machine import describe
from soundctm.benchmark.settings import check_out
from soundctm.checks import within

LOOK = 0.001  # seconds between looks


def once(number: int) -> tuple[float, float]:
    """Seconds until ``soundctm generate`` has its WAV in the folder, and until it ends."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "soundctm", "generate", f"a dog barking, {number}", "--takes", "1"]
        begun = time.perf_counter()
        with subprocess.Popen([*command, "--out", name], stdout=subprocess.DEVNULL) as program:
            while not list(Path(name).glob("*.wav")):  # it is renamed when it is whole
                if program.poll() is not None:
                    raise SystemExit(f"{' '.join(command)} ended with {program.returncode} and without a sound")
                time.sleep(LOOK)
            heard = time.perf_counter() - begun
            if program.wait() != 0:
                raise SystemExit(f"{' '.join(command)} ended with {program.returncode}")
        return heard, time.perf_counter() - begun


def main(given: Sequence[str] | None = None) -> None:
    """Read what is asked for; what the user can mend ends with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True)
    with mistakes_told():
        measure(parser.parse_args(given))


def measure(arguments: argparse.Namespace) -> None:
    """Start it again and again; the first start, which fills the caches of the disk, is told apart."""
    check_out(arguments.out)
    within("runs", arguments.runs, 1, 1000, "10 make a median")
    machine = describe(torch.device("cpu"))
    (cold, _), *warm = [once(number) for number in range(arguments.runs + 1)]
    heard, ended = zip(*warm, strict=True)
    figures = {
        "first start, s": cold, "to the first WAV, s": statistics.median(heard),
        "slowest, s": max(heard), "to the end of the command, s": statistics.median(ended), "runs": arguments.runs,
    }  # fmt: skip
    rounded = {name: round(value, 2) for name, value in figures.items()}
    text = json.dumps({"machine": machine.model_dump(), **rounded}, indent=1)
    write_atomically(arguments.out, lambda file: file.write(text.encode()))
    print(text)


if __name__ == "__main__":
    main()
