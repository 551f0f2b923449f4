"""Many clients at once, for five minutes.

`python server_load.py --out ../docs/figures/server_load.json --picture ../docs/images/server_load.png`

A server of its own is started on a free port. Clients ask it for takes without a pause, and some go away in the middle.
In the end every sound that came back is held against the same recipe, made alone.
"""

import argparse
import asyncio
import hashlib
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeGuard

import httpx
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from serving import served

from soundctm import SoundCTM
from soundctm.audio.io import to_pcm24, write_atomically

PROMPTS = ("a dog barking", "heavy rain", "three knocks", "an alarm beeping", "thunder", "a bell", "wind", "footsteps")
LEAVES = 0.05  # share of the requests whose client goes away in the middle
SETTLED = 30.0  # seconds after which memory is expected to stay as it is


@dataclass
class Found:
    """What the clients saw: answers by status, faults (all but a full queue), seconds of each request that was served
    to its end, digests by request and take, the server's memory, and how long all of it took."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    digests: dict[tuple[int, int], Counter[str]] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB
    lasted: float = 0.0  # seconds


def requests(count: int, seconds: float) -> list[dict[str, Any]]:
    """So many different requests of short sounds."""
    draw = random.Random(0)
    return [
        {
            "prompt": draw.choice(PROMPTS), "takes": draw.randint(1, 3), "steps": draw.choice((1, 1, 1, 2, 4)),
            "seconds": seconds * draw.choice((0.5, 1.0, 2.0)), "seed": seed, "gamma": draw.choice((0.0, 0.5)),
        } for seed in range(count)
    ]  # fmt: skip


async def client(http: httpx.AsyncClient, asked: list[dict[str, Any]], end: float, number: int, found: Found) -> None:
    """Ask, listen, fetch, again and again until ``end``."""
    draw = random.Random(number)
    while time.monotonic() < end:
        which = draw.randrange(len(asked))
        begun = time.monotonic()
        try:
            if await one(http, which, asked[which], draw.random() < LEAVES, found):
                found.seconds.append(time.monotonic() - begun)
        except (httpx.HTTPError, ValueError) as error:
            if not full(error):
                found.faults.append(f"{type(error).__name__}: {error}")
                continue
            await asyncio.sleep(min(float(error.response.headers["Retry-After"]), max(0.0, end - time.monotonic())))


def full(error: Exception) -> TypeGuard[httpx.HTTPStatusError]:
    """Whether the server said that its queue is full, which is no fault."""
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.TOO_MANY_REQUESTS


async def one(http: httpx.AsyncClient, which: int, request: dict[str, Any], leaves: bool, found: Found) -> bool:
    """One request from the first byte to the last sound; False where the client went away on the way."""
    headers = {"Accept": "text/event-stream"}
    clips, state = [], None
    async with http.stream("POST", "/v1/generate", json=request, headers=headers) as answer:
        found.statuses[answer.status_code] += 1
        answer.raise_for_status()
        kind = ""
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:") and kind == "clip":
                clips.append(json.loads(line.removeprefix("data:")))
                if leaves:
                    return False
            elif line.startswith("data:") and kind == "job":
                state = json.loads(line.removeprefix("data:"))["state"]
    if state != "done" or len(clips) != request["takes"]:
        raise ValueError(f"a job ended {state} with {len(clips)} of {request['takes']} takes")
    for clip in clips:
        answer = await http.get(f"/v1/clips/{clip['id']}/audio")
        found.statuses[answer.status_code] += 1
        answer.raise_for_status()
        found.digests.setdefault((which, clip["take"]), Counter())[samples_digest(answer.content)] += 1
    return True


def samples_digest(wav: bytes) -> str:
    """Digest of the data of a WAV file of 24 bits."""
    place = wav.index(b"data")
    length = int.from_bytes(wav[place + 4 : place + 8], "little")
    return hashlib.sha256(wav[place + 8 : place + 8 + length]).hexdigest()


async def watch(pid: int, end: float, found: Found) -> None:
    """Note the server's memory every second."""
    begun = time.monotonic()
    while time.monotonic() < end:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found.memory.append((time.monotonic() - begun, pages * 4096 / 1e6))
        await asyncio.sleep(1.0)


async def load(address: str, pid: int, asked: list[dict[str, Any]], clients: int, seconds: float) -> Found:
    """All clients at once, each with connections of its own."""
    found, begun = Found(), time.monotonic()
    end = begun + seconds
    async with httpx.AsyncClient(
        base_url=address, timeout=120.0, limits=httpx.Limits(max_connections=2 * clients)
    ) as http:
        work = [client(http, asked, end, number, found) for number in range(clients)]
        await asyncio.gather(watch(pid, end, found), *work)
    found.lasted = time.monotonic() - begun
    return found


def differing(asked: list[dict[str, Any]], found: Found) -> int:
    """Sounds that are not, to the last bit of their files, what their recipes give alone."""
    model = SoundCTM.from_pretrained("mini")
    wrong = 0
    for which, request in enumerate(asked):
        for clip in model.generate(**request):
            assert clip.recipe is not None
            wanted = hashlib.sha256(packed(clip.samples)).hexdigest()
            came = found.digests.get((which, clip.recipe.take), Counter())
            wrong += came.total() - came[wanted]
    return wrong


def packed(samples: np.ndarray) -> bytes:
    """Samples as the bytes of a 24-bit WAV file."""
    steps = to_pcm24(samples).T.astype("<i4").reshape(-1, 1)
    return steps.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def summary(arguments: argparse.Namespace, asked: list[dict[str, Any]], found: Found) -> dict[str, Any]:
    """The figures."""
    settled = np.array([point for point in found.memory if point[0] > min(SETTLED, arguments.seconds / 2)])
    slope = 60 * np.polyfit(settled[:, 0], settled[:, 1], 1)[0]
    sounds = sum(counts.total() for counts in found.digests.values())
    return {
        "clients": arguments.clients, "seconds": round(found.lasted, 1), "requests": len(found.seconds),
        "answers": {str(status): count for status, count in sorted(found.statuses.items())},
        "faults": len(found.faults), "first faults": found.faults[:5],
        "takes a second": round(sounds / found.lasted, 1),
        "median of a request, s": round(median(found.seconds), 3),
        "95 % below, s": round(float(np.percentile(found.seconds, 95)), 3),
        "memory settled, MB": round(float(settled[0, 1])), "memory at the end, MB": round(float(settled[-1, 1])),
        "memory, MB a minute": round(float(slope), 2),
        "sounds compared": sounds, "sounds that differ": differing(asked, found),
    }  # fmt: skip


def draw(found: Found, path: Path) -> None:
    """Memory over time."""
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(*zip(*found.memory, strict=True), color="#2a6f97")
    axes.set(xlabel="seconds", ylabel="memory of the server, MB", ylim=(0, None), xlim=(0, None))
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Start, load, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--sound", type=float, default=1.0, help="typical length of a sound, s")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--picture", type=Path, required=True)
    arguments = parser.parse_args()
    asked = requests(100, arguments.sound)
    with tempfile.TemporaryDirectory() as library, served("serve", "--library", library) as (address, pid):
        found = asyncio.run(load(address, pid, asked, arguments.clients, arguments.seconds))
    figures = summary(arguments, asked, found)
    draw(found, arguments.picture)
    write_atomically(arguments.out, lambda file: file.write(json.dumps(figures, indent=1).encode()))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
