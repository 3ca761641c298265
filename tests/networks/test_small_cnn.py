"""The small convolutional network: it learns, always the same."""

import numpy as np
import pytest


def test_it_tells_upright_bars_from_lying_ones():
    pytest.importorskip("torch")
    from emospike.networks.torch.small_cnn import SmallCNN

    rng = np.random.default_rng(0)
    images = np.zeros((60, 40, 50), np.float32)
    labels = np.array(["upright", "lying"] * 30)
    for image, label in zip(images, labels, strict=True):
        at = int(rng.integers(5, 30))
        image[(slice(None), slice(at, at + 4)) if label == "upright" else (slice(at, at + 4), slice(None))] = 1
    images += 0.1 * rng.standard_normal(images.shape, dtype=np.float32)
    one, two = (SmallCNN().fit(images[:40], labels[:40]).predict(images) for _ in range(2))
    assert (one[40:] == labels[40:]).mean() > 0.9
    np.testing.assert_array_equal(one, two)
