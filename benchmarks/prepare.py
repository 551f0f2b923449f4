"""Peak memory of `soundctm data prepare` for 1,000 and 10,000 small files: `python benchmarks/prepare.py`."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100
# The command, which says at its end how much memory it has had, in kB.
PROGRAM = """
import resource, sys
from soundctm.cli.app import main
if __name__ == "__main__":
    try:
        main()
    finally:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def make(folder: Path, count: int) -> None:
    """``count`` different sounds of a quarter of a second with captions beside them, a thousand to a folder; every
    hundredth is cut short."""
    rng = np.random.default_rng(0)
    for i in range(count):
        place = folder / f"{i // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{i:05d}.wav"
        soundfile.write(path, rng.normal(0, 0.1, RATE // 4), RATE)
        path.with_suffix(".txt").write_text(f"noise number {i}")
        if i % 100 == 99:
            path.write_bytes(path.read_bytes()[:-100])


def resident(group: int) -> float:
    """MB in use by all processes of a group now; what they share counts for each."""
    total = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int((place / "statm").read_text().split()[1]) * resource.getpagesize()
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
    return total / 2**20


def prepare(source: Path, out: Path, options: list[str]) -> dict[str, float]:
    """One run: seconds, clips, peak memory of its main process and of all its processes together, in MB."""
    path, said = out.with_suffix(".py"), out.with_suffix(".json")
    path.write_text(PROGRAM)
    command = [sys.executable, str(path), "data", "prepare", str(source), "--out", str(out), "--json", *options]
    begin, highest = time.monotonic(), 0.0
    with said.open("w") as file, subprocess.Popen(
        command, stdout=file, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:  # fmt: skip
        while process.poll() is None:
            highest = max(highest, resident(process.pid))
            time.sleep(0.02)
        assert process.stderr is not None
        complaint = process.stderr.read()
    if process.returncode:
        sys.exit(complaint)
    manifest = json.loads(said.read_text())
    return {
        "seconds": round(time.monotonic() - begin, 1),
        "clips": manifest["clips"],
        "left out": manifest["left_out"]["total"],
        "peak MB, main process": round(int(complaint.splitlines()[-1]) / 1024),
        "peak MB, all processes": round(highest),
    }


def main() -> None:
    """Make the files, run, print one line per count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a clip")
    parser.add_argument("--latents", help="also encode with this model")
    arguments = parser.parse_args()
    options = ["--workers", str(arguments.workers), "--seconds", str(arguments.seconds)]
    options += ["--latents", arguments.latents] if arguments.latents else []
    with tempfile.TemporaryDirectory() as place:
        for count in arguments.counts:
            make(Path(place) / f"in{count}", count)
            figures = prepare(Path(place) / f"in{count}", Path(place) / f"out{count}", options)
            print(json.dumps({"files": count, **figures}), flush=True)


if __name__ == "__main__":
    main()
