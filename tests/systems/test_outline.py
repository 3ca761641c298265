from __future__ import annotations

import numpy as np
import pytest
from emospike.systems.outline import feature_names, pictured

from emospike.clip import Clip
from emospike.features.mel import Mel
from emospike.features.openface import INTENSITIES
from emospike.features.prosody import ABSENT, Prosody
from emospike.systems.baseline.model import Baseline
from emospike.validation import InputError


def test_features_with_the_same_channels_share_a_picture_without_gaps(short):
    bridged, gaps = (Prosody(bridge=bridge) for bridge in (True, False))
    features = (Mel(40), gaps, Mel(64), bridged, Mel(40))
    series = [feature.extract(short) for feature in features]
    series[1] = series[1].with_values(np.full_like(series[1].values, ABSENT))
    names = feature_names(features, series)
    assert names == ["Mel", "Prosody", "Mel 2", "Prosody", "Mel"]
    shown = pictured(names, series)
    assert list(shown) == ["Mel", "Prosody", "Mel 2"]
    assert shown["Prosody"] is series[3]
    assert shown["Mel"] is series[0]
    assert pictured(["Prosody"], series[1:2])["Prosody"] is series[1]


@pytest.fixture(scope="module")
def system(speech):
    return Baseline.preset("ridge").fit(*speech)


def test_one_sense_has_nothing_to_compare_with(system, short):
    found = system.explain(short)
    assert not found.alone
    assert not found.senses
    assert found.target == found.decision.label
    np.testing.assert_array_equal(found.sound, short.sound)


def test_unknown_classes_and_senses_are_refused(system, short):
    with pytest.raises(InputError, match="unknown class 'hihg'"):
        system.explain(short, label="hihg")
    with pytest.raises(InputError, match="perceives audio, not face"):
        system.explain(short, modality="face")


def test_a_face_that_is_not_there_is_no_error(tmp_path):
    def table(name, level, found=1):
        rows = [f"{i / 30},{found},{','.join([str(level + 0.01 * i)] * len(INTENSITIES))}" for i in range(30)]
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([",".join(["timestamp", "success", *INTENSITIES]), *rows]))
        return Clip(path)

    clips = [table(f"{level}-{i}", level + i / 10) for level in (0, 3) for i in range(4)]
    system = Baseline.preset("ridge", 0, "face").fit(clips, ["low"] * 4 + ["high"] * 4, list("abcdabcd"))
    found = system.explain(table("nobody", 1, found=0))
    assert not found.decision.answered
    assert not found.series
    assert not found.bands
    assert system.explain(clips[0]).head is None  # this table tells no points
