"""scikit-learn's conventions for classifiers, over recordings in place of rows.

Its tools ask whatever has these methods, of whichever class it is. Nothing is inherited from it, for importing it takes
as long as loading a model does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from jaxtyping import Shaped

from emospike.clip.batch import Recordings
from emospike.parameters import Parameters, change_parts
from emospike.schema import check_parameters
from emospike.systems.training import Given
from emospike.validation import InputError, NotTrainedError, as_labels, one_of, within

if TYPE_CHECKING:
    from sklearn.utils import Tags
    from sklearn.utils.metadata_routing import MetadataRequest

AnyEstimator = TypeVar("AnyEstimator", bound="Estimator")

METADATA: Final = MappingProxyType(
    {
        "fit": ("finer", "speakers", "weights"),
        "predict": ("speakers",),
        "predict_proba": ("speakers",),
        "score": ("sample_weight", "speakers"),
    }
)
"""What methods take beside recordings and labels; scikit-learn hands it on to those that request it."""


class Estimator(Parameters, ABC):
    """A classifier as scikit-learn's tools expect it.

    Attributes
    ----------
    labels_ : what can be decided, as text, in the order of probabilities
    whole_numbers_ : the labels that were learnt are whole numbers, and so are those that `predict` returns
    """

    labels_: tuple[str, ...]
    whole_numbers_: bool = False

    @property
    def classes_(self) -> Shaped[np.ndarray, " classes"]:
        """The labels as they were learnt, text or whole numbers, in the order of probabilities."""
        return np.array(self.labels_, dtype=int if self.whole_numbers_ else str)

    def __getattr__(self, name: str) -> Any:
        """Say of a fitted attribute (`classes_`) that is not there that the system is not trained."""
        if name.endswith("_") and not name.startswith("_"):
            raise NotTrainedError(f"this {type(self).__name__} is not trained: fit it, or load a model")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether it is trained."""
        return "labels_" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        """Return what scikit-learn's tools need to know of it: a classifier of recordings, one label each."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False, string=True),
            no_validation=True,
        )

    def set_params(self: AnyEstimator, **parameters: Any) -> AnyEstimator:
        """Change constructor parameters in place, those of its steps too (see `Parameters.set_params`)."""
        wanted = change_parts(self.get_params(deep=False), parameters)
        changed = {name.partition("__")[0] for name in parameters}
        for name in changed:
            if isinstance(wanted[name], np.generic):
                wanted[name] = wanted[name].item()
        within("coverage", wanted.get("coverage", 0.0), 0, 1)
        one_of("normalisation", wanted.get("normalise", "none"), ("none", "speaker"))
        check_parameters(type(self), {name: wanted[name] for name in changed})
        return super().set_params(**{name: wanted[name] for name in changed})

    @abstractmethod
    def predict(self, clips: Recordings, speakers: Given | None = None) -> Shaped[np.ndarray, " clips"]:
        """Return the most probable label of each clip, of `classes_`."""

    def score(
        self,
        X: Recordings,
        y: Given,
        sample_weight: Sequence[float] | None = None,
        speakers: Given | None = None,
    ) -> float:
        """Return the share of recordings X that `predict` is right on, which y tells.

        Raises
        ------
        InputError : not a label, or a weight of 0 or more, for each recording
        """
        found, labels = self.predict(X, speakers).astype(str), np.array(as_labels("labels", y))
        if len(found) != len(labels):
            raise InputError(f"one label a recording expected, got {len(labels)} for {len(found)}")
        weights = np.ones(len(found)) if sample_weight is None else np.asarray(sample_weight, float)
        if weights.shape != found.shape or not (weights >= 0).all() or not weights.any():
            raise InputError(f"one weight of 0 or more a recording expected, got {weights.size} for {len(found)}")
        return float(np.average(found == labels, weights=weights))

    # -- what else methods take, and who hands it on -----------------------------------------------------------

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what each method requests beside recordings and labels (scikit-learn's metadata routing)."""
        return deepcopy(self._find_requests())

    def set_fit_request(self: AnyEstimator, **requests: bool | str | None) -> AnyEstimator:
        """Ask that `fit` be handed `speakers`, `finer` labels or `weights`."""
        return self._request("fit", requests)

    def set_score_request(self: AnyEstimator, **requests: bool | str | None) -> AnyEstimator:
        """Ask that `score` be handed `speakers` or `sample_weight`."""
        return self._request("score", requests)

    def set_predict_request(self: AnyEstimator, **requests: bool | str | None) -> AnyEstimator:
        """Ask that `predict` be handed `speakers`."""
        return self._request("predict", requests)

    def set_predict_proba_request(self: AnyEstimator, **requests: bool | str | None) -> AnyEstimator:
        """Ask that `predict_proba` be handed `speakers`."""
        return self._request("predict_proba", requests)

    def _request(self: AnyEstimator, method: str, requests: Mapping[str, bool | str | None]) -> AnyEstimator:
        """Note what a method asks for; `clone` takes it along."""
        known = self._find_requests()
        for name, alias in requests.items():
            getattr(known, method).add_request(param=one_of("argument", name, METADATA[method]), alias=alias)
        self._metadata_request = known
        return self

    def _find_requests(self) -> MetadataRequest:
        """Return what was requested; by default nothing is, and what is handed on all the same is an error."""
        from sklearn.utils.metadata_routing import MetadataRequest

        if "_metadata_request" in vars(self):
            return self._metadata_request
        requests = MetadataRequest(owner=self)
        for method, names in METADATA.items():
            for name in names:
                getattr(requests, method).add_request(param=name, alias=None)
        return requests


def find_whole_numbers(labels: Given) -> bool:
    """Return whether all labels are whole numbers; raise `InputError` if they would be in another order as text.

    >>> find_whole_numbers([0, 1]), find_whole_numbers(["0", "1"])
    (True, False)
    """
    if not all(isinstance(one, Integral) and not isinstance(one, bool) for one in labels):
        return False
    known = sorted({int(one) for one in labels})
    if [str(one) for one in known] != sorted(map(str, known)):
        raise InputError(f"labels from 0 to 9, or text, expected, got {len(known)} numbers from {known[0]} on")
    return True


def is_whole(label: str) -> bool:
    """Tell whether a label is the text of a whole number.

    >>> is_whole("-1"), is_whole("1.0"), is_whole("one")
    (True, False, False)
    """
    return label.removeprefix("-").isdecimal() and label.isascii()
