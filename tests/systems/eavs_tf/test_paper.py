"""The baselines of EAVS-TF, on made-up voices and faces and with tiny networks."""

from dataclasses import replace

import pytest

from emospike.evaluation.reproduce import find_reproduction, reproduce
from emospike.systems.eavs_tf import presets as eavs_tf_presets

pytest.importorskip("torch")


@pytest.fixture
def tiny(monkeypatch):
    """Networks that learn made-up clips in seconds."""

    def shrunk(preset):
        def made(modality):
            full = preset(modality)
            return full | {
                "network": replace(full["network"], dim=16, random_features=30),
                "training": replace(full["training"], epochs=4, batch=8, rate=0.02),
                "members": 2,
                "excerpt": 0.8,
            }

        return made

    for name in ("default", "non_spiking"):
        monkeypatch.setitem(eavs_tf_presets.PRESETS, name, shrunk(eavs_tf_presets.PRESETS[name]))


@pytest.mark.long
def test_both_is_compared_with_all_that_could_replace_it(tiny, filmed):
    asked = replace(find_reproduction("eavs-tf", "baselines"), protocols=("speaker-folds",))
    rows = {row["what"]: row for row in reproduce(asked, filmed)["rows"]}
    spiking = ["sound", "face", "late fusion", "both"]
    assert list(rows) == spiking + [f"{name}, without spikes" for name in spiking]
    assert rows["face"]["found"]["probability"]["speaker-folds"]["accuracy"] > 0.7
    assert list(rows["both"]["gain"]) == spiking[:3]
    assert list(rows["both, without spikes"]["gain"]) == [*list(rows)[4:7], "both"]
