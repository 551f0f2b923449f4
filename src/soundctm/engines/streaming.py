"""A student that is converted while it is loaded, so that it is never whole in float32."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from soundctm.backbones import DiT, DiTConfig
from soundctm.engines.eager import convert_
from soundctm.engines.options import Precision

Read = Callable[[str], Tensor]  # the name of a tensor of the student's state -> that tensor, in float32


def streamed(config: DiTConfig, read: Read, precision: Precision, device: torch.device) -> DiT:
    """A student in "bfloat16" or "int8" whose weights are asked for block by block, in order of use. Memory holds what
    is converted, and one block in float32.

    ``read`` may take them from an open file (``safetensors.safe_open``) or make them up. Raises ValueError where a
    tensor has another shape than the config says, and as :func:`soundctm.engines.eager.convert_`.
    """
    with torch.device("meta"):
        student = DiT(config)
    for prefix, part in _parts(student):
        _fill(part, prefix, read, device)
        convert_(part, precision, device)
    return student.eval().requires_grad_(False)


def _parts(student: DiT) -> Iterator[tuple[str, nn.Module]]:
    """What is filled at once: the student without its blocks, then each block, with the prefix of its names."""
    blocks = student.blocks
    student.blocks = nn.ModuleList()
    yield "", student
    student.blocks = blocks
    for index, block in enumerate(blocks):
        yield f"blocks.{index}.", block


def _fill(part: nn.Module, prefix: str, read: Read, device: torch.device) -> None:
    values: dict[str, Tensor] = {}
    for name, expected in part.state_dict().items():
        value = read(prefix + name)
        if value.shape != expected.shape:
            raise ValueError(
                f"{prefix}{name} is {tuple(value.shape)}; the config says {tuple(expected.shape)}, so it belongs to "
                "another model"
            )
        values[name] = value.to(device)
    part.load_state_dict(values, assign=True)
