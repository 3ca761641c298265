"""Why competitive layers decided as they did: something is left out, and they decide again."""

from __future__ import annotations

from typing import Any

from emospike.explain.panel import Panel
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.perception import Perceived


def make_panels(system: Any, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the layers do with it."""
    silent = system.inputs_.silence()
    return attribute_series(lambda one: system.answer(one, one.modalities), seen, silent, target), []
