"""Spiking neurons for networks that are trained by gradients, and what stands in for them without spikes."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

Fired = tuple[Tensor, Tensor]


def integrate(x: Tensor, k: Tensor, threshold: float, levels: int, *, subtract: bool) -> Fired:
    """Return spikes and potentials (before the reset) of leaky neurons over all steps at once.

    u[t] = v[t-1] + k (x[t] - v[t-1]);    s[t] = 1 where u[t] >= threshold, or round(clip(u[t], 0, levels))
    v[t] = u[t] - s[t]  (subtract),  or  u[t] (1 - s[t])
    """
    u, s, v = torch.empty_like(x), torch.empty_like(x), torch.zeros_like(x[0])
    for t in range(len(x)):
        torch.lerp(v, x[t], k, out=u[t])
        if levels == 1:
            torch.ge(u[t], threshold, out=s[t])
        else:
            torch.clamp(u[t], 0, levels, out=s[t]).round_()
        v = u[t] - s[t] if subtract else u[t] * (1 - s[t])
    return s, u


class _ResetToZero(torch.autograd.Function):
    """`integrate` with a reset to 0, without a graph node a step; the loops save memory where layers are large.

    The gradient of a spike is that of an arctangent, 1 / (1 + (pi (u - threshold))^2); the reset has none (Fang et
    al. 2021).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, k: Tensor, threshold: float, levels: int) -> Fired:
        s, u = integrate(x, k, threshold, levels, subtract=False)
        ctx.save_for_backward(x, u, s, k)
        ctx.threshold = threshold
        ctx.mark_non_differentiable(u)
        ctx.set_materialize_grads(False)
        return s, u

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, Tensor, None, None]:
        x, u, s, k = ctx.saved_tensors
        g = grads[0] / torch.sub(u, ctx.threshold).mul_(torch.pi).square_().add_(1)
        keep = (1 - s).mul_(1 - k)
        for t in range(len(x) - 2, -1, -1):
            g[t].addcmul_(g[t + 1], keep[t])
        found = (g[0] * x[0]).sum()
        for t in range(1, len(x)):
            found = found + (x[t] - u[t - 1] * (1 - s[t - 1])).mul_(g[t]).sum()
        return g.mul_(k), found.reshape(k.shape), None, None


class _ResetBySubtraction(torch.autograd.Function):
    """`integrate` with a reset by subtraction, without a graph node a step.

    The gradient of a spike is that of an arctangent, or with several levels 1 where 0 <= u <= levels; the reset has
    none.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, k: Tensor, threshold: float, levels: int) -> Fired:
        s, u = integrate(x, k, threshold, levels, subtract=True)
        ctx.save_for_backward(x, u, s, k)
        ctx.threshold, ctx.levels = threshold, levels
        ctx.mark_non_differentiable(u)
        ctx.set_materialize_grads(False)
        return s, u

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, Tensor, None, None]:
        x, u, s, k = ctx.saved_tensors
        if ctx.levels == 1:
            g = (u - ctx.threshold).mul_(torch.pi).square_().add_(1).reciprocal_()
        else:
            g = ((u >= 0) & (u <= ctx.levels)).to(u.dtype)
        g.mul_(grads[0])
        for t in range(len(x) - 2, -1, -1):
            g[t].addcmul_(g[t + 1], 1 - k)
        before = torch.cat([torch.zeros_like(u[:1]), u[:-1] - s[:-1]])
        return g * k, (g * (x - before)).sum().reshape(k.shape), None, None


class _Step(torch.autograd.Function):
    """1 where the argument is above 0; its gradient is that of an arctangent, 1 / (1 + (pi x)^2)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x > 0).float()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Tensor:
        (x,) = ctx.saved_tensors
        found: Tensor = 1 / (1 + (torch.pi * x).square_()) * grads[0]
        return found


def step(x: Tensor) -> Tensor:
    """Return 1 where the argument is above 0, else 0; its gradient is that of an arctangent."""
    return cast(Tensor, _Step.apply(x))  # type: ignore[no-untyped-call]


class PLIF(nn.Module):
    """A layer of leaky integrate-and-fire neurons that share a learnable membrane constant; time is the first axis.

    With k = 1 / tau = sigmoid(w) see `integrate`. With `levels` above 1 a neuron gives an integer number of spikes a
    step in training, which at inference are so many binary spikes in `levels` shorter steps: the same sum for all that
    follows.

    Parameters
    ----------
    tau : membrane constant at first, steps; one for all, or one a neuron
    threshold : potential at which a neuron fires
    levels : spikes a step, at most; above 1 the threshold is 1
    subtract : whether a spike takes 1 from the potential; else it sets it to 0
    learn : whether the membrane constant is a weight

    Attributes
    ----------
    rate : mean spikes per neuron and short step of the last pass in training, in the graph

    Sources: Fang et al. 2021 (learnable membrane constant, arctangent); Yao et al. 2024, arXiv 2411.16061 (integers in
    training, spikes at inference).
    """

    rate: Tensor

    def __init__(
        self,
        tau: float | Tensor = 2.0,
        threshold: float = 1.0,
        levels: int = 1,
        *,
        subtract: bool = True,
        learn: bool = True,
    ) -> None:
        super().__init__()
        self.threshold, self.levels, self.subtract = threshold, levels, subtract
        self.leak = nn.Parameter(-torch.log(torch.as_tensor(tau - 1.0)), requires_grad=learn)

    @property
    def tau(self) -> Tensor:
        """The membrane constant, steps."""
        return 1 / torch.sigmoid(self.leak.detach())

    def forward(self, x: Tensor) -> Tensor:
        """Return the spikes of currents, shape (steps, ...)."""
        s, _ = self.fire(x)
        if self.training:
            self.rate = s.mean() / self.levels
        return s

    def fire(self, x: Tensor) -> Fired:
        """Return the spikes of currents, and the potentials before the reset."""
        run = _ResetBySubtraction if self.subtract else _ResetToZero
        return cast(Fired, run.apply(x, torch.sigmoid(self.leak), self.threshold, self.levels))  # type: ignore[no-untyped-call]


class Rectified(nn.Module):
    """What stands in for spiking neurons in the non-spiking equivalent: max(x, 0) at every step."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the positive part."""
        return torch.relu(x)
