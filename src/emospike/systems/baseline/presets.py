"""The presets of the baseline: one for each classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.blendshapes import Blendshapes
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.contract import Classifier
from emospike.readout.linear import LinearReadout
from emospike.systems.perception import MODALITIES

FEATURES: dict[str, tuple[Feature, ...]] = {
    "audio": (Mel(bands=64), ConstantQ(), MFCC(coefficients=20)),
    "face": (ActionUnits(),),
}
"""What is taken from each sense."""


def classify_by(make: Callable[[], Classifier], modality: str) -> dict[str, Any]:
    """Return the features of a modality, and a classifier, which draws nothing at random."""
    features = tuple(feature for sense in MODALITIES[modality] for feature in FEATURES[sense])
    return {"classifier": make(), "features": features}


PRESETS: dict[str, Callable[[str], dict[str, Any]]] = {
    "svm": partial(classify_by, lambda: SklearnClassifier("rbf_svm")),
    "logistic_regression": partial(classify_by, lambda: SklearnClassifier("logistic_regression")),
    "ridge": partial(classify_by, lambda: LinearReadout(alpha=100.0)),
}
"""`ridge` is the classifier that eXCube2 reads its reservoir out with."""


def see_blendshapes(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a preset that sees blendshapes in the place of action units."""
    features = (Blendshapes() if one == ActionUnits() else one for one in parameters["features"])
    return {**parameters, "features": tuple(features)}


SIGHTS = {"action_units": dict, "blendshapes": see_blendshapes}
