"""CAGrad and Nash-MTL, and UPGrad's projection: small convex problems solved with what is at hand.

TorchJD has the first two as well, but needs 240 MB of solvers for one and a solver under the GPL for the other;
the problems have as many unknowns as there are tasks.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from weft.hetero.balance.jacobian import JacobianBalancer

RADIUS = 0.4
"""CAGrad's c: how far from the mean gradient, relative to its length (the paper's, for NYUv2)."""


class CAGrad(JacobianBalancer):
    """Liu et al., NeurIPS 2021 (arXiv 2110.14048): near the mean gradient, what helps the worst-off family most.

    With `g_0` the mean, the weights are `1/n + c |g_0| / |g_w| w`, where `w` on the simplex makes
    `g_w . g_0 + c |g_0| |g_w|` least (its Algorithm 1).
    """

    def weigh(self, gramian: Tensor) -> Tensor:
        """Return the weights; the mean's where the gradients cancel."""
        scale = float(gramian.diagonal().mean())
        n, g = len(gramian), gramian.numpy() / (scale or 1.0)
        mean = np.full(n, 1 / n)
        radius = RADIUS * float(np.sqrt(max(mean @ g @ mean, 0.0)))
        w = _least_on_simplex(g, g @ mean, radius)
        length = float(np.sqrt(max(w @ g @ w, 0.0)))
        return torch.from_numpy(mean + (radius / length * w if length > 1e-6 else 0.0))


def _least_on_simplex(g: np.ndarray, linear: np.ndarray, radius: float) -> np.ndarray:
    """Return `w >= 0` of sum 1 that makes `linear . w + radius sqrt(w G w)` least."""
    from scipy.optimize import minimize

    def value(w: np.ndarray) -> tuple[float, np.ndarray]:
        length = np.sqrt(max(w @ g @ w, 0.0) + 1e-16)
        return float(linear @ w + radius * length), linear + radius * (g @ w) / length

    n = len(g)
    total = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda _: np.ones(n)}
    options = {"ftol": 1e-12, "maxiter": 200}
    start = np.full(n, 1 / n)
    found = minimize(value, start, jac=True, bounds=[(0, 1)] * n, constraints=[total], method="SLSQP", options=options)
    w = np.clip(found.x, 0, None)
    return w / w.sum()


class NashMTL(JacobianBalancer):
    """Navon et al., ICML 2022 (arXiv 2202.01017): the families bargain; the weights solve `G a = 1 / a`.

    The solution makes `a G a / 2 - sum log a` least, which is strictly convex, so damped Newton steps find it; the
    authors go by a sequence of linearised problems. As theirs, the step is then cut to length 1 at most.
    """

    def weigh(self, gramian: Tensor) -> Tensor:
        """Return the weights; a little is added to the diagonal, so that opposite gradients have an answer."""
        n, scale = len(gramian), float(gramian.norm())
        g = gramian / (scale or 1.0) + 1e-6 * torch.eye(n, dtype=torch.float64, device="cpu")
        a = g.diagonal().rsqrt()
        for _ in range(200):
            slope = g @ a - 1 / a
            step = torch.linalg.solve(g + torch.diag(a**-2), slope)
            decrement = float((slope * step).sum().clamp(min=0).sqrt())
            a = a - step / (1 + decrement if decrement > 0.25 else 1)
            if decrement < 1e-10:
                break
        length = float((a @ gramian @ a).clamp(min=0).sqrt())
        return a / max(length, 1.0)


def project(u: Tensor, gramian: Tensor) -> Tensor:
    """Return the `w >= u` that makes `w G w` least: the projection of a combination onto the gradients' dual cone.

    Args:
        u: `[n]`.
        gramian: `[n, n]`.
    """
    from scipy.optimize import nnls

    values, vectors = torch.linalg.eigh(gramian.double() / gramian.diagonal().mean().clamp(min=1e-30))
    root = (values.clamp(min=0).sqrt()[:, None] * vectors.T).numpy()
    more, _ = nnls(root, -root @ u.double().numpy())
    return u + torch.from_numpy(more).to(u.dtype)
