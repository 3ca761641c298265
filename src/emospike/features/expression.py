"""Expressions: what a small network without spikes reads from single pictures of a face; a second opinion.

The network is face-api's (V. Mühler 2018; V. Mandic, @vladmandic/face-api 1.7.15, MIT): four blocks of separable
convolutions, each with sums over all that came before in the block, and a linear layer. Its weights, 8 bits each, are
run here with numpy. What it learnt from is not stated, so nothing is known of whom it reads well.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numpy.lib.stride_tricks import sliding_window_view

WEIGHTS = Path(__file__).with_name("data") / "face_expression.safetensors"

EXPRESSIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""What it tells apart, in the order of its outputs."""
SIDE = 112
"""Width and height of its pictures, pixels."""

_MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # red, green and blue
_BLOCKS = 4
_STEPS = 4  # convolutions of a block

Maps = Float32[np.ndarray, "pictures _ _ _"]


def read_expressions(faces: UInt8[np.ndarray, "pictures 112 112 3"]) -> Float32[np.ndarray, "pictures 7"]:
    """Return the probability of each of `EXPRESSIONS` in each picture of a face.

    With x the input of a block and c_k its convolutions, the first of stride 2, a block gives

        y_0 = relu(c_0(x)),   y_k = c_k(relu(y_0 + ... + y_(k-1))),   relu(y_0 + ... + y_3)
    """
    from scipy.special import softmax

    known = _load()
    out = (faces.astype(np.float32) - _MEAN) / 255
    for block in range(_BLOCKS):
        out = _run_block(out, block)
    scores = out.mean(axis=(1, 2)) @ known["fc/weights"] + known["fc/bias"]
    return np.asarray(softmax(scores, axis=1), np.float32)


def cut_face(
    image: UInt8[np.ndarray, "height width 3"], points: Float[np.ndarray, "points 2"]
) -> UInt8[np.ndarray, "112 112 3"]:
    """Return the box around a face's points (shares of the picture), black beside it to make it square."""
    from PIL import Image

    height, width, _ = image.shape
    size = np.array([width, height])
    low = np.clip(points.min(axis=0) * size, 0, size - 1).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) * size), low + 1, size).astype(int)
    face = image[low[1] : high[1], low[0] : high[0]]
    side = max(face.shape[:2])
    top, left = (side - face.shape[0]) // 2, (side - face.shape[1]) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + face.shape[0], left : left + face.shape[1]] = face
    small = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.uint8)


@cache
def _load() -> dict[str, Float32[np.ndarray, ...]]:
    from safetensors.numpy import load_file

    stored: dict[str, np.ndarray] = load_file(str(WEIGHTS))
    for name in [name for name, array in stored.items() if array.dtype == np.uint8]:
        stored[name] = stored[f"{name}.scale"] * stored[name].astype(np.float32) + stored[f"{name}.least"]
    return stored


def _run_block(maps: Maps, block: int) -> Maps:
    first = _convolve(maps, f"dense{block}/conv0", stride=2)
    total = np.maximum(first, 0)
    for step in range(1, _STEPS):
        total = total + _convolve(np.maximum(total, 0), f"dense{block}/conv{step}")
    return np.asarray(np.maximum(total, 0), np.float32)


def _convolve(maps: Maps, name: str, stride: int = 1) -> Maps:
    """Return a convolution of 3 x 3, each channel by itself and then across them where there are weights for that."""
    known, size = _load(), maps.shape[1]
    above = max((-(-size // stride) - 1) * stride + 3 - size, 0)  # zeros around, as TensorFlow's "same" has them
    padded = np.pad(maps, ((0, 0), *[(above // 2, above - above // 2)] * 2, (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
    if f"{name}/filters" in known:
        out = np.einsum("pyxcij,ijco->pyxo", windows, known[f"{name}/filters"], optimize=True)
    else:
        single = np.einsum("pyxcij,ijc->pyxc", windows, known[f"{name}/depthwise_filter"][..., 0])
        out = single @ known[f"{name}/pointwise_filter"][0, 0]
    return np.asarray(out + known[f"{name}/bias"], np.float32)
