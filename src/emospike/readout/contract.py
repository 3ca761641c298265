"""What every classifier offers: scikit-learn's verbs over arrays, and a state that is stored without pickle."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped

from emospike.validation import InputError

Vectors = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]
Weights = Float32[np.ndarray, " clips"]
Scores = Float32[np.ndarray, "clips classes"]


@runtime_checkable
class Classifier(Protocol):
    """A dataclass whose `init` fields are plain JSON values and whose fitted attributes end in an underscore.

    `type(c).restore(json.loads(json.dumps(parameters(c))), c.state()).scores(X)` equals `c.scores(X)` bit for
    bit, for every classifier.
    """

    if TYPE_CHECKING:  # it exists only after `fit`, so `isinstance` must not ask for it
        classes_: Shaped[np.ndarray, " classes"]
        """The labels, sorted, as str; column k of the scores belongs to `classes_[k]`."""

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> Classifier:
        """Fit to training clips with labels `y` (str); `weights` counts a clip more or less than once."""
        ...

    def scores(self, X: Vectors) -> Scores:
        """Return one score a class, log-probability-like: larger is likelier; not calibrated."""
        ...

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays: numbers, and ``"classes"``, the only array of str."""
        ...

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> Classifier:
        """Return the classifier that `parameters` and `state` were taken from."""
        ...


@runtime_checkable
class IncrementalClassifier(Classifier, Protocol):
    """A classifier that goes on learning without seeing its earlier clips again."""

    def partial_fit(self, X: Vectors, y: Labels) -> IncrementalClassifier:
        """Learn from further clips, of known or of new classes, and keep what was learned before."""
        ...


def parameters(classifier: Any) -> dict[str, Any]:
    """Return the parameters of a classifier (or of any step): what its constructor takes."""
    return {field.name: getattr(classifier, field.name) for field in fields(classifier) if field.init}


def class_numbers(X: Vectors, y: Labels) -> tuple[Shaped[np.ndarray, " classes"], Shaped[np.ndarray, " clips"]]:
    """Return the sorted classes and each clip's index among them, after checking both arrays.

    Raises
    ------
    InputError : no clip, not as many labels as clips, or values that are NaN or infinite

    Examples
    --------
    >>> classes, number = class_numbers(np.zeros((3, 1), np.float32), np.array(["low", "high", "low"]))
    >>> classes.tolist(), number.tolist()
    (['high', 'low'], [1, 0, 1])
    """
    if len(y) != len(X) or len(X) == 0:
        raise InputError(f"one label for each of at least 1 clip expected, got {len(y)} labels for {len(X)} clips")
    if not np.isfinite(X).all():
        raise InputError("state vectors hold NaN or infinite values: leave out the clips that could not be read")
    classes, number = np.unique(np.asarray(y).astype(str), return_inverse=True)
    return classes, number


def at_least_two(classes: Shaped[np.ndarray, " classes"]) -> None:
    """Raise `InputError` unless there are two classes to tell apart."""
    if len(classes) < 2:
        raise InputError(f"at least 2 classes are needed to train, got only {classes.tolist()}")


def check_owners(owner: Shaped[np.ndarray, " _"], classes: Shaped[np.ndarray, " classes"]) -> None:
    """Raise `InputError` unless each of these numbers is the place of a class."""
    places = owner.ndim == 1 and owner.dtype.kind in "iu"
    if not places or (owner.size and not 0 <= owner.min() <= owner.max() < len(classes)):
        raise InputError(f"numbers of classes from 0 to {len(classes) - 1} expected, got others")


def check_vectors(X: Vectors, dims: int) -> Vectors:
    """Return `X`; raise `InputError` unless its vectors are as long as those of the training clips."""
    if X.shape[1] != dims:
        raise InputError(f"state vectors of length {dims} expected, as in training, got {X.shape[1]}")
    return X
