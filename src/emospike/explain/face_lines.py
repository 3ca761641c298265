"""The lines of a face: which of its points are joined, for the points of MediaPipe and of OpenFace."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from emospike.features.contours import POLYLINES

# MediaPipe's face mesh (478 points): outline, eyes, brows, lips, nose and irises, each a line from point to point.
MESH = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
     148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33),
    (276, 283, 282, 295, 285, 336, 296, 334, 293, 300, 276), (46, 53, 52, 65, 55, 107, 66, 105, 63, 70, 46),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
    (168, 6, 197, 195, 5, 4, 1), (98, 97, 2, 326, 327),
    (469, 470, 471, 472, 469), (474, 475, 476, 477, 474),
)  # fmt: skip

LINES = {68: POLYLINES, 478: MESH}


def order_points(points: int) -> Int64[np.ndarray, " drawn"]:
    """Return the points in the order in which they are drawn, -1 where the pen is lifted; all if they are unknown.

    >>> order_points(68)[15:19].tolist(), order_points(3).tolist()
    ([15, 16, -1, 17], [0, -1, 1, -1, 2, -1])
    """
    lines = LINES.get(points, [(i,) for i in range(points)])
    return np.array([i for line in lines for i in (*line, -1)], np.int64)


def join_points(points: Float32[np.ndarray, "points 2"]) -> Float32[np.ndarray, "drawn 2"]:
    """Return the points in the order in which they are drawn, NaN where the pen is lifted."""
    pen = order_points(len(points))
    return np.where((pen < 0)[:, None], np.float32(np.nan), points[pen])
