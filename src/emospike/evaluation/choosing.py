"""Which shipped model answers where none is named: the one that does best on strangers, as the cards tell."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

from emospike import store
from emospike.clip import Clip
from emospike.licences import VARIABLE, allows_commercial_use, asks_for_commercial_use, list_free_corpora
from emospike.validation import InputError

Card = Mapping[str, Any]

UNMET = ("test", "corpus-folds")
"""Protocols whose corpora did not train."""


def read_shipped_cards() -> dict[str, Card]:
    """Return the cards of the models that come with the package, by name."""
    return {name: store.read_card(name) for name in store.list_shipped_models()}


def choose_shipped(modality: str) -> str:
    """Return the shipped model that answers by a modality: audio, face or both.

    It is the one that does best on strangers (see `score_on_strangers`), and of those that were not measured so the
    one that learnt from most clips; with ``EMOSPIKE_LICENCE=commercial`` among those that may be used commercially.

    Raises
    ------
    InputError : there is none, or the variable has an unknown value
    """
    cards = {name: card for name, card in read_shipped_cards().items() if card.get("modality") in (modality, "both")}
    if asks_for_commercial_use():
        cards = {name: card for name, card in cards.items() if allows_commercial_use(card)}
    if not cards:
        raise InputError(
            f"no shipped model that decides by {modality} is free for commercial use, which {VARIABLE}=commercial asks "
            f"for: train one on data whose licence allows it ({', '.join(list_free_corpora())}) and name it with "
            f"--model, or unset {VARIABLE}"
        )
    return max(cards, key=lambda name: (score_on_strangers(cards[name], modality), cards[name].get("clips", 0)))


def choose_shipped_for(clip: Clip) -> tuple[str, str]:
    """Return the shipped model for a recording where none is named, and why a film is left to its sound, if so.

    What shows a face is decided by sound and face; by its sound alone where no model of both may be used.
    """
    if not clip.sees:
        return choose_shipped("audio"), ""
    try:
        return choose_shipped("both"), ""
    except InputError as error:
        if not clip.hears:
            raise
        return choose_shipped("audio"), f"its sound alone: {error}"


def score_on_strangers(card: Card, modality: str) -> float:
    """Return how far above chance a model was on corpora that had not trained it: 1 is never wrong, 0 not measured.

        (a - 1 / k) / (1 - 1 / k),    a the mean balanced accuracy over these corpora, of k classes

    Of a model that decides by another modality than that asked for, nothing is known.
    """
    measured = card.get("measured") or {}
    found = measured.get("balanced_by_corpus")
    leaky = str(measured.get("note", "")).startswith("LEAKY")
    if not found or leaky or measured.get("protocol") not in UNMET or card.get("modality") != modality:
        return 0.0
    chance = 1 / len(card["classes"])
    return float((mean(found.values()) - chance) / (1 - chance))
