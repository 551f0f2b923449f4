"""Does a batch that is killed come to the folder of one that is not?

`python batch_kill.py`

A sheet of 200 rows over all classes that the evaluator knows, a quarter of them in 16 steps, in four formats, is made
once whole, and once killed with `kill -9` three times, each at a random moment counted in files written since that
start, and then gone on with. Exit code 0 where the two folders have the same bytes, 1 where not.
"""

import argparse
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from soundctm import SoundCTM
from soundctm.batch.place import STATE
from soundctm.metrics.evaluator import load_listener

ROWS, KILLS = 200, 3
FORMATS = ("wav24", "wav16", "flac", "ogg")
STEPS = (1, 1, 1, 16)


def sheet() -> str:
    """The cue sheet. A format comes with every number of steps."""
    prompts = itertools.cycle(name.replace("_", " ") for name in load_listener().classes)
    rows = [
        f"{prompt},{STEPS[number % 4]},{FORMATS[number // 4 % 4]}"
        for number, prompt in enumerate(itertools.islice(prompts, ROWS))
    ]
    return "\n".join(["prompt,steps,format", *rows]) + "\n"


def begin(cues: Path, out: Path) -> subprocess.Popen[str]:
    """Start the command."""
    command = [sys.executable, "-m", "soundctm", "batch", str(cues), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def done(cues: Path, out: Path) -> str:
    """Run the command to its end; the first line that it says."""
    process = begin(cues, out)
    said, wrong = process.communicate()
    if process.returncode not in (0, 1):  # 1: takes were left out
        raise SystemExit(f"the batch ended with {process.returncode}: {wrong}")
    return said.splitlines()[0].partition(". ")[0]


def written(out: Path) -> int:
    """Sounds that are there."""
    return len(list((out / "sounds").glob("[!.]*")))


def killed(cues: Path, out: Path, files: int) -> int:
    """Start the command and kill it once it has written so many sounds; how many there are then."""
    before = written(out)
    process = begin(cues, out)
    while written(out) < before + files:
        if process.poll() is not None:
            raise SystemExit(f"the batch was over after {written(out) - before} sounds: {process.communicate()}")
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return written(out)


def product(folder: Path) -> dict[str, bytes]:
    """Every file but the batch's own state."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(name): (folder / name).read_bytes() for name in names if name.parts[0] != STATE}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> Iterator[str]:
    """Files that are not the same in both."""
    return (name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name))


def main() -> None:
    """Run both, print, and end with the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    moments = random.Random(parser.parse_args().seed)
    with tempfile.TemporaryDirectory() as folder:
        cues, whole, cut = (Path(folder) / name for name in ("cues.csv", "whole", "cut"))
        cues.write_text(sheet(), encoding="utf-8")
        print(f"model {SoundCTM.from_pretrained('mini').model_hash}, {ROWS} rows: {done(cues, whole)}")
        share = ROWS // (KILLS + 1)
        ends = [killed(cues, cut, moments.randint(1, share)) for _ in range(KILLS)]
        print(f"killed when {', '.join(map(str, ends))} sounds were written, then: {done(cues, cut)}")
        found = list(differing(product(whole), product(cut)))
        print(f"files that differ: {', '.join(found) or 'none'}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
