"""Many clients at once, for five minutes.

`python server_load.py --out ../docs/figures/server_load.json --picture ../docs/images/server_load.png`

A server of its own is started on a free port. Each client names itself, and asks without a pause: for takes mostly, for
refinements, relatives and exports of what it has; some go away in the middle. With `--queue` few takes may wait, and
clients are told to come again. In the end every sound that came back is held against the same recipe, made alone.
"""

import argparse
import asyncio
import hashlib
import io
import json
import random
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from serving import served

from soundctm import Recipe, SoundCTM
from soundctm.audio.io import to_pcm24, write_atomically

PROMPTS = ("a dog barking", "heavy rain", "three knocks", "an alarm beeping", "thunder", "a bell", "wind", "footsteps")
LEAVES = 0.05  # share of the requests for takes whose client goes away in the middle
SHARES = {"generate": 0.7, "refine": 0.12, "vary": 0.12, "export": 0.06}  # of all requests
MOST_TAKES = 3  # in a request
SETTLED = 30.0  # seconds after which memory is expected to stay as it is
FULL = int(httpx.codes.TOO_MANY_REQUESTS)


@dataclass
class Found:
    """What the clients saw: answers by status, faults (all but a full queue), seconds of each request that was served
    to its end by kind, digests by recipe, the server's memory, and how long all of it took."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in SHARES})
    digests: dict[str, Counter[str]] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB
    lasted: float = 0.0  # seconds


def requests(count: int, seconds: float) -> list[dict[str, Any]]:
    """So many different requests of short sounds."""
    draw = random.Random(0)
    return [
        {
            "prompt": draw.choice(PROMPTS), "takes": draw.randint(1, MOST_TAKES), "steps": draw.choice((1, 1, 1, 2, 4)),
            "seconds": seconds * draw.choice((0.5, 1.0, 2.0)), "seed": seed, "gamma": draw.choice((0.0, 0.5)),
        } for seed in range(count)
    ]  # fmt: skip


class Client:
    """One that asks, listens and fetches, again and again; ``takes`` are the ids and digests of those that it asked for
    last."""

    def __init__(self, http: httpx.AsyncClient, asked: list[dict[str, Any]], number: int, found: Found) -> None:
        self.http, self.asked, self.found = http, asked, found
        self.draw = random.Random(number)
        self.headers = {"X-Client": f"client {number}"}
        self.takes: dict[str, str] = {}

    async def run(self, end: float) -> None:
        """Ask until ``end``."""
        ways: dict[str, Callable[[], Awaitable[bool]]] = {
            "generate": self.generate, "refine": self.refine, "vary": self.vary, "export": self.export,
        }  # fmt: skip
        while (begun := time.monotonic()) < end:
            kind = self.draw.choices(list(SHARES), list(SHARES.values()))[0] if self.takes else "generate"
            try:
                if await ways[kind]():
                    self.found.seconds[kind].append(time.monotonic() - begun)
            except (httpx.HTTPError, ValueError, zipfile.BadZipFile) as error:
                await self.note(error, end)

    async def note(self, error: Exception, end: float) -> None:
        """Wait where the server said that its queue is full, which is no fault."""
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == FULL:
            wait = float(error.response.headers["Retry-After"])
            await asyncio.sleep(min(wait, max(0.0, end - time.monotonic())))
        else:
            self.found.faults.append(f"{type(error).__name__}: {error}")

    async def generate(self) -> bool:
        """Takes; False where the client went away before their end."""
        request = self.draw.choice(self.asked)
        clips = await self.job("generate", request, request["takes"], self.draw.random() < LEAVES)
        if clips is not None:
            self.takes = {clip["id"]: await self.fetch(clip) for clip in clips}
        return clips is not None

    async def refine(self) -> bool:
        """A take in more steps."""
        return await self.revise("refine", {"steps": 4}, 1)

    async def vary(self) -> bool:
        """Relatives of a take."""
        return await self.revise("vary", {"steps": 2, "takes": 2}, 2)

    async def revise(self, kind: str, values: dict[str, int], takes: int) -> bool:
        """What comes of one of the takes."""
        for clip in await self.job(kind, {**values, "clip": self.draw.choice(list(self.takes))}, takes) or ():
            await self.fetch(clip)
        return True

    async def export(self) -> bool:
        """The takes in a zip."""
        body = {"ids": list(self.takes)}
        answer = self.noted(await self.http.post("/v1/export", json=body, headers=self.headers))
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            digests = sorted(samples_digest(archive.read(name)) for name in archive.namelist())
        if digests != sorted(self.takes.values()):
            raise ValueError("an export holds other sounds than were asked for")
        return True

    async def job(
        self, kind: str, request: dict[str, Any], takes: int, leaves: bool = False
    ) -> list[dict[str, Any]] | None:
        """The clips of a job, when it has ended; None where the client went away with the first of them."""
        headers = {"Accept": "text/event-stream", **self.headers}
        clips, state, name = [], None, ""
        async with self.http.stream("POST", f"/v1/{kind}", json=request, headers=headers) as answer:
            self.noted(answer)
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    name = line.removeprefix("event:").strip()
                elif line.startswith("data:") and name == "clip":
                    clips.append(json.loads(line.removeprefix("data:")))
                    if leaves:
                        return None
                elif line.startswith("data:") and name == "job":
                    state = json.loads(line.removeprefix("data:"))["state"]
        if state != "done" or len(clips) != takes:
            raise ValueError(f"a job ended {state} with {len(clips)} of {takes} takes")
        return clips

    async def fetch(self, clip: dict[str, Any]) -> str:
        """The digest of a sound that was made."""
        answer = self.noted(await self.http.get(f"/v1/clips/{clip['id']}/audio", headers=self.headers))
        digest = samples_digest(answer.content)
        self.found.digests.setdefault(json.dumps(clip["recipe"], sort_keys=True), Counter())[digest] += 1
        return digest

    def noted(self, answer: httpx.Response) -> httpx.Response:
        """An answer that is no error; its status is counted."""
        self.found.statuses[answer.status_code] += 1
        return answer.raise_for_status()


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
        work = [Client(http, asked, number, found).run(end) for number in range(clients)]
        await asyncio.gather(watch(pid, end, found), *work)
    found.lasted = time.monotonic() - begun
    return found


def differing(found: Found) -> int:
    """Sounds that are not, to the last bit of their files, what their recipes give alone."""
    model = SoundCTM.from_pretrained("mini")
    recipes = [Recipe.from_json(text, "an answer") for text in found.digests]
    wrong = 0
    for clip, came in zip(model.replay(recipes), found.digests.values(), strict=True):
        wrong += came.total() - came[hashlib.sha256(packed(clip.samples)).hexdigest()]
    return wrong


def packed(samples: np.ndarray) -> bytes:
    """Samples as the bytes of a 24-bit WAV file."""
    steps = to_pcm24(samples).T.astype("<i4").reshape(-1, 1)
    return steps.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def summary(arguments: argparse.Namespace, found: Found) -> dict[str, Any]:
    """The figures."""
    settled = np.array([point for point in found.memory if point[0] > min(SETTLED, arguments.seconds / 2)])
    slope = 60 * np.polyfit(settled[:, 0], settled[:, 1], 1)[0]
    sounds = sum(counts.total() for counts in found.digests.values())
    served = [seconds for kind in found.seconds.values() for seconds in kind]
    return {
        "clients": arguments.clients, "seconds": round(found.lasted, 1), "queue": arguments.queue,
        "requests": len(served), "by kind": {kind: len(seconds) for kind, seconds in found.seconds.items()},
        "answers": {str(status): count for status, count in sorted(found.statuses.items()) if status != FULL},
        "told to come again": found.statuses[FULL],
        "faults": len(found.faults), "first faults": found.faults[:5],
        "takes a second": round(sounds / found.lasted, 1),
        "median of a request, s": round(median(served), 3),
        "95 % below, s": round(float(np.percentile(served, 95)), 3),
        "memory settled, MB": round(float(settled[0, 1])), "memory at the end, MB": round(float(settled[-1, 1])),
        "memory, MB a minute": round(float(slope), 2),
        "sounds compared": sounds, "sounds that differ": differing(found),
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
    parser.add_argument("--queue", type=int, default=512, help="takes that may wait in the server, 6 or more")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--picture", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.queue < 2 * MOST_TAKES:  # a client has half of it
        parser.error(f"--queue is {arguments.queue}; give {2 * MOST_TAKES} or more, for requests of {MOST_TAKES} takes")
    asked = requests(100, arguments.sound)
    command = ("serve", "--queue", str(arguments.queue), "--library")
    with tempfile.TemporaryDirectory() as library, served(*command, library) as (address, pid):
        found = asyncio.run(load(address, pid, asked, arguments.clients, arguments.seconds))
    figures = summary(arguments, found)
    draw(found, arguments.picture)
    write_atomically(arguments.out, lambda file: file.write(json.dumps(figures, indent=1).encode()))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
