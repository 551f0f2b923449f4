"""How much memory a training takes, counted before it begins."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from soundctm.backbones.dit import DiT, DiTConfig, parameters
from soundctm.conditioning import Conditioning
from soundctm.training.config import FollowTraining, StudentTraining, TeacherTraining
from soundctm.training.discriminators import Discriminators
from soundctm.training.gan import Decoder, GanLoss, decoder_of
from soundctm.training.optimizers import OptimizerName
from soundctm.training.precision import Precision, arithmetic
from soundctm.training.trainee import Strategy

FLOAT = 4  # bytes of a weight, a gradient, a moment
MOMENTS: dict[OptimizerName, int] = {"adamw": 2, "radam": 2, "muon": 1}  # of a matrix; other weights always have two


@dataclass(frozen=True)
class Memory:
    """Bytes in one process, by what holds them. ``gathered`` are the weights that shards are put together to for a
    moment; ``discriminators`` are these with their gradients and optimiser; ``sound`` is what decoding and judging keep
    for the way back, the decoder's own weights among it."""

    weights: int
    gradients: int
    optimizer: int
    averages: int
    gathered: int
    teacher: int
    discriminators: int
    activations: int
    sound: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(vars(self).values())


@dataclass(frozen=True)
class Spread:
    """A training over ``processes``, with whole copies ("ddp") or shards ("fsdp") of what learns."""

    processes: int = 1
    strategy: Strategy = "ddp"

    @property
    def shards(self) -> int:
        """In how many parts weights, gradients, moments and averages are."""
        return self.processes if self.strategy == "fsdp" else 1

    @property
    def copies_of_gradients(self) -> int:
        """Whole copies are averaged in buckets, which hold every gradient once more."""
        return 2 if self.processes > 1 and self.shards == 1 else 1


ALONE = Spread()


def kept_bytes(weights: Iterable[Tensor], forward: Callable[[], object]) -> int:
    """Bytes that ``forward`` keeps for the backward pass, each storage once, those of ``weights`` left out."""
    known = {p.untyped_storage().data_ptr() for p in weights}
    kept: dict[int, int] = {}
    held: list[Tensor] = []  # a freed storage's address may come again

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known and storage.data_ptr() not in kept:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(kept.values())


def activations(
    backbone: DiTConfig, items: int, frames: int, tokens: int, precision: Precision, checkpointing: bool,
    frozen: bool = False,
) -> int:  # fmt: skip
    """Bytes that ``items`` clips of ``frames`` latent frames and ``tokens`` text tokens keep for the backward pass;
    ``frozen`` where a gradient goes through the network to its input alone.

    Counted on networks of one and of two blocks with one clip and two; what a block keeps is the same for all of them,
    and weights that autocast has rounded are kept once for all clips. With ``checkpointing`` a block keeps its input
    alone, and one of them at a time everything.
    """
    networks = [DiT(DiTConfig(**{**backbone.model_dump(), "depth": depth})) for depth in (1, 2)]

    def count(network: DiT, clips: int) -> int:
        x, level = torch.zeros(clips, backbone.channels, frames, requires_grad=frozen), torch.zeros(clips)
        mask = torch.ones(clips, tokens, dtype=torch.bool)
        text = Conditioning(torch.zeros(clips, tokens, backbone.context_dim), mask)
        more = {"c_noise_s": level, "omega": level} if backbone.role == "student" else {}
        network.requires_grad_(not frozen)
        with arithmetic(precision):
            return kept_bytes(network.parameters(), lambda: network(x, level, text, **more))

    one, two = (_extrapolated(partial(count, network), items) for network in networks)
    if checkpointing:
        places = -(-frames // backbone.patch) + (backbone.time_conditioning == "token")
        return one + items * backbone.depth * places * backbone.width * FLOAT
    return one + (backbone.depth - 1) * (two - one)


def teacher_memory(config: TeacherTraining, frames: int, tokens: int, spread: Spread = ALONE) -> Memory:
    """What the training of a teacher holds in each process."""
    items = config.batch // config.accumulate // spread.processes
    kept = activations(config.backbone, items, frames, tokens, config.precision, config.checkpointing)
    states = _states(config.backbone, config.optimizer.name, 1, spread)
    return Memory(**states, teacher=0, discriminators=0, activations=kept, sound=0)


def student_memory(
    config: StudentTraining, teacher: DiTConfig, frames: int, tokens: int, spread: Spread = ALONE,
    decode: Decoder | None = None,
) -> Memory:  # fmt: skip
    """What a distillation holds in each process: the student's pass has both losses in it, the distance of Eq. 5 goes
    back through the teacher, and a loss at the lowest level through one more jump. A GAN loss needs ``decode``."""
    items = config.batch // config.accumulate // spread.processes
    student = teacher.student()
    count = partial(activations, frames=frames, tokens=tokens, checkpointing=config.checkpointing)
    kept = count(student, (2 if config.dsm else 1) * items, precision=config.precision)
    if config.distance in ("teacher", "official"):
        kept += count(teacher, items, precision="fp32", frozen=True)
    jumps = (config.distance == "l2_0") + (config.gan is not None)
    if jumps:
        kept += jumps * count(student, items, precision=config.precision, frozen=True)
    critics = sound = 0
    if config.gan is not None:
        critics = _critics(config.gan, spread)
        sound = _sound(config.gan, decoder_of(decode), (items, teacher.channels, frames), config.precision)
    states = _states(student, config.optimizer.name, 2, spread)
    whole = FLOAT * parameters(teacher)
    return Memory(**states, teacher=whole, discriminators=critics, activations=kept, sound=sound)


def following_memory(
    config: FollowTraining, student: DiTConfig, frames: int, tokens: int, spread: Spread = ALONE
) -> Memory:
    """What a student that follows trajectories holds in each process: its pass has both losses in it."""
    items = 2 * (config.batch // config.accumulate // spread.processes)
    kept = activations(student, items, frames, tokens, config.precision, config.checkpointing)
    states = _states(student, config.optimizer.name, 1, spread)
    return Memory(**states, teacher=0, discriminators=0, activations=kept, sound=0)


def _states(backbone: DiTConfig, optimizer: OptimizerName, averages: int, spread: Spread) -> dict[str, int]:
    """What is held of a backbone that learns, and of its averages, by the names of :class:`Memory`."""
    with torch.device("meta"):
        network = DiT(backbone)
    count, matrices = sum(p.numel() for p in network.parameters()), _matrices(network)
    numbers = {
        "weights": count, "gradients": spread.copies_of_gradients * count,
        "optimizer": MOMENTS[optimizer] * matrices + 2 * (count - matrices), "averages": averages * count,
    }  # fmt: skip
    block = sum(p.numel() for p in network.blocks[0].parameters())
    # Everything outside the blocks, one block with its gradients, and the next one, which comes while this one works.
    gathered = 0 if spread.shards == 1 else count - (backbone.depth - 3) * block
    return {name: FLOAT * number // spread.shards for name, number in numbers.items()} | {"gathered": FLOAT * gathered}


def _matrices(network: nn.Module) -> int:
    """Weights of linear layers, of which Muon keeps one moment."""
    return sum(layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Linear))


def _critics(gan: GanLoss, spread: Spread) -> int:
    """The discriminators and their optimiser; every process has them whole."""
    with torch.device("meta"):
        network = Discriminators(gan.discriminators)
    copies = 1 + Spread(spread.processes).copies_of_gradients + 2  # no layer of theirs is a matrix to Muon
    return FLOAT * copies * sum(p.numel() for p in network.parameters())


def _sound(gan: GanLoss, decode: Decoder, shape: tuple[int, int, int], precision: Precision) -> int:
    """Of latents of this ``shape [B, C, T]``: the decoder's pass, the judgement of what it made, and the one of both
    sounds that the discriminators learn from. Counted for one item and for two."""
    items, channels, frames = shape
    network = Discriminators(gan.discriminators)

    def decoding(count: int) -> int:
        z = torch.zeros(count, channels, min(gan.crop_frames, frames), requires_grad=True)
        return kept_bytes((), lambda: decode(z))

    def judging(count: int, learning: bool) -> int:
        x = torch.zeros(count, length, requires_grad=not learning)
        network.requires_grad_(learning)
        with arithmetic(precision):
            return kept_bytes(network.parameters(), lambda: network(x))

    with torch.no_grad():
        length = decode(torch.zeros(1, channels, min(gan.crop_frames, frames))).shape[-1]
    decoded = _extrapolated(decoding, items)
    judged = _extrapolated(partial(judging, learning=False), items)
    return decoded + judged + _extrapolated(partial(judging, learning=True), 2 * items)


def _extrapolated(count: Callable[[int], int], items: int) -> int:
    """A count for ``items`` from those for one and for two."""
    one, two = count(1), count(2)
    return one + (items - 1) * (two - one)
