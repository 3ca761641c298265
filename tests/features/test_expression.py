"""The network of expressions: against torch, and on real faces."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.clip.video import pick_frames
from emospike.features.blendshapes import Blendshapes
from emospike.features.contours import MESH
from emospike.features.expression import EXPRESSIONS, SIDE, _load, cut_face, read_expressions


def test_as_torch_computes_it():
    torch = pytest.importorskip("torch")
    known = {name: torch.from_numpy(np.array(one)) for name, one in _load().items()}
    faces = np.random.default_rng(0).integers(0, 255, (2, SIDE, SIDE, 3), np.uint8)

    def convolve(maps, name, stride):
        size = maps.shape[2]
        above = max((-(-size // stride) - 1) * stride + 3 - size, 0)
        padded = torch.nn.functional.pad(maps, (above // 2, above - above // 2) * 2)
        bias = known[f"{name}/bias"]
        if f"{name}/filters" in known:
            return torch.nn.functional.conv2d(padded, known[f"{name}/filters"].permute(3, 2, 0, 1), bias, stride)
        each = known[f"{name}/depthwise_filter"].permute(2, 3, 0, 1)
        single = torch.nn.functional.conv2d(padded, each, None, stride, groups=len(each))
        return torch.nn.functional.conv2d(single, known[f"{name}/pointwise_filter"].permute(3, 2, 0, 1), bias)

    maps = (torch.from_numpy(faces).float() - torch.tensor([122.782, 117.001, 104.298])) / 255
    maps = maps.permute(0, 3, 1, 2)
    for block in range(4):
        first = torch.relu(convolve(maps, f"dense{block}/conv0", 2))
        second = convolve(first, f"dense{block}/conv1", 1)
        third = convolve(torch.relu(first + second), f"dense{block}/conv2", 1)
        fourth = convolve(torch.relu(first + second + third), f"dense{block}/conv3", 1)
        maps = torch.relu(first + second + third + fourth)
    expected = torch.softmax(maps.mean(dim=(2, 3)) @ known["fc/weights"] + known["fc/bias"], dim=1)
    np.testing.assert_allclose(read_expressions(faces), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("01-01-01-01-01-01-01", "neutral"),
        ("01-01-03-02-02-01-01.recon", "happy"),
        ("01-01-05-02-01-02-14.recon", "angry"),
        ("01-01-07-02-02-02-06.recon", "disgust"),
    ],
)
@pytest.mark.usefixtures("landmarker")
def test_real_faces(data_dir, name, expression):
    clip = Clip(data_dir / "samples" / "video" / f"{name}.mp4")
    track = Blendshapes(stride=4).track(clip)
    rows = np.flatnonzero(track.found)[::4]
    frames = pick_frames(clip.frames(), track.time[rows])
    faces = np.stack([cut_face(frames[track.time[row]].image, track.landmarks[row, MESH]) for row in rows])
    assert EXPRESSIONS[int(read_expressions(faces).mean(axis=0).argmax())] == expression


def test_a_box_is_made_square():
    image = np.full((100, 200, 3), 200, np.uint8)
    face = cut_face(image, np.array([[0.25, 0.2], [0.35, 0.8]]))  # 20 pixels wide, 60 high
    assert face.shape == (SIDE, SIDE, 3)
    assert (face[:, SIDE // 2] == 200).all()
    assert (face[:, [0, -1]] == 0).all()
    assert cut_face(image, np.array([[1.2, 0.5], [1.4, 0.6]])).shape == (SIDE, SIDE, 3)  # beside the picture
