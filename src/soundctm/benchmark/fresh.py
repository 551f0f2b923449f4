"""A first take in a process of its own: what a newcomer waits for, and the memory it takes.

The high-water mark of a process never falls, so each path needs one of its own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from soundctm.benchmark.clock import Stopwatch
from soundctm.benchmark.paths import open_path
from soundctm.benchmark.prompts import fresh_prompts
from soundctm.benchmark.results import Fresh
from soundctm.benchmark.settings import Name, Settings
from soundctm.benchmark.subjects import load
from soundctm.engines.threads import threads
from soundctm.errors import UserError

REFUSED = 2  # exit code for what the user can mend


def measure_fresh(settings: Settings, path: Name) -> Fresh:
    """Start a process, let it make one take with the fewest steps, and hear what it found.

    Raises :class:`UserError` for what the user can mend there as well.
    """
    task = json.dumps({"settings": settings.model_dump(), "path": path, "started": time.time()})
    command = ["-m", "soundctm.benchmark.fresh", task]
    hint = "measure a smaller model, or leave these processes out with --no-fresh"
    return Fresh.model_validate_json(told_alone(command, f"a process of the {path} path", hint))


def told_alone(arguments: Sequence[str], who: str, hint: str) -> str:
    """The last line that a Python process of its own prints, ``who`` it is in errors and ``hint`` what to do where
    memory ran out. Raises :class:`UserError` for that, and for what the process refused."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode == REFUSED:
        raise UserError(done.stderr.strip().splitlines()[-1])
    if done.returncode < 0:
        raise UserError(f"{who} was killed (signal {-done.returncode}), most likely as memory ran out; {hint}")
    if done.returncode:
        raise RuntimeError(f"{who} failed:\n{done.stderr}")
    return done.stdout.splitlines()[-1]


def peak_memory() -> int | None:
    """The most bytes that this process has held; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would remember the process that started this one
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def device_memory(device: torch.device) -> int | None:
    """The most bytes that torch has held on a GPU: what tensors filled, what CUDA graphs keep for themselves, and what
    lay between them. On a Mac, which keeps no record, those that it holds now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    return int(torch.mps.driver_allocated_memory()) if device.type == "mps" else None


def measure_here(settings: Settings, name: Name, started: float) -> Fresh:
    """What :func:`measure_fresh` asks for, in a process that began at ``started`` (seconds of the system's clock)."""
    with threads(settings.threads or torch.get_num_threads()):
        lean = name == "ours" and settings.engine in ("auto", "eager")
        model = load(settings.model, settings.device, settings.options.precision if lean else "float32")
        path = open_path(name, model, settings, alone=True)
        ready = time.time() - started
        steps = min(settings.steps)
        watch = Stopwatch(model.device)
        timing = watch.measure(lambda: path.make(next(fresh_prompts()), 0, steps, watch))
    return Fresh(
        path=name, steps=steps, ready=ready, first=timing.total, memory=peak_memory(),
        device_memory=device_memory(model.device),
    )  # fmt: skip


def main(task: str) -> None:
    """Print the result as one line; a :class:`UserError` is one line on stderr."""
    asked = json.loads(task)
    try:
        found = measure_here(Settings.model_validate(asked["settings"]), asked["path"], asked["started"])
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(REFUSED)
    sys.stdout.write(found.model_dump_json() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
