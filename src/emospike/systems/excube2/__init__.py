"""eXCube2: a spiking reservoir in the shape of a brain hears and sees emotion."""

from __future__ import annotations

from emospike.systems.info import HELD_OUT_SPEAKERS, SystemInfo

SYSTEM = SystemInfo(
    name="excube2",
    model=f"{__name__}.model:EXCube2",
    what="Features -> spikes -> 3D reservoir on a brain template -> state vector -> classifier.",
    presets=f"{__name__}.presets:PRESETS",
    sights=f"{__name__}.presets:SIGHTS",
    paper="Kasabov, Yang, Wang, Abouhassan, Kassabova and Lappas 2026, Biomimetics 11(3), 208",
    claim="0.803 by sound, 0.773 by the face, 0.810 by both: arousal, RAVDESS, five held-out actors",
    split=HELD_OUT_SPEAKERS,
    reproductions={
        **{name: f"{__name__}.paper:{name}" for name in ("table4", "table5", "table6", "table7")},
        "a1": f"{__name__}.paper:table_a1",
        **{name: f"{__name__}.figures:{name}" for name in ("figure5", "figure9", "figure12", "figure13")},
    },
    rank=0,
)
