"""The embedded model from nothing: each stage is a process with its own time budget, and is skipped when it is done."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

from soundctm.errors import UserError
from soundctm.training.assemble import assemble
from soundctm.training.checkpoint import FILE as CHECKPOINT
from soundctm.training.config import Budget, StudentTraining, TeacherTraining, read_config
from soundctm.training.spectral_config import SpectralTraining

CLIPS = 36_000  # procedural ones, beside those of recordings
COUNTED = 10 / 36  # the share of them that is made to be counted, beside those that are so in any case


BACKBONE = "mini_backbone"


@dataclass(frozen=True)
class Stage:
    """A trainer module, the files that show it is done (the last one that it writes is among them), its arguments and
    its minutes on four cores (0: as long as it takes)."""

    module: str
    done: tuple[Path, ...]
    arguments: tuple[str, ...]
    minutes: float

    @property
    def folder(self) -> Path:
        """Where its weights are."""
        return self.done[0].parent

    @property
    def finished(self) -> bool:
        """Whether it need not run again."""
        return all(path.exists() for path in self.done)

    @property
    def begun(self) -> bool:
        """Whether there is something to go on from, or all of it."""
        return self.finished or (self.folder / CHECKPOINT).exists()


def minutes(name: str, kind: type[Budget]) -> float:
    """The budget of a shipped configuration."""
    budget = read_config(name, kind).minutes
    if budget is None:
        raise ValueError(f"{name} has no minutes")
    return budget


def to_count(clips: int) -> int:
    """How many of so many procedural clips are made to be counted."""
    return round(clips * COUNTED)


def stages(out: Path, recordings: Path | None, threads: int, clips: int = CLIPS) -> list[Stage]:
    """All stages in order; each reads what earlier ones wrote. ``clips`` are procedural."""
    data, autoencoder, text, teacher, counting, student, audition = (
        out / name for name in ("data", "autoencoder", "text", "teacher", "counting", "student", "audition")
    )
    real = () if recordings is None else ("--data", str(recordings))
    made = ("--procedural", str(clips - to_count(clips)), "--counted", str(to_count(clips)))
    common = ("--data", str(data), "--threads", str(threads))
    conditioned = (*common, "--text", str(text))
    return [
        Stage("data.cache", (data / "audio.npy",), (*real, "--out", str(data), *made), 0),
        Stage("mini_autoencoder", (autoencoder / "autoencoder.safetensors", data / "latents.npy"),
              (*common, "--out", str(autoencoder)), minutes("mini/autoencoder", SpectralTraining)),
        Stage("text_encoder", (text / "text_encoder.safetensors", text / "tokenizer.json"),
              (*common, "--out", str(text)), 10),
        Stage(BACKBONE, (teacher / "teacher.safetensors",),
              ("teacher", *conditioned, "--out", str(teacher)), minutes("mini/teacher", TeacherTraining)),
        Stage(BACKBONE, (counting / "teacher.safetensors",),
              ("counting", *conditioned, "--start", str(teacher), "--out", str(counting)),
              minutes("mini/teacher-counting", TeacherTraining)),
        Stage(BACKBONE, (student / "student.safetensors",),
              ("student", *conditioned, "--teacher", str(counting), "--out", str(student)),
              minutes("mini/student", StudentTraining)),
        Stage(BACKBONE, (audition / "student.safetensors",),
              ("audition", *conditioned, "--teacher", str(counting), "--start", str(student), "--out", str(audition)),
              minutes("mini/student-audition", StudentTraining)),
    ]  # fmt: skip


def check_clips(data: Path, clips: int) -> None:
    """UserError where the training set in ``data`` is there already, of other numbers of procedural clips."""
    if not (data / "audio.npy").exists():
        return
    there = int(np.count_nonzero(~np.load(data / "real.npy")))
    marks = data / "counted.npy"  # sets of earlier versions have none
    counted = int(np.count_nonzero(np.load(marks))) if marks.exists() else 0
    if (there, counted) != (clips, to_count(clips)):
        raise UserError(
            f"{data} has {there} procedural clips, {counted} of them made to be counted, and --clips {clips} asks for "
            f"{to_count(clips)} such; leave --clips out to go on, or choose another --out"
        )


def check_order(all_stages: Sequence[Stage]) -> None:
    """UserError where a backbone was begun before one that it comes from is done, as an earlier version may have."""
    backbones = [stage for stage in all_stages if stage.module == BACKBONE]
    for i, stage in enumerate(backbones):
        later = [each.folder for each in backbones[i + 1 :] if each.begun]
        if later and not stage.finished:
            raise UserError(
                f"{', '.join(map(str, later))}: begun without {stage.folder}, from which it comes now; delete it to "
                "train it again, or choose another --out"
            )


def run_stage(command: list[str]) -> int:
    """The exit code of a stage's process. It is waited for in any case: after Ctrl-C, which the terminal sends to both,
    and after SIGTERM, which is passed on, it writes its checkpoint; then a UserError says so."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
    stopped = False
    with subprocess.Popen(command, env=environment) as process:

        def stop(signum: int, frame: FrameType | None) -> None:
            nonlocal stopped
            stopped = True
            if signum == signal.SIGTERM:
                process.send_signal(signal.SIGINT)

        previous = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            code = process.wait()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
    if stopped:
        raise UserError("stopped; run the command again to go on")
    return code


def train_mini(out: Path, recordings: Path | None, scale: float, threads: int, clips: int | None = None) -> Path:
    """Run every stage that is not done yet, then assemble ``out/model``. Run it again after an interruption. ``clips``
    None: what is there, or 36,000."""
    if scale <= 0:
        raise UserError(f"--scale is {scale}; it multiplies the stages' minutes and must be above 0")
    if clips is not None:
        check_clips(out / "data", clips)
    course = stages(out, recordings, threads, clips or CLIPS)
    check_order(course)
    for stage in course:
        if stage.finished:
            continue
        budget = ("--minutes", f"{stage.minutes * scale:g}") if stage.minutes else ()
        print(
            f"stage {stage.module}: {stage.minutes * scale:g} minutes" if budget else f"stage {stage.module}",
            flush=True,
        )
        command = [sys.executable, "-m", f"soundctm.training.{stage.module}", *stage.arguments, *budget]
        code = run_stage(command)
        if code or not stage.finished:
            raise UserError(f"stage {stage.module} stopped (exit code {code}); run the command again to go on from it")
    folder = assemble(
        out / "autoencoder", out / "text", out / "counting", out / "audition", out / "data" / "captions.json",
        out / "model",
    )  # fmt: skip
    print(f"wrote {folder}; use it with --model {folder}")
    return folder
