"""The embedded model from nothing: each stage is a process with its own time budget, and is skipped when it is done."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

from soundctm.errors import UserError
from soundctm.training.assemble import assemble
from soundctm.training.config import Budget, FollowTraining, Recording, StudentTraining, TeacherTraining, read_config
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.trajectories import ABOUT

CLIPS = 26_000  # procedural ones, beside those of recordings
LAST = "follow"  # the stage whose student is the model's


@dataclass(frozen=True)
class Stage:
    """A trainer module, the files that show it is done (the last one that it writes is among them), its arguments and
    its minutes on four cores (0: as long as it takes)."""

    module: str
    done: tuple[Path, ...]
    arguments: tuple[str, ...]
    minutes: float

    @property
    def name(self) -> str:
        """That of the folder it writes."""
        return self.done[0].parent.name

    @property
    def finished(self) -> bool:
        """Whether it need not run again."""
        return all(path.exists() for path in self.done)


def minutes(name: str, kind: type[Budget]) -> float:
    """The budget of a shipped configuration."""
    budget = read_config(name, kind).minutes
    if budget is None:
        raise ValueError(f"{name} has no minutes")
    return budget


def stages(out: Path, recordings: Path | None, threads: int, clips: int = CLIPS) -> list[Stage]:
    """All stages in order; each reads what earlier ones wrote. ``clips`` are procedural."""
    data, autoencoder, text, teacher = (out / name for name in ("data", "autoencoder", "text", "teacher"))
    student, audition, trajectories = (out / name for name in ("student", "audition", "trajectories"))
    follow = out / LAST
    real = () if recordings is None else ("--data", str(recordings))
    common = ("--data", str(data), "--threads", str(threads))
    conditioned = (*common, "--text", str(text))
    return [
        Stage("data.cache", (data / "audio.npy",), (*real, "--out", str(data), "--procedural", str(clips)), 0),
        Stage("mini_autoencoder", (autoencoder / "autoencoder.safetensors", data / "latents.npy"),
              (*common, "--out", str(autoencoder)), minutes("mini/autoencoder", SpectralTraining)),
        Stage("text_encoder", (text / "text_encoder.safetensors", text / "tokenizer.json"),
              (*common, "--out", str(text)), 10),
        Stage("mini_backbone", (teacher / "teacher.safetensors",),
              ("teacher", *conditioned, "--out", str(teacher)), minutes("mini/teacher", TeacherTraining)),
        Stage("mini_backbone", (student / "student.safetensors",),
              ("student", *conditioned, "--guide", str(teacher), "--out", str(student)),
              minutes("mini/student", StudentTraining)),
        Stage("mini_backbone", (audition / "student.safetensors",),
              ("audition", *conditioned, "--guide", str(teacher), "--start", str(student), "--out", str(audition)),
              minutes("mini/student-audition", StudentTraining)),
        Stage("mini_backbone", (trajectories / ABOUT,),
              ("trajectories", *conditioned, "--guide", str(teacher), "--out", str(trajectories)),
              minutes("mini/trajectories", Recording)),
        Stage("mini_backbone", (follow / "student.safetensors",),
              ("follow", *conditioned, "--gone", str(trajectories), "--start", str(audition), "--out", str(follow)),
              minutes("mini/follow", FollowTraining)),
    ]  # fmt: skip


def check_clips(data: Path, clips: int) -> None:
    """UserError where the training set in ``data`` is there already, of another number of procedural clips."""
    if not (data / "audio.npy").exists():
        return
    there = int(np.count_nonzero(~np.load(data / "real.npy")))
    if there != clips:
        raise UserError(f"{data} has {there} procedural clips; leave --clips out to go on, or choose another --out")


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
    None: what is there, or 26,000."""
    if scale <= 0:
        raise UserError(f"--scale is {scale}; it multiplies the stages' minutes and must be above 0")
    if clips is not None:
        check_clips(out / "data", clips)
    for stage in stages(out, recordings, threads, clips or CLIPS):
        if stage.finished:
            continue
        budget = ("--minutes", f"{stage.minutes * scale:g}") if stage.minutes else ()
        print(f"stage {stage.name}" + f": {stage.minutes * scale:g} minutes" * bool(budget), flush=True)
        command = [sys.executable, "-m", f"soundctm.training.{stage.module}", *stage.arguments, *budget]
        code = run_stage(command)
        if code or not stage.finished:
            raise UserError(f"stage {stage.name} stopped (exit code {code}); run the command again to go on from it")
    folder = assemble(
        out / "autoencoder", out / "text", out / "teacher", out / LAST, out / "data" / "captions.json",
        out / "model",
    )  # fmt: skip
    print(f"wrote {folder}; use it with --model {folder}")
    return folder
