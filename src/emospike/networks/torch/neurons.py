"""Spiking neurons for networks that are trained by gradients, and what stands in for them in a twin without spikes."""

from __future__ import annotations

from typing import Any, cast

import torch
from snntorch import surrogate
from torch import Tensor, nn

STEEPNESS = 2.0
"""Of the arctangent that stands in for the step in the backward pass (snnTorch's and PLIF's default)."""

step = surrogate.atan(STEEPNESS)
"""Spike where the argument is positive; its gradient is that of an arctangent."""


class _Fire(torch.autograd.Function):
    """A leaky neuron over all steps at once: what snnTorch's `Leaky` does, without a graph node a step.

        u[t] = v[t-1] + k (x[t] - v[t-1]);  s[t] = H(u[t] - 1) or round(clip(u[t], 0, levels));  v[t] = u[t] - s[t]

    The reset is cut from the gradient. Surrogate: 1 / (1 + (pi (u - 1))^2), or 1 where 0 <= u <= levels.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, k: Tensor, levels: int) -> Tensor:
        u, s = torch.empty_like(x), torch.empty_like(x)
        v = torch.zeros_like(x[0])
        for t in range(len(x)):
            u[t] = torch.lerp(v, x[t], k)
            s[t] = (u[t] >= 1) if levels == 1 else u[t].clamp(0, levels).round_()
            v = u[t] - s[t]
        ctx.save_for_backward(x, u, s, k)
        ctx.levels = levels
        return s

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, u, s, k = ctx.saved_tensors
        if ctx.levels == 1:
            g = (u - 1).mul_(torch.pi / 2 * STEEPNESS).square_().add_(1).reciprocal_().mul_(STEEPNESS / 2)
        else:
            g = ((u >= 0) & (u <= ctx.levels)).to(u.dtype)
        g.mul_(grads[0])
        for t in range(len(x) - 2, -1, -1):
            g[t].addcmul_(g[t + 1], 1 - k)
        before = torch.cat([torch.zeros_like(u[:1]), u[:-1] - s[:-1]])
        grad_k = (g * (x - before)).sum()
        return g * k, grad_k.reshape(k.shape), None


class PLIF(nn.Module):
    """A layer of leaky integrate-and-fire neurons that share a learnable membrane constant; time is the first axis.

    With k = 1 / tau = sigmoid(w), tau = 2 at first: u = v + k (x - v), a spike at u >= 1, and 1 is taken from u. With
    `levels` above 1 a neuron gives an integer number of spikes a step in training, which at inference are so many
    binary spikes in `levels` shorter steps: the same sum for all that follows.

    Attributes
    ----------
    rate : mean spikes per neuron and short step of the last pass, in the graph

    Sources: Fang et al. 2021 (learnable membrane constant, arctangent); Yao et al. 2024, arXiv 2411.16061 (integers in
    training, spikes at inference).
    """

    rate: Tensor

    def __init__(self, levels: int = 1, tau: float | Tensor = 2.0) -> None:
        super().__init__()
        self.levels = levels
        self.leak = nn.Parameter(-torch.log(torch.as_tensor(tau) - 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Return the spikes of currents, shape (steps, ...)."""
        s = cast(Tensor, _Fire.apply(x, torch.sigmoid(self.leak), self.levels))  # type: ignore[no-untyped-call]
        self.rate = s.mean() / self.levels
        return s


class Rectified(nn.Module):
    """What stands in for spiking neurons in the twin: max(x, 0) at every step."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the positive part."""
        return torch.relu(x)
