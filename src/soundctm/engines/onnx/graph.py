"""A part of a model as one pure function of tensors, ready to be written as a graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

Sizes = Mapping[str, int]
Outputs = tuple[Tensor, ...]
DType = Literal["float32", "int64", "bool"]


@dataclass(frozen=True)
class Port:
    """An input or output. ``shape`` holds numbers where it is fixed and names where it is free; ``1024*frames`` is a
    multiple of one that is free."""

    name: str
    shape: tuple[int | str, ...]
    meaning: str
    dtype: DType = "float32"


@dataclass(frozen=True, eq=False)
class Graph:
    """``module`` takes tensors in the order of ``inputs`` and gives one or several in the order of ``outputs``.

    ``reference`` is what the model itself makes of the same inputs: what a written graph is held against, on inputs of
    ``draw(sizes, generator)`` for every entry of ``trials``. ``error(got, wanted)`` may reach ``tolerance``. ``limits``
    are the largest values of dimensions that have one.
    """

    name: str
    module: nn.Module
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    draw: Callable[[Sizes, torch.Generator], Outputs]
    reference: Callable[..., Outputs]
    trials: tuple[Sizes, ...]
    error: Callable[[Tensor, Tensor], float]
    tolerance: float
    limits: Mapping[str, int] = field(default_factory=dict)

    def example(self, sizes: Sizes, seed: int = 0) -> Outputs:
        """Inputs of these sizes, drawn from a seed."""
        with torch.inference_mode(False), torch.no_grad():
            return self.draw(sizes, torch.Generator().manual_seed(seed))

    def dynamic_shapes(self) -> tuple[dict[int, Any], ...]:
        """The free dimensions of each input, as ``torch.export`` wants them."""
        free: dict[str, Any] = {}

        def dim(name: str) -> Any:
            factor, _, base = name.rpartition("*")
            if base not in free:
                free[base] = torch.export.Dim(base, max=self.limits.get(base))
            return int(factor) * free[base] if factor else free[base]

        return tuple({i: dim(n) for i, n in enumerate(port.shape) if isinstance(n, str)} for port in self.inputs)


def peak_error(got: Tensor, wanted: Tensor) -> float:
    """The largest deviation, as a share of the largest value that is wanted; for truth values 0 or 1."""
    if got.dtype == torch.bool:
        return float((got != wanted).any())
    return float((got - wanted).abs().max() / wanted.abs().max().clamp_min(1e-9))


def energy_error(got: Tensor, wanted: Tensor) -> float:
    """The root mean square of the deviation, as a share of that of what is wanted."""
    return float((got - wanted).square().mean().sqrt() / wanted.square().mean().sqrt().clamp_min(1e-9))


def trials(name: str, lengths: tuple[int, ...], **others: int) -> tuple[Sizes, ...]:
    """Sizes with these values of dimension ``name``, in batches of 1, 2, 3 and so on."""
    return tuple({"batch": i + 1, name: length, **others} for i, length in enumerate(lengths))
