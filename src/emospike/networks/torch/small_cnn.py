"""A small convolutional network, to compare spiking layers with: two convolutions, pooling, one linear layer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float32, Shaped
from torch import nn

from emospike.networks.torch.training import descend

Images = Float32[np.ndarray, "clips height width"]


@dataclass
class SmallCNN:
    """Learns from pictures of 0 to 1, or from spectrograms seen as such, and decides.

        7 x 7 convolution, stride 4, 16 channels -> ReLU -> 3 x 3 convolution, stride 2, 32 channels -> ReLU
        -> mean over a grid of 4 x 4 -> dropout 0.5 -> linear

    Cross-entropy, Adam. Means and deviations of the pixels are those of training.

    Attributes
    ----------
    epochs, batch, rate : passes over the training pictures, pictures a step, learning rate
    seed : of the weights and of the order of the pictures
    """

    epochs: int = 20
    batch: int = 32
    rate: float = 2e-3
    seed: int = 0
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)

    def fit(self, images: Images, labels: Shaped[np.ndarray, " clips"]) -> SmallCNN:
        """Train on labelled pictures."""
        self.classes_, number = np.unique(labels, return_inverse=True)
        self._mean, self._deviation = float(images.mean()), float(images.std()) + 1e-6
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self._net = _build(len(self.classes_))
            self._train(self._pixels(images), torch.from_numpy(number))
        return self

    def predict(self, images: Images) -> Shaped[np.ndarray, " clips"]:
        """Return the most probable label of each picture."""
        self._net.eval()
        with torch.inference_mode():
            scores = torch.cat([self._net(part) for part in torch.split(self._pixels(images), 256)])
        decided: Shaped[np.ndarray, " clips"] = self.classes_[scores.argmax(dim=1).numpy()]
        return decided

    def _pixels(self, images: Images) -> torch.Tensor:
        return torch.from_numpy((images[:, None] - self._mean) / self._deviation).float()

    def _train(self, pixels: torch.Tensor, number: torch.Tensor) -> None:
        optimiser = torch.optim.Adam(self._net.parameters(), self.rate)
        self._net.train()
        for _ in range(self.epochs):
            for own in torch.split(torch.randperm(len(pixels)), self.batch):
                loss = nn.functional.cross_entropy(self._net(pixels[own]), number[own])
                descend(loss, optimiser)


def _build(classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 7, stride=4),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(32 * 16, classes),
    )
