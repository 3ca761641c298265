"""Trace-based STDP: the rule of the papers and that of Diehl & Cook, which differ in constants only."""

from __future__ import annotations

from dataclasses import dataclass

from emospike.validation import positive, within


@dataclass(frozen=True)
class TraceSTDP:
    """Trace-based spike-timing-dependent plasticity of excitatory synapses onto a competitive layer.

        when the post neuron fires:  w ← w + eta · (x_pre − x_tar) · (w_max − w)^mu · x_post2
        when the pre unit fires:     w ← w − eta_pre · x_post1

    then w is clipped to [0, w_max]. A spike sets its unit's traces to 1, and they decay with `tau_pre`, `tau_post1`
    and `tau_post2`; x_post2 is read before it is set, and is 1 always where `tau_post2` is infinite.

    Attributes
    ----------
    eta, eta_pre : learning rates of potentiation and depression
    x_tar : the presynaptic trace at which a weight stays; it must lie between the traces of weak and strong inputs,
        whose mean is r / (r + 1 / tau_pre): 0.39 at 32 Hz and 0.56 at 63.75 Hz with 20 ms
    mu : how fast learning slows towards w_max
    w_max : largest weight
    tau_pre, tau_post1, tau_post2 : time constants of the traces, ms

    Source
    ------
    Mansouri-Benssassi & Ye 2019, equation 3 (`published`); peter-u-diehl/stdp-mnist (`diehl_cook`).
    """

    eta: float = 0.01
    eta_pre: float = 0.0
    x_tar: float = 0.4
    mu: float = 0.2
    w_max: float = 1.0
    tau_pre: float = 20.0
    tau_post1: float = 20.0
    tau_post2: float = float("inf")

    def __post_init__(self) -> None:
        for name in ("w_max", "tau_pre", "tau_post1", "tau_post2"):
            positive(name, getattr(self, name))
        within("mu", self.mu, 0.0, 10.0)

    @classmethod
    def published(cls) -> TraceSTDP:
        """Equation 3 of the papers; they give none of its constants: 0.01, 0.4, 0.2 are unused ones of D&C's code."""
        return cls()

    @classmethod
    def diehl_cook(cls) -> TraceSTDP:
        """The triplet rule of Diehl & Cook's code: 1e-4 on pre spikes, 0.01 on post spikes, traces 20, 20, 40 ms."""
        return cls(eta=0.01, eta_pre=1e-4, x_tar=0.0, mu=0.0, tau_post2=40.0)
