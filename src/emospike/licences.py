"""What a model may be used for, by the licences of the recordings that it learnt from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from emospike.datasets import DATASETS
from emospike.validation import InputError, one_of

VARIABLE = "EMOSPIKE_LICENCE"
"""Environment variable: ``commercial`` refuses models that may not be used commercially, ``any`` (default) none."""


def asks_for_commercial_use() -> bool:
    """Tell whether the environment asks for models that may be used commercially; `InputError` for unknown values."""
    return one_of(VARIABLE, os.environ.get(VARIABLE) or "any", ("any", "commercial")) == "commercial"


def list_corpora(card: Mapping[str, Any]) -> list[str]:
    """Return what a model learnt from, in training and later, as its card names it.

    >>> list_corpora({"data": "ravdess+cremad", "adapted": [{"data": "recordings"}]})
    ['cremad', 'ravdess', 'recordings']
    """
    steps = (card, *card.get("adapted", ()))
    return sorted({name for step in steps for name in str(step.get("data", "")).split("+") if name})


def allows_commercial_use(card: Mapping[str, Any]) -> bool | None:
    """Tell whether a model may be used commercially; None where that is up to recordings of the user's own.

    >>> allows_commercial_use({"data": "cremad"}), allows_commercial_use({"data": "cremad+ravdess"})
    (True, False)
    """
    allowed = [DATASETS[name].commercial if name in DATASETS else None for name in list_corpora(card)]
    if False in allowed:
        return False
    return True if allowed and None not in allowed else None


def check_commercial_use(name: str, card: Mapping[str, Any]) -> None:
    """Raise `InputError`, with the corpora that forbid it, if a model may not be used commercially."""
    if allows_commercial_use(card) is False:
        known = {one: DATASETS[one] for one in list_corpora(card) if one in DATASETS}
        limits = ", ".join(f"{one}: {source.licence}" for one, source in known.items() if source.commercial is False)
        raise InputError(
            f"{name} is not free for commercial use, which {VARIABLE}=commercial asks for; it learnt from {limits}: "
            f"name another model (emospike info lists them), or unset {VARIABLE}"
        )


def list_free_corpora() -> list[str]:
    """Return the kinds of data sets whose models may be used commercially.

    >>> list_free_corpora()
    ['cremad', 'emodb', 'jl_corpus', 'mesd', 'subesco']
    """
    return [name for name, source in DATASETS.items() if source.commercial]
