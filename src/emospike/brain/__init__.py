"""The brain: where neurons sit (template, regions), where sound enters (tonotopy), how all is wired (wiring)."""

from __future__ import annotations

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
