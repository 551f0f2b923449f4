"""How much memory a training takes, counted before it begins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from soundctm.backbones.dit import DiT, DiTConfig, parameters
from soundctm.conditioning import Conditioning
from soundctm.training.config import StudentTraining, TeacherTraining
from soundctm.training.optimizers import OptimizerName
from soundctm.training.precision import Precision, arithmetic

FLOAT = 4  # bytes of a weight, a gradient, a moment
MOMENTS: dict[OptimizerName, int] = {"adamw": 2, "radam": 2, "muon": 1}  # of a matrix; other weights always have two


@dataclass(frozen=True)
class Memory:
    """Bytes by what holds them, for one process without sharding."""

    weights: int
    gradients: int
    optimizer: int
    averages: int
    teacher: int
    activations: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(vars(self).values())


def kept_bytes(network: nn.Module, forward: Callable[[], object]) -> int:
    """Bytes that a forward pass of ``network`` keeps for the backward pass, each storage once, the weights left out."""
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, int] = {}
    held: list[Tensor] = []  # a freed storage's address may come again

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and storage.data_ptr() not in kept:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(kept.values())


def activations(
    backbone: DiTConfig, items: int, frames: int, tokens: int, precision: Precision, checkpointing: bool
) -> int:
    """Bytes that ``items`` clips of ``frames`` latent frames and ``tokens`` text tokens keep for the backward pass.

    Counted on networks of one and of two blocks with one clip; what a block keeps is the same for all of them. With
    ``checkpointing`` a block keeps its input alone, and one of them at a time everything.
    """
    x, level = torch.zeros(1, backbone.channels, frames), torch.zeros(1)
    text = Conditioning(torch.zeros(1, tokens, backbone.context_dim), torch.ones(1, tokens, dtype=torch.bool))
    more = {"c_noise_s": level, "omega": level} if backbone.role == "student" else {}
    networks = [DiT(DiTConfig(**{**backbone.model_dump(), "depth": depth})) for depth in (1, 2)]
    with arithmetic(precision):
        counted = [kept_bytes(network, partial(network, x, level, text, **more)) for network in networks]
    block = counted[1] - counted[0]
    if not checkpointing:
        return items * (counted[0] + (backbone.depth - 1) * block)
    places = -(-frames // backbone.patch) + (backbone.time_conditioning == "token")
    return items * (counted[0] + backbone.depth * places * backbone.width * FLOAT)


def teacher_memory(config: TeacherTraining, frames: int, tokens: int, processes: int = 1) -> Memory:
    """What the training of a teacher holds in each of ``processes``."""
    items = config.batch // config.accumulate // processes
    kept = activations(config.backbone, items, frames, tokens, config.precision, config.checkpointing)
    return _memory(config.backbone, config.optimizer.name, averages=1, teacher=0, kept=kept)


def student_memory(config: StudentTraining, teacher: DiTConfig, frames: int, tokens: int, processes: int = 1) -> Memory:
    """What a distillation holds in each of ``processes``: the student's pass has both losses in it, and the distance
    of Eq. 5 goes back through the teacher."""
    items = config.batch // config.accumulate // processes
    student = teacher.student()
    kept = activations(
        student, (2 if config.dsm else 1) * items, frames, tokens, config.precision, config.checkpointing
    )
    if config.distance in ("teacher", "official"):
        kept += activations(teacher, items, frames, tokens, config.precision, config.checkpointing)
    return _memory(student, config.optimizer.name, averages=2, teacher=FLOAT * parameters(teacher), kept=kept)


def _memory(backbone: DiTConfig, optimizer: OptimizerName, averages: int, teacher: int, kept: int) -> Memory:
    with torch.device("meta"):
        shapes = [p.shape for p in DiT(backbone).parameters()]
    count = sum(shape.numel() for shape in shapes)
    moments = sum((MOMENTS[optimizer] if len(shape) == 2 else 2) * shape.numel() for shape in shapes)
    return Memory(FLOAT * count, FLOAT * count, FLOAT * moments, averages * FLOAT * count, teacher, kept)
