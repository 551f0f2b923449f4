"""Every command twice: the same bytes? And the recipe in each file: does it make the file again? Bad input: refused?"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import soundctm
from control_figures.hum import hum
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import held_out
from control_figures.section import Claim, Section, Table
from soundctm.audio import Clip
from soundctm.audio.io import LOOP_CHUNK, read_chunk, to_pcm24

SECONDS, GAP = 2.0, ("0.8", "1.3")
SAME = ("--seed", "3", "--steps", "2")
TAKES = {"take": "rain", "other_take": "sea waves"}

# name: arguments; {names} are input files
COMMANDS: dict[str, tuple[str, ...]] = {
    "control, shape": ("control", "rain", "--intensity", "rise", *SAME),
    "control, points and weights": (
        "control", "wind", "--intensity", "0:-40, 1.5:-12, 2:free, 4:-20, 5:-50", "--brightness", "0:400, 5:3000",
        "--weight", "brightness=0.5", *SAME,
    ),
    "control, CSV": ("control", "a bell", "--pitch", "{csv}", *SAME),
    "control, recording": ("control", "a dog barking", "--onsets", "{hum}", "--band", "{hum}", *SAME),
    "control, z_T optimisation": ("control", "rain", "--intensity", "peak", "--method", "start", *SAME),
    "generate --loop": ("generate", "rain", "--loop", "--takes", "1", *SAME),
    "generate --negative": ("generate", "rain", "--negative", "wind", "--nu", "2", "--takes", "1", *SAME),
    "edit extend-bandwidth": ("edit", "extend-bandwidth", "{a}", "--cutoff", "3000", *SAME),
    "edit declip": ("edit", "declip", "{a}", "--level", "0.02", *SAME),
    "edit fill": ("edit", "fill", "{a}", "--start", GAP[0], "--end", GAP[1], *SAME),
    "edit extend": ("edit", "extend", "{a}", "--before", "0.5", "--after", "0.5", *SAME),
    "edit join": ("edit", "join", "{a}", "{b}", "--gap", "0.5", *SAME),
    "edit loop": ("edit", "loop", "{a}", "--seam", "0.4", *SAME),
    "edit loop, take": ("edit", "loop", "{take}", "--steps", "2"),
    "edit transform": ("edit", "transform", "{a}", "a dog barking", "--strength", "0.7", *SAME),
    "edit morph, takes": ("edit", "morph", "{take}", "{other_take}", "--steps", "2"),
    "edit morph, recordings": ("edit", "morph", "{a}", "{b}", "--prompt", "rain", *SAME),
    "edit vary": ("edit", "vary", "{take}", "--takes", "1", "--steps", "2"),
}  # fmt: skip

# what is wrong: arguments
REFUSED: dict[str, tuple[str, ...]] = {
    "times out of order": ("control", "rain", "--intensity", "0:-40, 2:-30, 1:-20"),
    "a time outside the clip": ("control", "rain", "--intensity", "0:-40, 9:-20"),
    "not a number": ("control", "rain", "--intensity", "0:-40, 2:nan"),
    "the wrong unit": ("control", "rain", "--intensity", "0:0.5, 2:20"),
    "a pitch in the wrong unit": ("control", "a bell", "--pitch", "0:0.5, 2:0.7"),
    "an onset above 1": ("control", "a bell", "--onsets", "0:0, 2:3"),
    "no curve": ("control", "rain"),
    "an empty gap": ("edit", "fill", "{a}", "--start", "1", "--end", "1"),
    "a cut-off above half the sample rate": ("edit", "extend-bandwidth", "{a}", "--cutoff", "30000"),
    "a strength above 1": ("edit", "transform", "{a}", "rain", "--strength", "1.5"),
    "a variation of a recording": ("edit", "vary", "{a}"),
}


def pieces(sizes: Sizes) -> list[Piece]:
    """One for every command, and one for what is refused."""
    twice = [
        piece(f"command, {name}", 8.0, run, name=name, arguments=list(arguments))
        for name, arguments in COMMANDS.items()
    ]
    return [*twice, piece("refused", 5.0 * len(REFUSED), run_refused, refused={k: list(v) for k, v in REFUSED.items()})]


def inputs(place: Place, folder: Path) -> dict[str, str]:
    """The files that commands work on: two recordings, a hum, a CSV, two takes."""
    folder.mkdir(parents=True, exist_ok=True)
    rate = place.model.sample_rate
    clips = {
        name: Clip(one.clip.samples[:, : round(SECONDS * rate)], rate)
        for name, one in zip("ab", held_out(place, 2), strict=True)
    }
    clips["hum"] = Clip(hum(place.seconds, rate)[None], rate)
    for name, prompt in TAKES.items():
        clips[name] = place.model.generate(prompt, seed=5)[0]
    files = {name: str(clip.save(folder / f"{name}.wav")) for name, clip in clips.items()}
    (folder / "curve.csv").write_text("seconds,value\n0,200\n2,400\n")
    return {**files, "csv": str(folder / "curve.csv")}


def call(place: Place, arguments: list[str], files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    source = str(Path(soundctm.__file__).parent.parent)
    given = [argument.format(**files) for argument in arguments]
    return subprocess.run(
        [sys.executable, "-m", "soundctm", *given], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
    )  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def run(place: Place, name: str, arguments: list[str]) -> Figures:
    """One command into two folders; then its sound from its recipe."""
    folder = place.out / "commands" / name.replace(" ", "-").replace(",", "")
    shutil.rmtree(folder, ignore_errors=True)
    files = inputs(place, folder / "inputs")
    found = []
    for turn in ("first", "second"):
        model = [] if arguments[:2] == ["edit", "vary"] else ["--model", place.model_name]
        done = call(place, [*arguments, "--out", str(folder / turn), *model], files)
        if done.returncode:
            raise RuntimeError(f"{name} ended with code {done.returncode}: {done.stderr.strip()[-500:]}")
        found.append(digests(folder / turn))
    wav = next((folder / "first").glob("*.wav"))
    figures = {"files": sorted(found[0]), "same": found[0] == found[1], "replayed": replayed(place, wav, files)}
    clip = Clip.load(wav)
    if clip.loops:
        figures["loop points"] = read_chunk(wav, LOOP_CHUNK) is not None
    return figures


def replayed(place: Place, wav: Path, files: dict[str, str]) -> bool:
    """Whether the recipe in a file makes the file's samples again, with the recordings at hand."""
    clip = Clip.load(wav)
    if clip.recipe is None:
        raise ValueError(f"{wav} has no recipe")
    recordings = [Clip.load(path) for path in files.values() if path.endswith(".wav")]
    again = next(place.model.replay([clip.recipe], sources={one.digest: one for one in recordings}))
    return bool(np.array_equal(to_pcm24(again.samples), to_pcm24(clip.samples)))


def run_refused(place: Place, refused: dict[str, list[str]]) -> Figures:
    """Exit code and words of commands that must be refused, and whether they left a file."""
    folder = place.out / "commands" / "refused"
    shutil.rmtree(folder, ignore_errors=True)
    files = inputs(place, folder / "inputs")
    figures = {}
    for name, arguments in refused.items():
        out = folder / name.replace(" ", "-")
        done = call(place, [*arguments, "--out", str(out)], files)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        words = " ".join(" ".join(lines).split()).removeprefix("soundctm: ")
        wrote = any(out.glob("*")) if out.exists() else False
        figures[name] = {"code": done.returncode, "lines": len(lines), "words": words, "wrote": wrote}
    return figures


def summary(place: Place) -> Figures | None:
    """By command."""
    found = {one.name: figures_of(place, one) for one in pieces(place.sizes)}
    if any(each is None for each in found.values()):
        return None
    refused = found.pop("refused")
    return {"commands": {name.removeprefix("command, "): each for name, each in found.items()}, "refused": refused}


def section(figures: Figures) -> Section:
    """Every command and every refusal."""
    commands, refused = figures["commands"], figures["refused"]
    answer = {True: "yes", False: "**no**"}
    rows = [[name, answer[one["same"]], answer[one["replayed"]]] for name, one in commands.items()]
    tables = [
        Table(("command", "same bytes, run twice", "its recipe makes it again"), rows),
        Table(("what is wrong", "what the command says"), [[n, one["words"]] for n, one in refused.items()],
              "Refused, with exit code 2:"),
    ]  # fmt: skip
    same, again = (sum(one[name] for one in commands.values()) for name in ("same", "replayed"))
    clear = [one["code"] == 2 and one["lines"] == 1 and not one["wrote"] for one in refused.values()]
    looping = [one["loop points"] for one in commands.values() if "loop points" in one]
    count = len(commands)
    how = (
        "Every command runs twice, each time in a new process and into a new folder; WAV and PNG are compared byte by "
        "byte. Then the recipe is read from the WAV and performed, with the recordings at hand: samples are compared. "
        f"Inputs last {SECONDS:g} s, 2 steps."
    )
    checked = [
        Claim("commands that give the same bytes", "all", f"{same} of {count}", same == count),
        Claim("recipes that make their sound again", "all", f"{again} of {count}", again == count),
        Claim("loops whose file has loop points", "all", f"{sum(looping)} of {len(looping)}", all(looping)),
        Claim("bad input refused in one line, code 2, no file written", "all", f"{sum(clear)} of {len(clear)}",
              all(clear)),
    ]  # fmt: skip
    return Section("Determinism and refusals", how, tables, checked)


def draw(place: Place, images: Path) -> None:
    """No picture."""
