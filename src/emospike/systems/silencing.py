"""What silencing parts of what competitive layers see does to their decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from emospike.systems.competitive_system import CompetitiveSystem
from emospike.systems.contract import Effect
from emospike.systems.hiding import Hidden, bands_hidden, moments_hidden
from emospike.systems.senses import Perceived
from emospike.systems.sensing_system import log_odds


def band_effects(system: CompetitiveSystem, seen: Perceived, target: int) -> list[Effect]:
    """Return what silencing each band of sound and part of the face changes, in all layers that see it."""
    return list(_effects(system, seen, target, bands_hidden(seen.series)))


def moment_effects(system: CompetitiveSystem, seen: Perceived, target: int) -> list[Effect]:
    """Return what silencing each stretch of time changes."""
    return list(_effects(system, seen, target, moments_hidden(seen.series)))


def _effects(
    system: CompetitiveSystem, seen: Perceived, target: int, parts: Iterable[tuple[str, Hidden]]
) -> Iterator[Effect]:
    """Yield what silencing each part takes from the log-odds of a class."""
    whole = log_odds(system.answer(seen, seen.senses), target)
    for name, hidden in parts:
        rest = silenced(system, seen, hidden)
        yield Effect(name, whole - log_odds(system.answer(rest, rest.senses), target))


def silenced(system: CompetitiveSystem, seen: Perceived, hidden: Hidden) -> Perceived:
    """Return the features with what is hidden set to where its channel is silent."""
    series = [
        one if one is None or mask is None else one.with_values(np.where(mask, span[0], one.values).astype(np.float32))
        for one, mask, span in zip(seen.series, hidden, system.ranges_, strict=True)
    ]
    return replace(seen, series=tuple(series))
