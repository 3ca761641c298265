"""Stored pipelines from strangers: they run no code, and cannot lead compiled code out of its arrays."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from skops.io import dumps

from emospike.readout.classifiers import ESTIMATORS, SklearnClassifier
from emospike.readout.contract import parameters
from emospike.readout.skops_guard import from_bytes, to_bytes
from emospike.validation import InputError


def fitted(name, **params):
    rng = np.random.default_rng(0)
    X, y = rng.normal(0, 1, (60, 4)).astype(np.float32), rng.choice(["a", "b", "c"], 60)
    return SklearnClassifier(name, params).fit(X, y)


def restore(classifier, data):
    """Restore a classifier with other bytes in the place of its pipeline."""
    state = classifier.state() | {"pipeline": np.frombuffer(data, np.uint8)}
    return type(classifier).restore(parameters(classifier), state)


def rewritten(classifier, change):
    """The bytes of a classifier whose schema went through `change`, which edits it in place."""
    source, target = zipfile.ZipFile(io.BytesIO(classifier.state()["pipeline"].tobytes())), io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name in source.namelist():
            content = source.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema).encode()
            file.writestr(name, content)
    return target.getvalue()


class Attack:
    """What pickle would turn into a new file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickle_is_not_read(tmp_path):
    mark = tmp_path / "mark"
    payload = pickle.dumps(Attack(mark))
    pickle.loads(payload)
    assert mark.exists()
    mark.unlink()
    with pytest.raises(InputError, match="the stored SVC is damaged"):
        restore(fitted("rbf_svm"), payload)
    assert not mark.exists()


def test_functions_are_refused():
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    pipeline = Pipeline([("scale", FunctionTransformer(os.system)), ("model", FunctionTransformer())])
    with pytest.raises(InputError, match=r"a stored SVC may not hold .*posix.system"):
        restore(fitted("rbf_svm"), dumps(pipeline))


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("ObjectNode", "subprocess", "Popen"),
        ("FunctionNode", "os", "system"),
        ("TypeNode", "os", "system"),
        ("OperatorFuncNode", "operator", "methodcaller"),
        ("MethodNode", "sklearn.pipeline", "Pipeline"),
        ("PartialNode", "sklearn.pipeline", "Pipeline"),
        ("ConstructorFromReduceNode", "sklearn.pipeline", "Pipeline"),
    ],
)
def test_a_changed_schema_is_refused(loader, module, name):
    classifier = fitted("logistic_regression")
    data = rewritten(classifier, lambda s: s.update(__loader__=loader, __module__=module, __class__=name))
    with pytest.raises(InputError, match=f"may not hold {module}.{name}"):
        restore(classifier, data)


def test_a_stranger_deep_inside_is_refused():
    def hide(schema):
        schema["content"]["hidden"] = [{"deep": {"__loader__": "TypeNode", "__module__": "os", "__class__": "system"}}]

    classifier = fitted("logistic_regression")
    with pytest.raises(InputError, match=r"may not hold os\.system"):
        restore(classifier, rewritten(classifier, hide))


def test_nodes_without_a_type_are_damage():
    classifier = fitted("knn")
    with pytest.raises(InputError, match="damaged"):
        restore(classifier, rewritten(classifier, lambda schema: schema.pop("__module__")))


def test_estimators_that_skops_trusts_but_this_classifier_does_not_hold_are_refused():
    with pytest.raises(InputError, match=r"a stored SVC may not hold sklearn.neighbors"):
        restore(fitted("rbf_svm"), fitted("knn").state()["pipeline"].tobytes())


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pipelines_for_another_number_of_classes_are_refused(name):
    data = fitted(name, **({"n_estimators": 3} if name == "random_forest" else {})).state()["pipeline"]
    with pytest.raises(InputError, match="damaged"):
        from_bytes(data, ESTIMATORS[name][0].partition(":")[2], classes=2)


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"no zip at all"])
def test_damaged_bytes_are_refused(data):
    with pytest.raises(InputError, match="damaged: train the model again"):
        restore(fitted("linear_svm"), data)


def shorten_vectors(model):
    model.support_vectors_ = model.support_vectors_[:, :2].copy()


def shorten_coefficients(model):
    model._dual_coef_ = model._dual_coef_[:, :5].copy()


def claim_more_vectors(model):
    model._n_support = model._n_support * 1000


def negative_count(model):
    model._n_support = np.array([-1, 1, len(model.support_vectors_)], np.int32)


def label_out_of_range(model):
    model._y = model._y + 10**6


def other_dimensions(model):
    model._fit_X = model._fit_X[:, :1].copy()


def other_method(model):
    model._fit_method = "kd_tree"


def edit_tree(model, edit):
    """Replace the nodes of the first tree, as a crafted file can."""
    tree = model.estimators_[0].tree_
    state = tree.__getstate__()
    edit(state)
    tree.__setstate__(state)


def wild_child(model):
    edit_tree(model, lambda state: state["nodes"]["left_child"].__setitem__(0, 10**9))


def endless_tree(model):
    edit_tree(model, lambda state: state["nodes"]["right_child"].__setitem__(0, 0))


def wild_feature(model):
    edit_tree(model, lambda state: state["nodes"]["feature"].__setitem__(0, 10**9))


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("rbf_svm", shorten_vectors),
        ("rbf_svm", shorten_coefficients),
        ("rbf_svm", claim_more_vectors),
        ("rbf_svm", negative_count),
        ("knn", label_out_of_range),
        ("knn", other_dimensions),
        ("knn", other_method),
        ("random_forest", wild_child),
        ("random_forest", endless_tree),
        ("random_forest", wild_feature),
    ],
)
def test_contents_that_would_mislead_compiled_code_are_refused(name, edit):
    classifier = fitted(name, **({"n_estimators": 3} if name == "random_forest" else {}))
    data = classifier.state()["pipeline"]
    edit(classifier.pipeline_["model"])
    kind = ESTIMATORS[name][0].partition(":")[2]
    assert from_bytes(data, kind, 3) is not None
    with pytest.raises(InputError, match=f"the stored {kind} is damaged"):
        from_bytes(np.frombuffer(dumps(classifier.pipeline_), np.uint8), kind, 3)


def test_what_could_not_be_restored_is_not_stored():
    with pytest.raises(InputError, match=r"a stored KNeighborsClassifier may not hold .*KDTree"):
        fitted("knn", algorithm="kd_tree").state()
    with pytest.raises(InputError, match="damaged"):
        to_bytes(fitted("knn", metric="chebyshev").pipeline_)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_same_pipeline_is_the_same_bytes(name):
    few = {"n_estimators": 3} if name == "random_forest" else {}
    one, other = (fitted(name, **few).state()["pipeline"] for _ in range(2))
    np.testing.assert_array_equal(one, other)
