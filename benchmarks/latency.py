"""Prompt to samples, warm: median and spread of 1 and 16 steps, and the share of each stage."""

import argparse
import json
import statistics
import time

import torch

from soundctm import SoundCTM


def milliseconds(run: "object", repeats: int) -> list[float]:
    """Times of repeated calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()  # type: ignore[operator]
        times.append(1000 * (time.perf_counter() - start))
    return times


def summary(times: list[float]) -> dict[str, float]:
    """Median, fastest, slowest."""
    return {
        "median_ms": round(statistics.median(times), 1),
        "min_ms": round(min(times), 1),
        "max_ms": round(max(times), 1),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = SoundCTM.from_pretrained(arguments.model)
    prompt = "heavy rain on a tin roof"
    results: dict[str, object] = {"threads": arguments.threads, "seconds_of_audio": model.config.seconds}
    for steps in (1, 16):
        model.generate(prompt, steps=steps, seed=0)
        results[f"{steps} steps"] = summary(
            milliseconds(lambda n=steps: model.generate(prompt, steps=n, seed=1), arguments.repeats)
        )
    with torch.inference_mode():
        z = torch.randn(1, model.autoencoder.channels, model.frames(model.config.seconds))
        results["text"] = summary(milliseconds(lambda: model.encode(prompt), arguments.repeats))
        results["decoder"] = summary(milliseconds(lambda: model.autoencoder.decode(z), arguments.repeats))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
