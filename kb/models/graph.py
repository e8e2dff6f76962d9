"""A BERT encoder as an ONNX graph: in go the embeddings of words, out come unit vectors.

Built from the weights directly, not traced: nothing but numpy and onnx is needed, and every operation is one that
onnxruntime is fast in. All texts of a batch have the same number of tokens, so there is no mask and nothing is padded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kb.models.bert import Bert
from kb.models.int8 import Range, quantise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.models.bert import Floats

FLOAT32, INT8 = "model.onnx", "model-int8.onnx"
"""Files that hold the two graphs."""
INPUT, OUTPUT = "words", "vectors"
_MICROSOFT = "com.microsoft"
_OPSETS = (("", 20), (_MICROSOFT, 1))

Linear = Callable[["_Graph", str, str, "Floats", "Floats"], str]
"""(graph, input, name, weight (out, in), bias) -> output."""


def float32_graph(bert: Bert, *, ranges: bool = False) -> bytes:
    """The model as it is; with ``ranges``, further outputs: what goes into each matrix, for :func:`read_ranges`.

    Raises:
        NotExportable: the weights are not those of a BERT.
    """
    seen: list[str] = []

    def linear(graph: _Graph, x: str, name: str, weight: Floats, bias: Floats) -> str:
        if ranges:
            seen.extend(graph.node(f"Reduce{kind}", x, _axes(graph), out=f"{name}.{kind}", keepdims=0) for kind in _KINDS)
        product = graph.node("MatMul", x, graph.constant(f"{name}.weight", weight.T))
        return graph.node("Add", product, graph.constant(f"{name}.bias", bias))

    return _build(bert, linear, seen)


def int8_graph(bert: Bert, ranges: Mapping[str, Range]) -> bytes:
    """The model with its matrices in eight bits, for inputs within ``ranges``; the rest stays float32."""
    import numpy as np

    def linear(graph: _Graph, x: str, name: str, weight: Floats, bias: Floats) -> str:
        values = quantise(weight, ranges[name])
        step, zero = graph.constant(f"{name}.step", values.step), graph.constant(f"{name}.zero", values.zero)
        even = graph.node("Mul", x, graph.constant(f"{name}.inverse", values.inverse))
        product = [
            graph.node("QuantizeLinear", even, step, zero),
            graph.constant(f"{name}.weight", values.weight),
            step,
            graph.constant(f"{name}.scale", values.scale),
            zero,
            graph.constant(f"{name}.weight_zero", np.zeros(len(values.scale), dtype=np.int8)),
            graph.constant(f"{name}.bias", bias),
        ]
        return graph.node("MatMulIntegerToFloat", *product, domain=_MICROSOFT)

    return _build(bert, linear, [])


_KINDS = ("Min", "Max")


def read_ranges(outputs: Mapping[str, Floats]) -> dict[str, Range]:
    """The ranges by the name of their matrix, from the further outputs of :func:`float32_graph`."""
    names = [name.removesuffix(".Min") for name in outputs if name.endswith(".Min")]
    return {name: Range(outputs[f"{name}.Min"], outputs[f"{name}.Max"]) for name in names}


class _Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: NDArray[Any] | Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name)
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", out: str = "", **attributes: Any) -> str:
        return self.nodes_of(kind, inputs, [out or f"{kind}.{len(self.nodes)}"], domain, attributes)[0]

    def split(self, x: str, parts: int) -> list[str]:
        outputs = [f"Split.{len(self.nodes)}.{part}" for part in range(parts)]
        return self.nodes_of("Split", (x,), outputs, "", {"axis": -1, "num_outputs": parts})

    def nodes_of(self, kind: str, inputs: Any, outputs: list[str], domain: str, attributes: Mapping[str, Any]) -> list[str]:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), outputs, domain=domain, **attributes))
        return outputs


def _axes(graph: _Graph) -> str:
    import numpy as np

    return graph.constant("tokens", np.array([0, 1]))


def _build(bert: Bert, linear: Linear, further: list[str]) -> bytes:
    """``further`` names outputs beside the vectors; it is filled while the graph is made."""
    from onnx import TensorProto, helper

    graph, weights = _Graph(), bert.weights()

    def normal(x: str, name: str) -> str:
        scale, shift = (graph.constant(f"{name}.{side}", weights[f"{name}.{side}"]) for side in ("weight", "bias"))
        return graph.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=bert.epsilon)

    def dense(x: str, name: str) -> str:
        return linear(graph, x, name, weights[f"{name}.weight"], weights[f"{name}.bias"])

    x = normal(graph.node("Add", INPUT, _positions(graph, weights)), "embeddings.LayerNorm")
    for layer in range(bert.layers):
        prefix = f"encoder.layer.{layer}"
        # Added and normalised in two steps: onnxruntime's operation that does both takes five times as long.
        attended = dense(_attend(graph, bert, linear, weights, x, f"{prefix}.attention.self"), f"{prefix}.attention.output.dense")
        x = normal(graph.node("Add", attended, x), f"{prefix}.attention.output.LayerNorm")
        wide = graph.node("Gelu", dense(x, f"{prefix}.intermediate.dense"))
        x = normal(graph.node("Add", dense(wide, f"{prefix}.output.dense"), x), f"{prefix}.output.LayerNorm")
    pooled = _pool(graph, bert, x)
    graph.node("LpNormalization", pooled, out=OUTPUT, axis=-1, p=2)
    outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["texts", bert.hidden])]
    outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in further]
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["texts", "tokens", bert.hidden])]
    made = helper.make_graph(graph.nodes, "encoder", inputs, outputs, list(graph.constants.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid(*opset) for opset in _OPSETS], ir_version=9)
    return bytes(model.SerializeToString())


def _positions(graph: _Graph, weights: Mapping[str, Floats]) -> str:
    """What is added to the words for where they stand, and for being the first of two texts."""
    import numpy as np

    table = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    zero = graph.constant("zero", np.array([0]))
    count = graph.node("Shape", INPUT, start=1, end=2)
    return graph.node("Slice", graph.constant("positions", table), zero, count, zero)


def _attend(graph: _Graph, bert: Bert, linear: Linear, weights: Mapping[str, Floats], x: str, name: str) -> str:
    """Self-attention, its three matrices as one."""
    import numpy as np

    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    weight = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    split = graph.split(linear(graph, x, name, weight, bias), 3)
    return graph.node("MultiHeadAttention", *split, domain=_MICROSOFT, num_heads=bert.heads)


def _pool(graph: _Graph, bert: Bert, x: str) -> str:
    import numpy as np

    if bert.pooling == "mean":
        return graph.node("ReduceMean", x, graph.constant("over_tokens", np.array([1])), keepdims=0)
    return graph.node("Gather", x, graph.constant("first", np.array(0)), axis=1)
