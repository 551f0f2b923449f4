"""The backbones of the embedded model, on the folder of :mod:`soundctm.training.data.cache`: trains its teacher or
student, goes on with the student, or records where the teacher goes."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from soundctm.training.config import Budget, FollowTraining, Recording, StudentTraining, TeacherTraining, read_config
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.data.recordings import ESC10_CLASSES
from soundctm.training.parts import load_backbone, load_text_encoder
from soundctm.training.runner import RunOptions, record_trajectories, train_following, train_student, train_teacher
from soundctm.training.trajectories import Trajectories
from soundctm.training.world import World

Configured = TypeVar("Configured", bound=Budget)


def source(data: Path, text: Path, seed: int) -> LatentDataset:
    """The latents of ``data`` with their captions encoded by the text encoder in ``text``."""
    return LatentDataset(data, load_text_encoder(text), seed, frozenset(name for name, _ in ESC10_CLASSES.values()))


@dataclass(frozen=True)
class Work:
    """What every part has: the data, where it writes, and its minutes where they are not the configuration's. A part
    returns False when it was interrupted; the same call goes on. Each draws other batches than the ones before it."""

    data: Path
    text: Path
    out: Path
    minutes: float | None

    def config(self, name: str, kind: type[Configured]) -> Configured:
        """The shipped configuration of a part."""
        changes = {} if self.minutes is None else {"minutes": self.minutes}
        return read_config(f"mini/{name}", kind).model_copy(update=changes)

    def source(self, seed: int) -> LatentDataset:
        """The training set."""
        return source(self.data, self.text, seed)

    @property
    def options(self) -> RunOptions:
        """Go on from what is there."""
        return RunOptions(self.out, resume=None)


def teacher(work: Work) -> bool:
    """Train the teacher."""
    config = work.config("teacher", TeacherTraining)
    return train_teacher(config, work.source(config.seed), work.options, World())


def student(work: Work, guide: Path) -> bool:
    """Distil the teacher in ``guide``."""
    config = work.config("student", StudentTraining)
    taught, _ = load_backbone(guide, "teacher")
    return train_student(config, taught, work.source(config.seed + 1), work.options, World())


def audition(work: Work, guide: Path, start: Path) -> bool:
    """Go on with the student in ``start`` for the one step that is auditioned."""
    config = work.config("student-audition", StudentTraining)
    taught, _ = load_backbone(guide, "teacher")
    first, _ = load_backbone(start, "student")
    return train_student(config, taught, work.source(config.seed + 2), work.options, World(), first=first)


def trajectories(work: Work, guide: Path) -> bool:
    """Record where the teacher in ``guide`` goes."""
    config = work.config("trajectories", Recording)
    taught, _ = load_backbone(guide, "teacher")
    return record_trajectories(config, taught, work.source(config.seed + 3), work.options, World())


def follow(work: Work, gone: Path, start: Path) -> bool:
    """Let the student in ``start`` follow the trajectories in ``gone``."""
    config = work.config("follow", FollowTraining)
    first, _ = load_backbone(start, "student")
    return train_following(config, first, Trajectories(gone), work.source(config.seed + 4), work.options, World())


PARTS: dict[str, Callable[..., bool]] = {
    "teacher": teacher, "student": student, "audition": audition, "trajectories": trajectories, "follow": follow,
}  # fmt: skip
FOLDERS = {
    "guide": "folder with teacher.safetensors and teacher.json", "gone": "folder of the recorded trajectories",
    "start": "folder of the student that training goes on with",
}  # fmt: skip
NEEDS: dict[str, tuple[str, ...]] = {
    "teacher": (), "student": ("guide",), "audition": ("guide", "start"), "trajectories": ("guide",),
    "follow": ("gone", "start"),
}  # fmt: skip


def main() -> None:
    """Run one part by its command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    chosen = parser.add_subparsers(dest="part", required=True)
    for part, function in PARTS.items():
        one = chosen.add_parser(part, help=function.__doc__)
        one.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
        one.add_argument("--text", type=Path, required=True, help="folder of a trained text encoder")
        one.add_argument("--out", type=Path, required=True)
        one.add_argument("--minutes", type=float, help="instead of the configuration's")
        one.add_argument("--threads", type=int, default=3)
        for name in NEEDS[part]:
            one.add_argument(f"--{name}", type=Path, required=True, help=FOLDERS[name])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    work = Work(arguments.data, arguments.text, arguments.out, arguments.minutes)
    PARTS[arguments.part](work, **{name: getattr(arguments, name) for name in NEEDS[arguments.part]})


if __name__ == "__main__":
    main()
