"""Trains one ablation in this process: a student of the model's own teacher on the procedural clips."""

from pathlib import Path

from reproduction.files import read_json, write_json
from reproduction.memory import peak_mib
from reproduction.variants import training_of
from soundctm import SoundCTM
from soundctm.backbones import DiT
from soundctm.training.data.dataset import LatentDataset
from soundctm.training.listening import ModelDecoder
from soundctm.training.loop import Figures
from soundctm.training.parts import load_backbone
from soundctm.training.runner import RunOptions, run
from soundctm.training.student import StudentTask
from soundctm.training.world import World

MEMORY_EVERY = 25  # steps


class Watched(StudentTask):
    """A distillation that notes the peak memory of its process in ``memory``, over all runs of a training."""

    memory: Path

    def step(self, index: int, progress: float) -> Figures:
        figures = super().step(index, progress)
        if index % MEMORY_EVERY == 1:
            before = read_json(self.memory)["peak_mib"] if self.memory.exists() else 0.0
            write_json(self.memory, {"peak_mib": max(before, peak_mib())})
        return figures


def train_variant(model: SoundCTM, data: Path, variant: str, seed: int, steps: int, folder: Path) -> None:
    """Train until ``folder`` holds the student's weights and ``memory.json``; goes on from a checkpoint."""
    if model.teacher is None:
        raise ValueError("the model has no teacher")
    config = training_of(variant, seed, steps)
    folder.mkdir(parents=True, exist_ok=True)
    source = LatentDataset(data, model.text_encoder, seed)
    decode = ModelDecoder(model) if config.gan else None
    task = Watched(config, model.teacher, source, World(), decode=decode)
    task.memory = folder / "memory.json"
    options = RunOptions(folder, resume=None, save_seconds=60.0, log_every=max(1, steps // 10))
    if not run(task, "student", options):
        raise InterruptedError(f"the training of {variant}, seed {seed}, was interrupted; its checkpoint is kept")
    (folder / "checkpoint.pt").unlink()  # weights are written; optimiser states of fifteen students fill a disk


def trained(folder: Path) -> DiT:
    """The student of a finished training."""
    student, _ = load_backbone(folder, "student")
    return student.requires_grad_(False)
