"""The exact label layer against textbook Gaussian conditioning and a slow Laplace approximation."""

from __future__ import annotations

import numpy as np
import torch

from weft.metalink.columns import ColumnLabels
from weft.metalink.exact import ExactLabelLayer, averaged_logit, starting_loadings


def test_continuous_labels_give_the_conditional_gaussian() -> None:
    """Seen to catch: the nugget counted twice in the variance of a hidden cell."""
    torch.manual_seed(0)
    layer = ExactLabelLayer(torch.randn(4, 3), torch.rand(4) + 0.2)
    K = (layer.loading @ layer.loading.T + torch.diag(layer.log_nugget.exp() + 1e-3)).detach().double().numpy()
    m, y = torch.randn(1, 4), torch.randn(1, 4)
    known = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    mean, variance = layer(m, ColumnLabels(known, y * known, torch.ones(4, dtype=torch.bool)))
    a, b = [0, 2], [1, 3]
    gain = K[np.ix_(b, a)] @ np.linalg.inv(K[np.ix_(a, a)])
    expected = m[0, b].numpy() + gain @ (y[0, a] - m[0, a]).numpy()
    spread = np.diag(K[np.ix_(b, b)] - gain @ K[np.ix_(a, b)])
    np.testing.assert_allclose(mean[0, b].detach(), expected, atol=1e-4)
    np.testing.assert_allclose(variance[0, b].detach(), spread, atol=1e-4)


def slow_laplace(K: np.ndarray, m: np.ndarray, y: np.ndarray, a: list[int], b: int) -> tuple[float, float]:
    """Newton to convergence on the joint Gaussian of the observed cells, then condition cell b on them."""
    Ka = K[np.ix_(a, a)]
    g = np.zeros(len(a))
    for _ in range(50):
        p = 1 / (1 + np.exp(-(m[a] + g)))
        W = np.diag(p * (1 - p))
        g = np.linalg.solve(np.linalg.inv(Ka) + W, W @ g + y[a] - p)
    p = 1 / (1 + np.exp(-(m[a] + g)))
    k = K[b, a]
    mean = m[b] + k @ (y[a] - p)
    variance = K[b, b] - k @ np.linalg.inv(Ka + np.diag(1 / (p * (1 - p)))) @ k
    return float(mean), float(variance)


def test_binary_labels_give_the_laplace_approximation() -> None:
    """Seen to catch: a sign error in (y - p), and Newton stopped after one step."""
    torch.manual_seed(3)
    layer = ExactLabelLayer(torch.randn(5, 5) * 1.5, torch.full((5,), 0.5))
    K = (layer.loading @ layer.loading.T + torch.diag(layer.log_nugget.exp() + 1e-3)).detach().double().numpy()
    m = torch.randn(6, 5)
    known = (torch.rand(6, 5) < 0.6).float()
    known[:, 4] = 0
    y = (torch.rand(6, 5) < 0.5).float() * known
    mean, variance = (x.detach() for x in layer(m, ColumnLabels(known, y, torch.zeros(5, dtype=torch.bool))))
    for i in range(6):
        a = [j for j in range(5) if known[i, j]]
        expected, spread = slow_laplace(K, m[i].numpy().astype(float), y[i].numpy(), a, 4)
        assert abs(float(mean[i, 4]) - expected) < 0.01
        assert abs(float(variance[i, 4]) - spread) < 0.03


def test_nothing_known_changes_nothing() -> None:
    layer = ExactLabelLayer(torch.randn(3, 2), torch.ones(3))
    m = torch.randn(2, 3)
    none = ColumnLabels(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3, dtype=torch.bool))
    mean, variance = layer(m, none)
    torch.testing.assert_close(mean, m)
    torch.testing.assert_close(variance[0], layer.loading.square().sum(1) + 1 + 1e-3)


def test_averaged_logit_is_the_mean_probability() -> None:
    """Checked against sampling."""
    z = torch.randn(200_000, generator=torch.Generator().manual_seed(0)) * 1.5 + 0.8
    expected = torch.sigmoid(z).mean()
    assert abs(float(torch.sigmoid(averaged_logit(torch.tensor(0.8), torch.tensor(2.25))) - expected)) < 0.01


def test_starting_loadings_recover_a_strong_correlation() -> None:
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(4000, 1, generator=generator)
    residual = torch.cat([shared, -shared, torch.randn(4000, 1, generator=generator)], 1)
    loading = starting_loadings(residual, torch.ones(4000, 3), rank=3, variance=2.0)
    K = loading @ loading.T
    assert abs(float(K[0, 1]) + 2.0) < 0.1
    assert abs(float(K[0, 2])) < 0.1
