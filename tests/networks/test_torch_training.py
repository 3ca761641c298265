"""The loop that trains networks in PyTorch, on one that has a single layer."""

import pytest

pytest.importorskip("torch")

import torch

from emospike.networks.torch.training import fit
from emospike.networks.training import Training

X = torch.linspace(-1, 1, 20)[:, None]


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5, 6, 12, 100])
def test_any_number_of_steps_will_do(epochs):
    def loss(module, batch):
        return ((module(batch) - 3 * batch) ** 2).mean()

    torch.manual_seed(0)
    fresh = torch.nn.Linear(1, 1)
    before = loss(fresh, X).item()
    training = Training(epochs=epochs, rate=0.1, average=0.0)
    after = loss(fit(fresh, lambda epoch: [X], loss, training=training, steps=1), X).item()
    assert after < before
    if epochs == 100:
        assert after < 0.05
