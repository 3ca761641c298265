"""A readout as a graph of ONNX, of plain operators: from state vectors of clips to calibrated probabilities.

    state -> root, speaker mean, kept dimensions, scaling -> classifier -> scores -> calibration -> probabilities

Numbers come in and go out in single precision; between, the graph computes in double precision, since a state vector
has some ten thousand dimensions, and runtimes sum them up in any order. The threshold stands in the metadata. How
strange a recording is (`Novelty`) is not measured, and nothing is learnt.

Source: ONNX, Open Neural Network Exchange, https://onnx.ai; operators of set 17.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.files import write_atomically
from emospike.optional import import_optional
from emospike.readout.calibration import Calibration
from emospike.readout.linear import LinearReadout
from emospike.readout.prototype import LearnedPrototype
from emospike.readout.readout import Readout, VectorReadout
from emospike.validation import InputError

OPERATORS, FORMAT = 17, 8
"""The set of operators, and the version of the file's form, both of 2022: what is in use reads them."""

KEY = "emospike"
"""Where the metadata tell classes, threshold and what a state vector is, as JSON."""


def import_onnx() -> Any:
    """Return onnx; raise `InputError` where it is not installed."""
    return import_optional("onnx", "ONNX needs a package", "onnx")


@dataclass
class GraphWriter:
    """Nodes and constants of a graph, as they are added."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, operator: str, *inputs: Any, name: str = "", **attributes: Any) -> str:
        """Add an operator on values, which are told by name, and on arrays; return the name of what comes out."""
        onnx = import_onnx()
        out = name or f"{operator.lower()}_{len(self.nodes)}"
        names = [one if isinstance(one, str) else self._keep(one) for one in inputs]
        self.nodes.append(onnx.helper.make_node(operator, names, [out], **attributes))
        return out

    def widen(self, value: Any) -> str:
        """Add a cast to double precision, in which a constant that takes less room takes part."""
        return self.add("Cast", value, to=import_onnx().TensorProto.DOUBLE)

    def narrow(self, value: str, name: str) -> str:
        """Add a cast to single precision, as what comes out."""
        return self.add("Cast", value, to=import_onnx().TensorProto.FLOAT, name=name)

    def _keep(self, array: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(import_onnx().numpy_helper.from_array(np.asarray(array), name))
        return name


def make_model(readout: Readout, facts: Mapping[str, Any] | None = None) -> Any:
    """Return a fitted readout as a model of ONNX; further `facts` stand in its metadata.

    Its input is `state`, (clips, dims); its outputs are `scores`, (clips, learnt classes), and `probabilities`,
    (clips, labels), the labels in the order of `classes` in the metadata. A clip loses the mean of the speaker that the
    readout has adapted to, or of training.

    Raises
    ------
    InputError : a readout of something else than vectors, or with a classifier other than `WRITERS` has
    """
    onnx = import_onnx()
    if not isinstance(readout, VectorReadout) or type(readout.classifier) not in WRITERS:
        what = type(getattr(readout, "classifier", None) or readout).__name__
        known = " and ".join(one.__name__ for one in WRITERS)
        raise InputError(f"{what} is not written as ONNX: {known} on state vectors are")
    graph, calibration = GraphWriter(), readout.calibration_
    scores = WRITERS[type(readout.classifier)](graph, _write_scaling(graph, readout), readout.classifier)
    graph.narrow(scores, "scores")
    graph.narrow(_write_calibration(graph, scores, calibration), "probabilities")
    number, values = onnx.TensorProto.FLOAT, onnx.helper.make_tensor_value_info
    drawn = onnx.helper.make_graph(
        graph.nodes,
        "readout",
        [values("state", number, ["clips", len(readout.scaler.kept_)])],
        [
            values("scores", number, ["clips", len(calibration.learnt)]),
            values("probabilities", number, ["clips", len(calibration.classes)]),
        ],
        graph.constants,
    )
    model = onnx.helper.make_model(
        drawn,
        producer_name="emospike",
        opset_imports=[onnx.helper.make_opsetid("", OPERATORS)],
        ir_version=FORMAT,
    )
    told = {"classes": calibration.classes, "learnt": calibration.learnt, "threshold": readout.threshold_}
    onnx.helper.set_model_props(model, {KEY: json.dumps(told | dict(facts or {}))})
    onnx.checker.check_model(model, full_check=True)
    return model


def _write_scaling(graph: GraphWriter, readout: VectorReadout) -> str:
    """Add what `VectorReadout.scale` does: z = (root(x) - shift - mean) scale, of the dimensions that are kept."""
    scaler = readout.scaler
    places = np.flatnonzero(scaler.kept_)
    x = graph.widen(graph.add("Gather", "state", places, axis=1))
    if scaler.root:
        x = graph.add("Mul", graph.add("Sign", x), graph.add("Sqrt", graph.add("Abs", x)))
    for one in (readout.speaker_mean_.shift_[places], scaler.mean_):
        x = graph.add("Sub", x, graph.widen(one))
    return graph.add("Mul", x, graph.widen(scaler.scale_))


def _write_linear(graph: GraphWriter, z: str, classifier: LinearReadout) -> str:
    """Add scores = z W + b; integers stay so, and weights of half precision take half the room."""
    state = classifier.state()
    weights = graph.widen(state["weights"])
    if classifier.bits is not None:
        weights = graph.add("Mul", weights, graph.widen(state["units"]))
    return graph.add("Add", graph.add("MatMul", z, weights), graph.widen(state["bias"]))


def _write_prototype(graph: GraphWriter, z: str, classifier: LearnedPrototype) -> str:
    """Add scores_c = ln sum_(j of c) e_j - ln sum_j e_j, e_j = exp(-|y - p_j|^2 / T), y = z B - b."""
    points, temperature = classifier.points_, float(classifier.temperature_)
    product = graph.add("MatMul", z, graph.widen(classifier.basis_))
    y = graph.add("Sub", product, graph.widen(classifier.offset_))
    # |y|^2 is the same for all prototypes, so that the softmax loses it
    near = graph.add("MatMul", y, (2 / temperature) * points.T)
    logits = graph.add("Sub", near, (points**2).sum(axis=1) / temperature)
    places = [np.flatnonzero(classifier.owner_ == c) for c in range(len(classifier.classes_))]
    own = [
        graph.add("ReduceLogSumExp", graph.add("Gather", logits, one, axis=1), axes=[1], keepdims=1) for one in places
    ]
    everything = graph.add("ReduceLogSumExp", logits, axes=[1], keepdims=1)
    return graph.add("Sub", graph.add("Concat", *own, axis=1), everything)


def _write_calibration(graph: GraphWriter, scores: str, calibration: Calibration) -> str:
    """Add what `Calibration.probabilities` does."""
    member = np.array(list(calibration.label_of_.values()))[:, None] == np.array(calibration.classes)
    member = member.astype(float)
    centred = graph.add("Sub", scores, graph.add("ReduceMean", scores, axes=[1], keepdims=1))
    logits = graph.add("Add", graph.add("Div", centred, np.float64(calibration.temperature_)), calibration.bias_)
    summed = graph.add("MatMul", graph.add("Softmax", logits, axis=1), member)
    if calibration.joint_ is None:
        return summed
    u, v, *offsets = calibration.joint_
    first = graph.add("Mul", graph.add("Log", graph.add("Max", summed, np.float64(1e-12))), u)
    second = graph.add("Mul", graph.add("MatMul", scores, member), v)
    return graph.add("Softmax", graph.add("Add", graph.add("Add", first, second), np.array(offsets)), axis=1)


WRITERS: dict[type, Any] = {LinearReadout: _write_linear, LearnedPrototype: _write_prototype}
"""What adds a classifier to a graph."""


def write_model(path: Path, model: Any) -> Path:
    """Write a model to a file, whole or not at all; return the path."""
    return write_atomically(path, model.SerializeToString(deterministic=True))


def run_reference(model: Any, states: Float32[np.ndarray, "clips dims"]) -> Float32[np.ndarray, "clips classes"]:
    """Return the probabilities that onnx's own reference makes of state vectors."""
    from onnx.reference import ReferenceEvaluator

    (found,) = ReferenceEvaluator(model).run(["probabilities"], {"state": states})
    return np.asarray(found)
