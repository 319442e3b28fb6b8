"""Balancing by the families' gradients: one backward each, then one combination of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from weft.group import current
from weft.hetero.balance.base import Balancer

Gradients = list[tuple[Tensor | None, ...]]
"""Per loss, the gradient of each parameter, or None where the loss does not reach it."""


class JacobianBalancer(Balancer):
    """The shared parameters get a combination of the families' gradients, the private ones their own gradient.

    All methods here need no more of the gradients than their inner products, the Gramian `G[i, j] = <g_i, g_j>`.
    """

    @abstractmethod
    def weigh(self, gramian: Tensor) -> Tensor:
        """Return each gradient's weight `[n]` from the Gramian, float64 `[n, n]`."""

    def backward(
        self, losses: Mapping[str, Tensor], shared: Sequence[nn.Parameter], private: Sequence[nn.Parameter]
    ) -> dict[str, float]:
        """Add the gradients; memory for one copy of all gradients per family."""
        scaled = self.scaled(losses)
        if not scaled:
            return {}
        grads = gradients(list(scaled.values()), [*shared, *private])
        weight = self.weigh(gramian([g[: len(shared)] for g in grads]))
        combine(shared, [g[: len(shared)] for g in grads], weight)
        combine(private, [g[len(shared) :] for g in grads], weight.new_ones(len(grads)))
        return {name: float(w) for name, w in zip(scaled, weight, strict=True)}


def gradients(losses: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> Gradients:
    """Return each loss's gradients, by one backward per loss over the same graph; a group's processes add theirs up."""
    last, group = len(losses) - 1, current()
    found = [
        torch.autograd.grad(loss, list(parameters), retain_graph=at < last, allow_unused=True)
        for at, loss in enumerate(losses)
    ]
    return [tuple(group.whole(grads, parameters)) for grads in found]


def gramian(grads: Gradients) -> Tensor:
    """Return the inner products of the gradients, float64 `[n, n]` on the CPU."""
    n = len(grads)
    found = torch.zeros(n, n, dtype=torch.float64, device="cpu")
    for i in range(n):
        for j in range(i + 1):
            pairs = zip(grads[i], grads[j], strict=True)
            found[i, j] = found[j, i] = sum(
                float(torch.dot(a.flatten(), b.flatten())) for a, b in pairs if a is not None and b is not None
            )
    return found


@torch.no_grad()
def combine(parameters: Sequence[nn.Parameter], grads: Gradients, weight: Tensor) -> None:
    """Add `sum of weight * gradient` to `.grad`; a parameter that no loss reaches is left as it is."""
    for at, parameter in enumerate(parameters):
        total: Tensor | None = None if parameter.grad is None else parameter.grad
        for grad, w in zip(grads, weight, strict=True):
            if (g := grad[at]) is not None:
                total = g * float(w) if total is None else total + g * float(w)
        parameter.grad = total
