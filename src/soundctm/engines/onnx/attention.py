"""Attention as one operator, from opset 23 on."""

from collections.abc import Callable
from typing import Any

import torch

from soundctm.engines.onnx.library import library

ATTENTION_OPSET = 23  # the first with the operator; older ones get the products and the softmax


def translations(opset: int) -> dict[Callable[..., Any], Callable[..., Any]] | None:
    """What replaces the exporter's own translations.

    ONNX Runtime wants the mask of an attention in its full height, which the standard does not ask for: a mask
    ``[B, 1, 1, N]`` of keys is spread over the queries.
    """
    if opset < ATTENTION_OPSET:
        return None
    op = library("onnxscript.onnx_opset").opset23

    def attention(
        query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
        scale: float | None = None, enable_gqa: bool = False,
    ) -> Any:  # fmt: skip
        if dropout_p or is_causal or enable_gqa:
            raise NotImplementedError("attention with dropout, a causal mask or shared heads is not exported")
        options = {} if scale is None else {"scale": scale}
        if attn_mask is None:
            return op.Attention(query, key, value, **options)[0]
        queries, keys = op.Shape(query, start=2, end=3), op.Shape(key, start=2, end=3)
        mask = op.Expand(attn_mask, op.Concat(op.Shape(attn_mask, end=2), queries, keys, axis=0))
        return op.Attention(query, key, value, mask, **options)[0]

    return {torch.ops.aten.scaled_dot_product_attention.default: attention}
