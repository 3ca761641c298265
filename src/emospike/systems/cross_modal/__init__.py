"""Cross-modal enhancement: competing neurons learn by STDP, and what is seen helps what is heard."""

from __future__ import annotations

from emospike.systems.info import PublishedSplit, SystemInfo

SYSTEM = SystemInfo(
    name="cross_modal",
    model=f"{__name__}.model:CrossModal",
    what="Features -> Poisson spikes -> competitive layers that learn by STDP -> spike counts -> readout.",
    presets=f"{__name__}.presets:PRESETS",
    paper="Mansouri-Benssassi and Ye 2019, IJCNN",
    claim="0.803 by sound, 0.836 with enhancement: emotions, RAVDESS, random split",
    split=PublishedSplit(
        "LEAKY, as in the cross-modal paper: 80 % of the recordings train and 20 % test, at random, so test speakers "
        "also train",
        "emospike.datasets:random_split",
    ),
    reproductions={
        "table1": f"{__name__}.paper:table1",
        "table3": f"{__name__}.paper:table3",
        "table5": f"{__name__}.paper:table5",
        "figure3": f"{__name__}.paper:figure3",
        "noise": f"{__name__}.noise_trials:noise",
        "image-noise": f"{__name__}.noise_trials:image_noise",
    },
    steps={"pathway": "emospike.systems.pathways:Pathway"},
    rank=1,
)
