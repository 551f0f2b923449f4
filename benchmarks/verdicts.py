"""What `soundctm verify` says of takes after codecs and edits.

`python verdicts.py --out ../docs/figures/verdicts.json`, in this folder; it needs ffmpeg with libmp3lame, libopus and
libvorbis. It writes the figures, and prints the two tables of docs/delivery.md.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from ending import mistakes_told
from numpy.typing import NDArray

from soundctm import Clip, SoundCTM
from soundctm.audio.io import write_atomically
from soundctm.audio.resample import resample
from soundctm.benchmark.settings import check_out
from soundctm.delivery.verify import Verified, verify
from soundctm.errors import UserError

PROMPTS = ("rain", "three knocks", "a dog barking", "sea waves", "fire", "a clock ticking", "a laser", "a bell")
SEED = 7
Samples = NDArray[np.float32]
Change = Callable[[Samples, int, Samples], tuple[Samples, int]]  # of a sound, its rate and another take


def by_ffmpeg(*options: str, suffix: str = "wav") -> Change:
    """Through a file that ffmpeg writes with these options, and back."""

    def change(x: Samples, rate: int, _: Samples) -> tuple[Samples, int]:
        with tempfile.TemporaryDirectory() as room:
            before, after, back = (str(Path(room) / name) for name in ("a.wav", f"b.{suffix}", "c.wav"))
            soundfile.write(before, x.T, rate, subtype="FLOAT")
            plain = ("-c:a", "pcm_f32le") if suffix == "wav" else ()
            for arguments in (("-i", before, *options, *plain, after), ("-i", after, "-c:a", "pcm_f32le", back)):
                subprocess.run(("ffmpeg", "-y", "-v", "error", *arguments), check=True, capture_output=True)
            found, rate = soundfile.read(back, dtype="float32", always_2d=True)
        return np.ascontiguousarray(found.T), rate

    return change


def here(work: Callable[[Samples, int], Samples]) -> Change:
    """A change of the samples alone."""
    return lambda x, rate, _: (work(x, rate), rate)


def mixed(level: float) -> Change:
    """Another take added, so many dB beside the sound's own power."""

    def change(x: Samples, rate: int, other: Samples) -> tuple[Samples, int]:
        gain = 10 ** (level / 20) * float(np.sqrt(np.square(x).mean() / np.square(other).mean()))
        return x + gain * other, rate

    return change


def loudest(x: Samples, length: int) -> int:
    """Where the stretch of this length with the most power begins."""
    power = np.cumsum(np.concatenate([[0.0], np.square(x, dtype=np.float64).sum(0)]))
    return int((power[length:] - power[:-length]).argmax())


def hole(seconds: float) -> Change:
    """Silence in place of the loudest stretch."""

    def work(x: Samples, rate: int) -> Samples:
        x, length = x.copy(), round(seconds * rate)
        at = loudest(x, length)
        x[:, at : at + length] = 0
        return x

    return here(work)


def inserted(seconds: float, middle: bool) -> Change:
    """Silence put between: in the middle, or at the loudest place."""

    def work(x: Samples, rate: int) -> Samples:
        length = round(seconds * rate)
        at = x.shape[1] // 2 if middle else loudest(x, length)
        return np.concatenate([x[:, :at], np.zeros((len(x), length), np.float32), x[:, at:]], axis=1)

    return here(work)


def faster(permille: int) -> Change:
    """Resampled, and played at the old rate."""
    return here(lambda x, rate: resample(x, rate * (1000 + permille) // 1000, rate).astype(np.float32))


def fade(seconds: float) -> Change:
    """A linear fade in."""
    return here(lambda x, rate: x * np.minimum(1, np.arange(x.shape[1]) / (seconds * rate)).astype(np.float32))


def stereo(x: Samples, rate: int) -> Samples:
    """The same on two channels."""
    return np.repeat(x[:1], 2, axis=0)


PRESERVING: dict[str, Change] = {
    "gain of -6 dB, other sign": here(lambda x, rate: -0.5 * x),
    "22.05 kHz": lambda x, rate, _: (resample(x, rate, rate // 2).astype(np.float32), rate // 2),
    "48 kHz": lambda x, rate, _: (resample(x, rate, 48_000).astype(np.float32), 48_000),
    "two channels": here(stereo),
    "16 bits by rounding, after a gain of -3 dB": here(lambda x, rate: np.round(0.708 * x * 2**15) / np.float32(2**15)),
    **{f"MP3 {kb} kb/s": by_ffmpeg("-c:a", "libmp3lame", "-b:a", f"{kb}k", suffix="mp3") for kb in (128, 64, 32)},
    "AAC 96 kb/s": by_ffmpeg("-c:a", "aac", "-b:a", "96k", suffix="m4a"),
    "Opus 64 kb/s": by_ffmpeg("-c:a", "libopus", "-b:a", "64k", suffix="opus"),
    **{f"Vorbis, quality {q}": by_ffmpeg("-c:a", "libvorbis", "-q:a", str(q), suffix="ogg") for q in (8, 4, 1)},
    "stereo at 48 kHz, -6 dB, then MP3 128 kb/s": by_ffmpeg(
        "-ac", "2", "-ar", "48000", "-af", "volume=-6dB", "-c:a", "libmp3lame", "-b:a", "128k", suffix="mp3"
    ),
}
EDITS: dict[str, Change] = {
    "trimmed by 30 ms in front": here(lambda x, rate: x[:, round(0.03 * rate) :]),
    "trimmed by 200 ms in front": here(lambda x, rate: x[:, round(0.2 * rate) :]),
    "reversed": here(lambda x, rate: x[:, ::-1].copy()),
    "another take": lambda x, rate, other: (other, rate),
    "0.5 % faster": faster(5),
    "1 % faster": faster(10),
    "50 ms of silence inserted at the loudest place": inserted(0.05, middle=False),
    "10 ms of silence inserted in the middle": inserted(0.01, middle=True),
    "a hole of 50 ms at the loudest place": hole(0.05),
    "a hole of 20 ms at the loudest place": hole(0.02),
    "a fade in over 0.5 s": fade(0.5),
    "a fade in over 10 ms": fade(0.01),
    **{f"another take mixed in at {level} dB": mixed(level) for level in (0, -6, -12, -20, -26, -30)},
    "a compressor (6:1 above -24 dB)": by_ffmpeg("-af", "acompressor=threshold=-24dB:ratio=6"),
    "a high pass at 500 Hz": by_ffmpeg("-af", "highpass=f=500"),
    "an equaliser, +6 dB at 2 kHz": by_ffmpeg("-af", "equalizer=f=2000:t=q:w=1:g=6"),
}


def verdicts(model: SoundCTM, takes: Sequence[tuple[Clip, Clip]], change: Change) -> list[Verified]:
    """Of every take after a change; the second of each pair is another take of its prompt."""
    found = []
    for take, other in takes:
        samples, rate = change(take.samples, take.sample_rate, other.samples)
        found.append(verify(replace(take, samples=np.asarray(samples, np.float32), sample_rate=rate), model))
    return found


def summary(found: Sequence[Verified]) -> dict[str, Any]:
    """How often each verdict, of which prompts the rarer ones, and the worst figures."""
    figures = [each.figures for each in found if each.figures is not None]
    worst = {
        "correlation": round(min((each.correlation for each in figures), default=1.0), 3),
        **{name: round(max((getattr(each, name) for each in figures), default=0.0), 3)
           for name in ("residual", "drift", "excess")},
    }  # fmt: skip
    counts = Counter(each.verdict for each in found).most_common()
    rare = [prompt for prompt, each in zip(PROMPTS, found, strict=True) if each.verdict != counts[0][0]]
    return {"verdicts": dict(counts), "others": rare, **worst}


def row(name: str, one: dict[str, Any], figures: bool) -> str:
    """A line of a table."""
    said = ", ".join(f"{count} {verdict}" for verdict, count in one["verdicts"].items())
    said += f" ({', '.join(one['others'])})" if one["others"] else ""
    values = (f"{one['correlation']:.3f}", f"{one['residual']:.3f}", f"{one['drift']:.2f}", f"{one['excess']:.1f}")
    return f"| {name} | {said} |" + (f" {' | '.join(values)} |" if figures else "")


def main(given: Sequence[str] | None = None) -> None:
    """Read what is asked for; what the user can mend ends with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--out", type=Path, required=True)
    with mistakes_told():
        measure(parser.parse_args(given))


def measure(arguments: argparse.Namespace) -> None:
    """Make the takes, change them in every way, write and print."""
    check_out(arguments.out)
    if shutil.which("ffmpeg") is None:
        raise UserError("ffmpeg is not installed, and the codecs are its own; on Debian: apt-get install ffmpeg")
    model = SoundCTM.from_pretrained(arguments.model)
    takes = [(one, other) for one, other in (model.generate(words, takes=2, seed=SEED) for words in PROMPTS)]
    found: dict[str, Any] = {"model hash": model.model_hash, "prompts": PROMPTS, "seed": SEED}
    for kind, changes in (("preserving", PRESERVING), ("edits", EDITS)):
        found[kind] = {name: summary(verdicts(model, takes, change)) for name, change in changes.items()}
        print("\n".join(row(name, one, kind == "preserving") for name, one in found[kind].items()), end="\n\n")
    text = json.dumps(found, indent=1)
    write_atomically(arguments.out, lambda file: file.write(text.encode()))


if __name__ == "__main__":
    main()
