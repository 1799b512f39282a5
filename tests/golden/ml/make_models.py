"""Small ONNX models for ANNOTATE, ML_DETECT and CLASSIFY, with their sidecars: `python make_models.py`.

Their weights are made up of a seeded generator; what they answer means nothing, but is neither constant nor saturated.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
SEED = 20240229


def save(name, nodes, weights, given, gives, sidecar):
    """A model of these nodes with one input and one output, and its sidecar."""
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    initial = [numpy_helper.from_array(w.astype(np.float32), key) for key, w in weights.items()]
    graph = helper.make_graph(nodes, name, [value("x", given)], [value("y", gives)], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="dasc", ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    if sidecar is not None:
        (HERE / f"{name}.onnx.json").write_text(json.dumps({"version": 1, "about": "made by make_models.py", **sidecar}) + "\n")


def node(op, given, gives, **attributes):
    return helper.make_node(op, given, [gives], **attributes)


rng = np.random.default_rng(SEED)
normal = lambda *shape: rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))

# Two labels for every sample of a channel, as pickers have it; the batch is left open, as exporters do.
save("picker",
     [node("Conv", ["x", "w1", "b1"], "h", kernel_shape=[7], pads=[3, 3]), node("Relu", ["h"], "r"),
      node("Conv", ["r", "w2", "b2"], "z", kernel_shape=[5], pads=[2, 2]), node("Sigmoid", ["z"], "y")],
     {"w1": 4 * normal(4, 1, 7), "b1": normal(4, 1)[:, 0], "w2": 4 * normal(2, 4, 5), "b2": normal(2, 1)[:, 0]},
     ["batch", 1, 64], ["batch", 2, 64],
     {"rate": 100, "window": 64, "labels": ["P", "S"], "normalise": "peak", "overlap": 32, "blinding": [4, 4]})

# A picture of four channels: one output for each of them at every sample.
save("picture",
     [node("Conv", ["x", "w1"], "h", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), node("Tanh", ["h"], "t"),
      node("Conv", ["t", "w2"], "z", kernel_shape=[3, 1], pads=[1, 0, 1, 0]), node("Sigmoid", ["z"], "y")],
     {"w1": 3 * normal(3, 1, 3, 3), "w2": 3 * normal(1, 3, 3, 1)}, [1, 1, 32, 4], [1, 1, 32, 4],
     {"rate": "100/1", "window": 32, "channels": 4, "input": ["one", "one", "time", "channel"], "output": ["one", "one", "time", "channel"],
      "labels": ["vehicle"], "normalise": "std", "scale_together": True, "overlap": 8, "stacking": "max"})

# Three neighbouring channels, and two labels for the window as a whole: no axis along time.
save("array",
     [node("Conv", ["x", "w1"], "h", kernel_shape=[9]), node("Relu", ["h"], "r"), node("GlobalAveragePool", ["r"], "p"),
      node("Flatten", ["p"], "f"), node("Gemm", ["f", "w2", "b2"], "z"), node("Softmax", ["z"], "y", axis=1)],
     {"w1": 2 * normal(5, 3, 9), "w2": 2 * normal(5, 2), "b2": normal(2, 1)[:, 0]}, [1, 3, 50], [1, 2],
     {"rate": 100, "window": 50, "channels": 3, "channel_step": 1, "output": ["one", "label"], "labels": ["noise", "event"],
      "normalise": "demean", "overlap": 40})

# An output shorter than its window, as convolutions without padding give it, not in its middle; nothing is normalised.
save("crop",
     [node("Conv", ["x", "w1"], "h", kernel_shape=[7]), node("Sigmoid", ["h"], "y")],
     {"w1": normal(1, 1, 7)}, [1, 1, 40], [1, 1, 34],
     {"rate": 100, "window": 40, "first": 6, "labels": ["onset"], "overlap": 13})

# Without a sidecar, and with one that does not fit: for tests of what is refused.
save("bare", [node("Sigmoid", ["x"], "y")], {}, [1, 1, 16], [1, 1, 16], None)
save("unfit", [node("Sigmoid", ["x"], "y")], {}, [1, 1, 16], [1, 1, 16], {"rate": 100, "window": 32, "labels": ["P"]})
save("fewer", [node("Sigmoid", ["x"], "y")], {}, [1, 1, 16], [1, 1, 16], {"rate": 100, "window": 16, "labels": ["P", "S"]})
save("blank", [node("Log", ["x"], "y")], {}, [1, 1, 16], [1, 1, 16], {"rate": 100, "window": 16, "labels": ["P"]})

# Features of an event to the shares of two labels.
save("classifier",
     [node("Mul", ["x", "s"], "n"), node("Gemm", ["n", "w1", "b1"], "h"), node("Tanh", ["h"], "t"), node("Gemm", ["t", "w2"], "z"), node("Softmax", ["z"], "y", axis=1)],
     {"s": np.array([[0.1, 0.05, 1.0]]), "w1": 2 * normal(3, 4), "b1": normal(4, 1)[:, 0], "w2": 2 * normal(4, 2)}, ["batch", 3], ["batch", 2],
     {"features": ["duration", "channels", "score"], "labels": ["car", "train"]})
