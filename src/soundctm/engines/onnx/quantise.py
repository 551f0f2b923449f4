"""Products in int8, with a scale for every token and for every output channel.

Whole numbers add up exactly, and a token's scale is its own: what becomes of a take does not depend on what shares its
batch, as it does where one scale serves a whole tensor. Attention, norms and everything outside the blocks stay in
float32.
"""

from typing import Any

import numpy as np

from soundctm.engines.onnx.library import library

LARGEST = 127
# Some processors add pairs of products in 16 bits, which overflow where weights use all of their range.
LARGEST_WHERE_SUMS_OVERFLOW = 63
INSIDE = ".blocks."  # where the heavy products are


def quantise(model: Any, largest: int) -> int:
    """Turn the products of the blocks of a translated core into int8, in place; weights reach from ``-largest`` to
    ``largest``. Returns how many there were. Raises ValueError where there are none."""
    count = 0
    for node in list(model.graph):
        if node.op_type == "MatMul" and _is_inside(node) and _weight(node) is not None:
            _replace(model.graph, node, largest, f"int8_{count}")
            count += 1
    if not count:
        raise ValueError("quantise: this graph has no products inside blocks, or has lost the labels that say so")
    return count


def _is_inside(node: Any) -> bool:
    return INSIDE in node.metadata_props.get("pkg.torch.onnx.name_scopes", "")


def _weight(node: Any) -> Any:
    """The constant matrix that a product multiplies with, or None."""
    value = node.inputs[1].const_value
    return value if value is not None and len(value.shape) == 2 else None


def _replace(graph: Any, node: Any, largest: int, name: str) -> None:
    """``x W`` as ``(q Q) row_scale column_scale``, with q in uint8 around 128 and Q in int8."""
    ir = library("onnx_ir")
    weight = _weight(node).numpy()
    scale = np.maximum(np.abs(weight).max(axis=0) / largest, np.float32(1e-12))
    constants = {
        "weight": np.clip(np.rint(weight / scale), -largest, largest).astype(np.int8), "scale": scale,
        "last": np.array([-1]), "step": np.float32(1 / LARGEST), "least": np.float32(1e-12), "one": np.float32(1),
        "middle": np.uint8(128),
    }  # fmt: skip
    c = {key: ir.val(f"{name}_{key}", const_value=ir.tensor(array)) for key, array in constants.items()}
    for value in c.values():
        graph.register_initializer(value)
    made: list[Any] = []

    def op(kind: str, *inputs: Any, **attributes: Any) -> Any:
        made.append(ir.node(kind, list(inputs), attributes or None, name=f"{name}_{len(made)}"))
        output = made[-1].outputs[0]
        output.name = f"{name}_{len(made)}_out"
        return output

    x = node.inputs[0]
    row = op("Max", op("Mul", op("ReduceMax", op("Abs", x), c["last"], keepdims=1), c["step"]), c["least"])
    whole = op("QuantizeLinear", op("Div", x, row), c["one"], c["middle"])
    product = op("Cast", op("MatMulInteger", whole, c["weight"], c["middle"]), to=ir.DataType.FLOAT.value)
    result = op("Mul", op("Mul", product, row), c["scale"])
    graph.insert_before(node, made)
    node.outputs[0].replace_all_uses_with(result)
    old = node.inputs[1]
    graph.remove(node, safe=True)
    if not old.uses():
        graph.initializers.pop(old.name)


def largest_weight() -> int:
    """How far int8 weights may reach here: all the way, unless the processor's sums overflow."""
    ir, runtime = library("onnx_ir"), library("onnxruntime")
    inner, outer = 256, 32
    a = ir.val("a", ir.DataType.UINT8, [2, inner])
    weight = ir.val("w", const_value=ir.tensor(np.full((inner, outer), LARGEST, np.int8)))
    product = ir.node("MatMulInteger", [a, weight])
    product.outputs[0].name = "y"
    graph = ir.Graph([a], product.outputs, nodes=[product], initializers=[weight], opset_imports={"": 20})
    proto: Any = ir.to_proto(ir.Model(graph, ir_version=10))
    session = runtime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    (sums,) = session.run(None, {"a": np.full((2, inner), 255, np.uint8)})
    return LARGEST if bool((sums == inner * LARGEST * 255).all()) else LARGEST_WHERE_SUMS_OVERFLOW
