"""Scikit-learn pipelines as bytes and back: a file from a stranger can neither run code nor mislead compiled code.

The bytes are those of skops, which rebuilds objects without pickle. On top of skops' own audit, which trusts all of
scikit-learn, only the types that the expected classifier consists of are let through, each with the one way of
loading it. What scikit-learn's compiled code would follow without looking (indices, shapes) is checked afterwards.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8

from emospike.validation import InputError

ADDRESS = re.compile(r'(?<="__id__": )\d+|\d+(?=\.npy)')
"""Where a part of a pipeline lay in memory."""

COMMON = {
    ("DictNode", "builtins.dict"),
    ("ListNode", "builtins.list"),
    ("TupleNode", "builtins.tuple"),
    ("JsonNode", "builtins.str"),
    ("TypeNode", "builtins.str"),
    ("TypeNode", "builtins.int"),
    ("NdArrayNode", "numpy.ndarray"),
    ("NdArrayNode", "numpy.float32"),
    ("NdArrayNode", "numpy.float64"),
    ("NdArrayNode", "numpy.int64"),
    ("ObjectNode", "sklearn.pipeline.Pipeline"),
    ("ObjectNode", "sklearn.preprocessing._data.StandardScaler"),
}
"""How skops loads what, in every pipeline."""

OWN = {
    "LogisticRegression": {("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression")},
    "LinearSVC": {("ObjectNode", "sklearn.svm._classes.LinearSVC")},
    "SVC": {("ObjectNode", "sklearn.svm._classes.SVC")},
    "KNeighborsClassifier": {("ObjectNode", "sklearn.neighbors._classification.KNeighborsClassifier")},
    "RandomForestClassifier": {
        ("ObjectNode", "sklearn.ensemble._forest.RandomForestClassifier"),
        ("ObjectNode", "sklearn.tree._classes.DecisionTreeClassifier"),
        ("TreeNode", "sklearn.tree._tree.Tree"),
    },
    "MLPClassifier": {
        ("ObjectNode", "sklearn.neural_network._multilayer_perceptron.MLPClassifier"),
        ("ObjectNode", "sklearn.neural_network._stochastic_optimizers.AdamOptimizer"),
        ("ObjectNode", "sklearn.preprocessing._label.LabelBinarizer"),
        ("RandomStateNode", "numpy.random.mtrand.RandomState"),
    },
}
"""The same for each classifier, beside `COMMON`."""


def to_bytes(pipeline: Any) -> UInt8[np.ndarray, " bytes"]:
    """Return a fitted pipeline as bytes, the same in every run; raise `InputError` if `from_bytes` refuses them."""
    from skops.io import dumps

    data = np.frombuffer(name_by_order(dumps(pipeline)), np.uint8)
    model = pipeline["model"]
    from_bytes(data, type(model).__name__, len(model.classes_))
    return data


def name_by_order(data: bytes) -> bytes:
    """Return the bytes of skops without times, and with parts that are called by their order.

    Skops calls them by where they lay in memory, in ``schema.json`` and as ``address.npy``.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        schema = old.read("schema.json").decode()
        order = {address: str(i) for i, address in enumerate(dict.fromkeys(ADDRESS.findall(schema)))}
        for address, place in order.items():
            if f"{address}.npy" in old.namelist():
                new.writestr(zipfile.ZipInfo(f"{place}.npy"), old.read(f"{address}.npy"))
        new.writestr(zipfile.ZipInfo("schema.json"), ADDRESS.sub(lambda found: order[found[0]], schema))
    return out.getvalue()


def from_bytes(data: UInt8[np.ndarray, " bytes"], kind: str, classes: int) -> Any:
    """Return the pipeline of a scaler and a classifier of class `kind` for so many classes.

    Raises
    ------
    InputError : damaged bytes, a type that such a pipeline does not consist of, or unsound contents
    """
    from skops.io import loads

    raw = data.tobytes()
    trusted = sorted(name for _, name in refuse_strangers(raw, kind))
    try:
        pipeline = loads(raw, trusted=trusted)
        sound = is_sound(pipeline, kind, classes)
    except Exception as err:  # a crafted file may make any part of the loading fail, in any way
        raise describe_damage(kind) from err
    if not sound:
        raise describe_damage(kind)
    return pipeline


def describe_damage(kind: str) -> InputError:
    """Return the error for bytes that are no sound pipeline."""
    return InputError(f"the stored {kind} is damaged: train the model again, or get its file from its author")


def refuse_strangers(data: bytes, kind: str) -> set[tuple[str, str]]:
    """Return what may be loaded for `kind`; raise `InputError` if `data` asks for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            if sum(part.file_size for part in file.infolist()) > len(data):  # skops does not compress: a bomb would
                raise describe_damage(kind)
            asked = set(nodes(json.loads(file.read("schema.json"))))
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as err:
        raise describe_damage(kind) from err
    allowed = COMMON | OWN[kind]
    if asked - allowed:
        names = ", ".join(sorted({name for _, name in asked - allowed}))
        raise InputError(f"a stored {kind} may not hold {names}: do not use this file unless its author can explain it")
    return allowed


def nodes(schema: Any) -> Iterator[tuple[str, str]]:
    """Yield loader and type of every object that a schema of skops describes."""
    if isinstance(schema, dict):
        if "__loader__" in schema or "__class__" in schema:
            yield str(schema["__loader__"]), f"{schema['__module__']}.{schema['__class__']}"
        for part in schema.values():
            yield from nodes(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from nodes(part)


def is_sound(pipeline: Any, kind: str, classes: int) -> bool:
    """Tell whether the parts, shapes and indices of a pipeline fit each other."""
    scale, model = pipeline["scale"], pipeline["model"]
    dims = scale.n_features_in_
    names = [type(pipeline).__name__, type(scale).__name__, type(model).__name__]
    return bool(
        names == ["Pipeline", "StandardScaler", kind]
        and [name for name, _ in pipeline.steps] == ["scale", "model"]
        and scale.mean_.shape == scale.scale_.shape == (dims,)
        and model.n_features_in_ == dims
        and np.array_equal(model.classes_, np.arange(classes))
        and (kind not in CHECKS or CHECKS[kind](model, dims, classes))
    )


def sound_svm(model: Any, dims: int, classes: int) -> bool:
    """Tell whether the arrays that libsvm reads are as long as it assumes."""
    vectors, pairs = len(model.support_vectors_), classes * (classes - 1) // 2
    return bool(
        model._impl == "c_svc"
        and model.kernel in ("linear", "poly", "rbf", "sigmoid")
        and model.support_vectors_.shape == (vectors, dims)
        and model.support_.shape == (vectors,)
        and model._n_support.shape == (classes,)
        and model._n_support.min() >= 0
        and model._n_support.sum() == vectors
        and model._dual_coef_.shape == (classes - 1, vectors)
        and model._intercept_.shape == (pairs,)
        and {len(model._probA), len(model._probB)} <= {0, pairs}
    )


def sound_neighbours(model: Any, dims: int, classes: int) -> bool:
    """Tell whether all neighbours have a class, and as many dimensions as a clip."""
    count = len(model._fit_X)
    return bool(
        model._fit_method == "brute"
        and {model.metric, model.effective_metric_} <= {"minkowski", "euclidean", "manhattan", "cosine"}
        and model._fit_X.shape == (count, dims)
        and model._y.shape == (count,)
        and 0 <= model._y.min() <= model._y.max() < classes
        and 0 < model.n_neighbors <= count
    )


def sound_forest(model: Any, dims: int, classes: int) -> bool:
    """Tell whether every branch of every tree leads on to a later node of its tree, and asks for a known dimension."""
    return all(sound_tree(one.tree_, dims, classes) for one in model.estimators_)


def sound_tree(tree: Any, dims: int, classes: int) -> bool:
    """Tell the same of one tree."""
    if tree.node_count != tree.capacity or tree.n_features != dims or tree.value.shape[1:] != (1, classes):
        return False
    branch = np.flatnonzero(tree.children_left != -1)
    asked = tree.feature[branch]
    children = np.stack([tree.children_left[branch], tree.children_right[branch]])
    return bool(
        (children > branch).all() and (children < tree.node_count).all() and ((asked >= 0) & (asked < dims)).all()
    )


CHECKS = {"SVC": sound_svm, "KNeighborsClassifier": sound_neighbours, "RandomForestClassifier": sound_forest}
"""Classifiers whose compiled code trusts what it is given; the others compute in NumPy, which checks."""
