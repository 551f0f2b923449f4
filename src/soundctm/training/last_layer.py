"""The gradient of a loss at the student's last layer, without a pass through the student (Eq. 9's adaptive weight)."""

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from soundctm.backbones.dit import DiT


class LastLayer:
    """Keeps what ``project_out`` reads in each forward pass of ``student``; its weight is the last layer ``theta_L``
    (the official code takes the convolution ``P`` behind it).

    The raw output is ``F = y + P y`` with ``y`` the projection's output as latents and ``P`` the final convolution, so
    the gradient of a loss at ``theta_L`` follows from its gradient at ``F`` in two products. The network is thus
    traversed backwards once a step, for the weighted sum of the losses, which data-parallel wrappers want too.
    """

    def __init__(self, student: DiT) -> None:
        self.student = student
        self.read: Tensor | None = None
        student.project_out.register_forward_hook(self._keep)

    def _keep(self, module: torch.nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        self.read = arguments[0].detach()

    @torch.no_grad()
    def gradient(self, at_F: Tensor) -> Tensor:
        """``dL/d theta_L [C patch, width]`` from ``dL/dF [B, C, T]`` of the latest forward pass."""
        if self.read is None:
            raise RuntimeError("the student has not run yet")
        final = self.student.postprocess_conv.weight
        P = final.full_tensor() if isinstance(final, DTensor) else final
        at_y = at_F + torch.einsum("oi,bot->bit", P[..., 0], at_F)
        patch = self.student.config.patch
        padded = torch.nn.functional.pad(at_y, (0, -at_y.shape[-1] % patch))
        tokens = padded.unflatten(-1, (-1, patch)).permute(0, 2, 1, 3).flatten(2)
        return torch.einsum("bno,bni->oi", tokens, self.read.to(tokens.dtype))
