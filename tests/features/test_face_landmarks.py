from __future__ import annotations

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features.action_units import ActionUnits
from emospike.features.face_landmarks import FaceLandmarks, find_landmarks
from emospike.features.mel import Mel
from emospike.features.openface import INTENSITIES


def test_the_nearest_frame_is_shown():
    points = np.arange(6, dtype=np.float32).reshape(3, 1, 2)
    head = FaceLandmarks(np.array([0.0, 0.1, 0.3]), points, np.array([True, False, True]))
    found, seen = head.at(np.array([0.0, 0.04, 0.06, 0.1, 0.19, 0.21, 9.0]))
    assert found[:, 0, 0].tolist() == [0, 0, 2, 2, 2, 4, 4]
    assert seen.tolist() == [True, True, False, False, False, True, True]


def test_features_that_see_nothing_give_no_head():
    clip = Clip.from_array(np.full(8000, 0.1, np.float32), 16_000)
    assert find_landmarks(clip, (Mel(),)) is None


def test_points_keep_the_form_of_the_picture(tmp_path):
    header = ["timestamp", *INTENSITIES, *(f"{axis}_{point}" for axis in "xy" for point in range(68))]
    row = [0.0, *[1.0] * len(INTENSITIES), *[640.0] * 68, *[360.0] * 68]
    (tmp_path / "face.csv").write_text("\n".join([",".join(header), *[",".join(map(str, row))]]))
    head = find_landmarks(Clip(tmp_path / "face.csv"), (ActionUnits(),))
    np.testing.assert_allclose(head.points[0, 0], (640 / 720, 0.5))  # both in heights of the picture


@pytest.mark.usefixtures("landmarker")
def test_the_form_of_a_film_is_its_own(data_dir):
    film = data_dir / "samples" / "video" / "01-01-04-01-02-01-01.mp4"
    clip = Clip(film, stop=0.5)
    head = find_landmarks(clip, (ActionUnits(),))
    height, width, _ = next(clip.frames()).image.shape
    track = ActionUnits().track(clip)
    np.testing.assert_allclose(head.points, track.landmarks * np.float32([width / height, 1]))
    eyes = head.points[head.found][0][[33, 263]]
    lips = head.points[head.found][0][[61, 291]]
    assert eyes[:, 1].mean() < lips[:, 1].mean()  # y is down
