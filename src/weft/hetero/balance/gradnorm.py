"""GradNorm (Chen et al., ICML 2018, arXiv 1711.02257)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from weft.hetero.balance.base import Balancer
from weft.hetero.balance.jacobian import combine, gradients, gramian

ALPHA = 1.5
"""How strongly slow families are pulled up (the paper's, for NYUv2)."""


class GradNorm(Balancer):
    """Learned weights that make the families' gradients about as large, and those of slow families larger.

    Equation 2: the weights make `sum_i |w_i |g_i| - mean(w |g|) (r_i / mean r)^alpha|` small, with `r_i = L_i / L_i(0)`
    and the second term a constant; they sum to the number of families in the step. Two choices of our own: norms
    are over all shared parameters, not the last shared layer, as tasks here need not share one; and weights are
    `n softmax(v)`, which can neither leave that sum nor become negative.
    """

    def __init__(self, names: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__(names, weights)
        self.logit = {name: nn.Parameter(torch.zeros(())) for name in self.names}
        self.first = dict.fromkeys(self.names, torch.nan)

    def parameters(self) -> list[nn.Parameter]:
        """Return the weights' logits, in the order of the families."""
        return list(self.logit.values())

    def backward(
        self, losses: Mapping[str, Tensor], shared: Sequence[nn.Parameter], private: Sequence[nn.Parameter]
    ) -> dict[str, float]:
        """Add the gradients, those of the weights too."""
        scaled = self.scaled(losses)
        if not scaled:
            return {}
        now = torch.tensor([float(loss.detach()) for loss in scaled.values()], dtype=torch.float64, device="cpu")
        self._remember(scaled, now)
        weight = len(scaled) * torch.stack([self.logit[name].detach().double() for name in scaled]).softmax(0)
        grads = gradients(list(scaled.values()), [*shared, *private])
        self._pull(list(scaled), now, weight, gramian([g[: len(shared)] for g in grads]).diagonal().sqrt())
        combine([*shared, *private], grads, weight)
        return {name: float(w) for name, w in zip(scaled, weight, strict=True)}

    def _remember(self, names: Mapping[str, object], now: Tensor) -> None:
        for name, value in zip(names, now.tolist(), strict=True):
            if self.first[name] != self.first[name] and value > 0:
                self.first[name] = value

    def _pull(self, names: Sequence[str], now: Tensor, weight: Tensor, norm: Tensor) -> None:
        """Set the gradients of the logits: `sign(w |g| - target) |g| w`."""
        ratio = torch.nan_to_num(now / torch.tensor([self.first[name] for name in names], device="cpu"), nan=1.0)
        size = weight * norm
        target = size.mean() * (ratio / ratio.mean().clamp(min=1e-12)) ** ALPHA
        for name, pull in zip(names, torch.sign(size - target) * size, strict=True):
            self.logit[name].grad = pull.to(self.logit[name].dtype)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the logits and the first losses, each `[T]`."""
        logits = torch.stack([p.detach().clone() for p in self.parameters()])
        return {"logit": logits, "first": torch.tensor(list(self.first.values()), dtype=torch.float64)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back logits and first losses."""
        for p, value in zip(self.parameters(), state["logit"], strict=True):
            p.data.copy_(value)
        self.first = dict(zip(self.names, state["first"].tolist(), strict=True))
