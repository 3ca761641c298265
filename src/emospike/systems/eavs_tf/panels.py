"""Why EAVS-TF decided as it did: something is left out, and it decides again."""

from __future__ import annotations

from typing import Any

from emospike.explain.panel import Panel
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.perception import Perceived


def make_panels(system: Any, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the networks do with it."""
    ensemble = system.ensemble_
    speaker = [mean + shift for mean, shift in zip(ensemble.scales.means, ensemble.shift, strict=True)]
    levels = speaker[: len(seen.series)]
    return attribute_series(lambda one: system.answer(one, one.modalities), seen, levels, target), []
