"""Memory that a guided take of the paper's size needs: `python guidance_memory.py [--device cuda]`, in this folder.

The 1B preset with random weights, 10.03 s, two steps, each guided by gradients through student and decoder.
"""

import argparse
import resource
import time

import torch

from soundctm.audio.recipe import Steering
from soundctm.benchmark import PAPER
from soundctm.benchmark.subjects import load
from soundctm.control.targets import from_shape

GIB = 2**30


def main() -> None:
    """Make the take and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    device = parser.parse_args().device
    model = load(PAPER, device)
    seconds = model.config.seconds
    steering = Steering(auditions=1, fader=0.0)
    begun = time.perf_counter()
    (clip,) = model.generate("rain", steps=2, seed=1, targets=[from_shape("rise", seconds)], steering=steering)
    took = time.perf_counter() - begun
    if device == "cpu":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    else:
        peak = torch.cuda.max_memory_allocated(device)
    parameters = sum(p.numel() for p in model.student.parameters())
    print(f"{PAPER} on {device}: {clip.duration:.2f} s, {parameters:,} parameters of the student, guided in two steps")
    print(f"peak of memory {peak / GIB:.1f} GiB, {took:.0f} s")


if __name__ == "__main__":
    main()
