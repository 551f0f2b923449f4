"""Trains the embedded model's teacher or student, or goes on with the student, on the folder of
:mod:`soundctm.training.data.cache`."""

import argparse
from pathlib import Path

import torch

from soundctm.training.config import StudentTraining, TeacherTraining, read_config
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.data.recordings import ESC10_CLASSES
from soundctm.training.parts import load_backbone, load_text_encoder
from soundctm.training.runner import RunOptions, train_student, train_teacher
from soundctm.training.world import World


def source(data: Path, text: Path, seed: int) -> LatentDataset:
    """The latents of ``data`` with their captions encoded by the text encoder in ``text``."""
    return LatentDataset(data, load_text_encoder(text), seed, frozenset(name for name, _ in ESC10_CLASSES.values()))


def train(
    part: str,
    data: Path,
    text: Path,
    guide: Path | None,
    start: Path | None,
    options: RunOptions,
    minutes: float | None,
) -> bool:
    """Train ``part`` by its shipped configuration, for other ``minutes`` where they are given: "audition" goes on with
    the student in ``start``. False when interrupted; the same call goes on."""
    changes = {} if minutes is None else {"minutes": minutes}
    if part == "teacher":
        teaching = read_config("mini/teacher", TeacherTraining).model_copy(update=changes)
        return train_teacher(teaching, source(data, text, teaching.seed), options, World())
    if guide is None or (start is None) != (part == "student"):
        raise ValueError("a student needs --teacher, and an audition --start, too")
    name = "mini/student" if start is None else "mini/student-audition"
    learning = read_config(name, StudentTraining).model_copy(update=changes)
    teacher, _ = load_backbone(guide, "teacher")
    first = None if start is None else load_backbone(start, "student")[0]
    batches = source(data, text, learning.seed + (1 if start is None else 2))  # others than the student had
    return train_student(learning, teacher, batches, options, World(), first=first)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("teacher", "student", "audition"))
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
    parser.add_argument("--text", type=Path, required=True, help="folder of a trained text encoder")
    parser.add_argument("--teacher", type=Path, help="folder with teacher.safetensors and teacher.json")
    parser.add_argument("--start", type=Path, help="folder of the student that an audition goes on with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="instead of the configuration's")
    parser.add_argument("--threads", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(
        arguments.part, arguments.data, arguments.text, arguments.teacher, arguments.start,
        RunOptions(arguments.out, resume=None), arguments.minutes,
    )  # fmt: skip
