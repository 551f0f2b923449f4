"""Trains the embedded model's teacher or student, or goes on with one, on the folder of
:mod:`soundctm.training.data.cache`."""

import argparse
from pathlib import Path
from typing import Literal, get_args

import torch

from soundctm.training.config import StudentTraining, TeacherTraining, read_config
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.data.recordings import ESC10_CLASSES
from soundctm.training.parts import load_backbone, load_text_encoder
from soundctm.training.runner import RunOptions, train_student, train_teacher
from soundctm.training.world import World

Part = Literal["teacher", "counting", "student", "audition"]
TEACHERS: dict[Part, str] = {"teacher": "mini/teacher", "counting": "mini/teacher-counting"}
STUDENTS: dict[Part, str] = {"student": "mini/student", "audition": "mini/student-audition"}
GOES_ON: tuple[Part, ...] = ("counting", "audition")
SEEDS: dict[Part, int] = {"teacher": 0, "student": 1, "audition": 2, "counting": 3}  # each draws batches of its own


def source(data: Path, text: Path, seed: int) -> LatentDataset:
    """The latents of ``data`` with their captions encoded by the text encoder in ``text``."""
    return LatentDataset(data, load_text_encoder(text), seed, frozenset(name for name, _ in ESC10_CLASSES.values()))


def train(
    part: Part,
    data: Path,
    text: Path,
    guide: Path | None,
    start: Path | None,
    options: RunOptions,
    minutes: float | None,
) -> bool:
    """Train ``part`` by its shipped configuration, for other ``minutes`` where they are given: "counting" goes on with
    the teacher in ``start``, "audition" with the student there. False when interrupted; the same call goes on."""
    changes = {} if minutes is None else {"minutes": minutes}
    if (start is None) == (part in GOES_ON):
        raise ValueError("--start is for counting and audition, and only for them")
    if part in TEACHERS:
        teaching = read_config(TEACHERS[part], TeacherTraining).model_copy(update=changes)
        batches = source(data, text, teaching.seed + SEEDS[part])
        begun = None if start is None else load_backbone(start, "teacher")[0]
        return train_teacher(teaching, batches, options, World(), first=begun)
    if guide is None:
        raise ValueError("a student needs --teacher")
    learning = read_config(STUDENTS[part], StudentTraining).model_copy(update=changes)
    batches = source(data, text, learning.seed + SEEDS[part])
    first = None if start is None else load_backbone(start, "student")[0]
    return train_student(learning, load_backbone(guide, "teacher")[0], batches, options, World(), first=first)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=get_args(Part))
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
    parser.add_argument("--text", type=Path, required=True, help="folder of a trained text encoder")
    parser.add_argument("--teacher", type=Path, help="folder with teacher.safetensors and teacher.json")
    parser.add_argument("--start", type=Path, help="folder of what counting or audition goes on with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="instead of the configuration's")
    parser.add_argument("--threads", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(
        arguments.part, arguments.data, arguments.text, arguments.teacher, arguments.start,
        RunOptions(arguments.out, resume=None), arguments.minutes,
    )  # fmt: skip
