"""How much of a series the spikes still hold: the error of its reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from emospike.series import Series
from emospike.validation import InputError


@dataclass(frozen=True)
class ReconstructionError:
    """Normalised mean squared error: 0 is perfect, 1 is as bad as the mean of the channel.

    Attributes
    ----------
    per_channel : float64 array, shape (channels,), no unit
    overall : of all channels together
    """

    per_channel: Float64[np.ndarray, " channels"]
    overall: float


def reconstruction_error(series: Series, decoded: Series) -> ReconstructionError:
    """Return the normalised mean squared error (NMSE) of a reconstruction.

        NMSE_c = mean_t (x_tc − x̂_tc)² / var_t x_tc
        NMSE   = Σ_c mean_t (x_tc − x̂_tc)² / Σ_c var_t x_tc

    Means and variances run over the steps of the clip. A channel that is constant in `series` has no
    variance: its NMSE is 0 where the reconstruction is exact and infinite where it is not; overall it adds
    its error and no variance.

    Source: the error that figure 5 of eXCube2 quotes (doi 10.3390/biomimetics11030208).

    Raises `InputError` if the two differ in shape.

    >>> from emospike.series import Channel
    >>> series = Series(np.float32([[0], [2]]), 100.0, (Channel("a", "audio"),))
    >>> reconstruction_error(series, series.with_values(np.float32([[0], [1]]))).overall
    0.5
    """
    if series.values.shape != decoded.values.shape:
        raise InputError(
            f"a reconstruction of shape {series.values.shape} expected, got {decoded.values.shape}: "
            "decode the spikes of this very series"
        )
    values = series.values.astype(np.float64)
    error = np.mean((values - decoded.values) ** 2, axis=0)
    # The mean of equal numbers is rounded, so their computed variance need not be exactly zero.
    variance = np.where(np.ptp(values, axis=0) > 0, values.var(axis=0), 0.0)
    return ReconstructionError(_ratio(error, variance), float(_ratio(error.sum(), variance.sum())))


def _ratio(error: np.ndarray | np.float64, variance: np.ndarray | np.float64) -> np.ndarray:
    """Return error / variance, with 0 / 0 = 0."""
    limit = np.where(np.asarray(error) > 0, np.inf, 0.0)
    return np.divide(error, variance, out=limit, where=np.asarray(variance) > 0)
