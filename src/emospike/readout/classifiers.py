"""Scikit-learn's classifiers under the contract of the readout, for comparison."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from emospike.readout.contract import Labels, Scores, Vectors, Weights, at_least_two, check_vectors, class_numbers
from emospike.readout.skops_guard import from_bytes, to_bytes
from emospike.validation import InputError, one_of

BALANCED = {"class_weight": "balanced"}
ESTIMATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic_regression": ("sklearn.linear_model:LogisticRegression", {"C": 3e-3, "max_iter": 1000, **BALANCED}),
    "linear_svm": ("sklearn.svm:LinearSVC", {"C": 1e-3, "dual": True, **BALANCED}),
    "rbf_svm": ("sklearn.svm:SVC", {"C": 3.0, **BALANCED}),
    "knn": (
        "sklearn.neighbors:KNeighborsClassifier",
        {"n_neighbors": 15, "weights": "distance", "algorithm": "brute"},
    ),
    "random_forest": ("sklearn.ensemble:RandomForestClassifier", {"n_estimators": 200, **BALANCED}),
    "mlp": ("sklearn.neural_network:MLPClassifier", {"hidden_layer_sizes": [80], "alpha": 1.0, "max_iter": 1000}),
}
"""Where each classifier lives, and parameters that suit some thousand neurons and some hundred clips."""

LEAST = 1e-6
"""Probability below which a class is not told from an impossible one, so that the logarithm is finite."""


@dataclass
class SklearnClassifier:
    """A classifier of scikit-learn behind its `StandardScaler`, balanced between classes where it can be.

    Scores are the decision function (two classes: minus and plus half of it, so that their softmax is the
    probability of logistic regression), or else the logarithm of `predict_proba`.

    Attributes
    ----------
    name : one of `ESTIMATORS`
    params : scikit-learn's own parameters, where they are to differ from those in `ESTIMATORS`
    seed : `random_state`

    Raises
    ------
    InputError : unknown name or parameter, or clip weights for a classifier that takes none (knn)
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    pipeline_: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        one_of("classifier of scikit-learn", self.name, ESTIMATORS)

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> SklearnClassifier:
        """Fit to training clips; `weights` counts a clip more or less than once."""
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.utils.validation import has_fit_parameter

        classes, number = class_numbers(X, y)
        at_least_two(classes)
        model = self._estimator()
        if weights is not None and not has_fit_parameter(model, "sample_weight"):
            raise InputError(f"{self.name} takes no clip weights: take another classifier, or --balance none")
        extra = {} if weights is None else {"model__sample_weight": weights}
        self.pipeline_ = Pipeline([("scale", StandardScaler()), ("model", model)]).fit(X, number, **extra)
        self.classes_ = classes
        return self

    def scores(self, X: Vectors) -> Scores:
        """Return one score a class; larger is likelier."""
        check_vectors(X, self.pipeline_["scale"].n_features_in_)
        # One clip at a time: a matrix product may round a clip differently in another company.
        scores: Scores = np.concatenate([self._score(X[i : i + 1]) for i in range(len(X))]).astype(np.float32)
        return scores

    def state(self) -> dict[str, Any]:
        """Return the pipeline in skops' format, which needs no pickle, as bytes."""
        return {"classes": self.classes_, "pipeline": to_bytes(self.pipeline_)}

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> SklearnClassifier:
        """Return the classifier that `state` was taken from; refuse anything but a pipeline of that kind."""
        classifier = cls(**parameters)
        kind = ESTIMATORS[classifier.name][0].partition(":")[2]
        classifier.classes_ = state["classes"]
        classifier.pipeline_ = from_bytes(state["pipeline"], kind, len(classifier.classes_))
        return classifier

    def _estimator(self) -> Any:
        """Return the classifier, not fitted."""
        path, own = ESTIMATORS[self.name]
        module, _, kind = path.partition(":")
        estimator = getattr(importlib.import_module(module), kind)()
        known = estimator.get_params()
        wanted = own | dict(self.params) | ({"random_state": self.seed} if "random_state" in known else {})
        for parameter in wanted:
            one_of(f"parameter of {self.name}", parameter, known)
        return estimator.set_params(**wanted)

    def _score(self, x: Vectors) -> Float[np.ndarray, "clips classes"]:
        """Return the scores as scikit-learn computes them."""
        if not hasattr(self.pipeline_, "decision_function"):
            log_p: Float[np.ndarray, "clips classes"] = np.log(np.maximum(self.pipeline_.predict_proba(x), LEAST))
            return log_p
        decision = np.asarray(self.pipeline_.decision_function(x))
        return decision if decision.ndim == 2 else np.outer(decision, [-0.5, 0.5])
