"""The brain: where neurons sit (template, regions), where sound enters (tonotopy), how all is wired (wiring)."""

from __future__ import annotations

from typing import Any

from emospike.registry import Registry

BRAIN = Registry(
    "part of the brain",
    {
        "tonotopy": "emospike.brain.tonotopy:Tonotopy",
        "topography": "emospike.brain.topography:Topography",
        "input_wiring": "emospike.brain.wiring:InputWiring",
        "near_input_wiring": "emospike.brain.wiring:NearInputWiring",
        "small_world": "emospike.brain.wiring:SmallWorld",
    },
)


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.brain import ...``."""
    return BRAIN.load_class(name)
