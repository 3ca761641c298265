"""Learned prototypes: a class is a few points in state space, moved by gradient descent to where they tell it apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

from emospike.readout.contract import (
    Labels,
    Scores,
    Vectors,
    Weights,
    at_least_two,
    checked,
    class_numbers,
    parameters,
)
from emospike.validation import positive, within

Points = Float32[np.ndarray, "clips components"]
Prototypes = Float32[np.ndarray, "prototypes components"]
Numbers = Int[np.ndarray, " clips"]


@dataclass
class LearnedPrototype:
    """Softmax over distances to learned prototypes, several a class.

        p(c | z) = sum over prototypes j of class c of softmax_j( -|z - p_j|^2 / T )

    z are the `components` first principal components of the soft z-scores (x - mean) / (deviation + soft).
    The prototypes start at the centres a_j of k-means within each class, T at twice the mean squared distance a
    component; both then descend (L-BFGS) on

        sum_i w_i (-log p(y_i | z_i)) / sum_i w_i  +  pull * sum_j n_j |p_j - a_j|^2 / (T_0 sum_j n_j)

    where n_j is the number of clips that prototype j stands for. The second term keeps the prototypes typical of
    their class: with a large pull this is the nearest class centre.

    `partial_fit` gives every new class prototypes of its own and moves only those of the classes that it is shown;
    the older ones, the components and T stay, and n_j holds a prototype back in proportion to what it already
    stands for.

    Attributes
    ----------
    prototypes : number of prototypes a class
    components : number of principal components; 6,000 clips of 32,000 neurons need no more than some hundred
    pull : strength of the pull towards the cluster centres
    soft : added to the deviation of each neuron, in units of x, so that rarely active neurons stay small
    balanced : give every class the same total weight
    iterations : at most so many steps of the descent
    seed : of k-means and of the randomised principal components

    Source
    ------
    Kasabov et al. 2026 (eXCube2), Table 4 and section 2.9: the paper names the classifier, its softmax output and
    its dependence on the seed. The formula is that of Snell et al. 2017 (prototypical networks) with several
    prototypes a class, as in robust soft learning vector quantisation (Seo and Obermayer 2003, eq. 4).
    """

    prototypes: int = 4
    components: int = 100
    pull: float = 0.1
    soft: float = 0.15
    balanced: bool = True
    iterations: int = 200
    seed: int = 0
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    mean_: Float32[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    basis_: Float32[np.ndarray, "dims components"] = field(init=False, repr=False, compare=False)
    points_: Prototypes = field(init=False, repr=False, compare=False)
    owner_: Int[np.ndarray, " prototypes"] = field(init=False, repr=False, compare=False)
    counts_: Float32[np.ndarray, " prototypes"] = field(init=False, repr=False, compare=False)
    temperature_: Float32[np.ndarray, ""] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("prototypes", "components", "iterations"):
            positive(name, getattr(self, name))
        within("pull", self.pull, 0, np.inf)
        within("soft", self.soft, 0, np.inf)
