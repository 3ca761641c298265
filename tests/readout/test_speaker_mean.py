import numpy as np
import pytest

from emospike.readout.speaker_mean import PRIOR_CLIPS, SpeakerMean
from emospike.validation import InputError

ROWS = np.array([[1, 10], [3, 10], [7, 0]], np.float32)
WHO = np.array(["a", "a", "b"])


def test_told_speakers_lose_their_mean():
    before = ROWS.copy()
    assert SpeakerMean("speaker", to_zero=True).fit(ROWS).remove(ROWS, WHO).tolist() == [[-1, 0], [1, 0], [0, 0]]
    kept = SpeakerMean("speaker").fit(ROWS).remove(ROWS, WHO)
    np.testing.assert_allclose(kept - ROWS.mean(axis=0), [[-1, 0], [1, 0], [0, 0]], atol=1e-5)
    np.testing.assert_array_equal(ROWS, before)


def test_nobody_is_told_where_nothing_is_removed():
    assert SpeakerMean().fit(ROWS).remove(ROWS, WHO).tolist() == ROWS.tolist()


def test_only_counted_rows_enter_the_mean():
    rows = np.array([[1], [3], [100]], np.float32)
    speakers, counted = np.array(["a", "a", "a"]), np.array([True, True, False])
    removed = SpeakerMean("speaker", to_zero=True).fit(rows).remove(rows, speakers, counted)
    assert removed.tolist() == [[-1], [1], [98]]


@pytest.mark.parametrize(("normalise", "to_zero"), [("none", True), ("speaker", True), ("speaker", False)])
def test_a_new_speaker_is_believed_the_more_the_more_clips_there_are(normalise, to_zero):
    mean = SpeakerMean(normalise, to_zero=to_zero).fit(ROWS)
    stranger = np.tile(ROWS.mean(axis=0) + 1, (PRIOR_CLIPS, 1))
    before = mean.remove(stranger)
    np.testing.assert_allclose(before - mean.adapt(stranger).remove(stranger), 0.5, atol=1e-5)


def test_unknown_settings_are_refused():
    with pytest.raises(InputError, match="unknown normalise"):
        SpeakerMean("room")
