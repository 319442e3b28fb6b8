"""Each balancing against its formula or an example worked out by hand."""

from __future__ import annotations

import builtins
import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.hetero.balance.problem import Problem
from weft.errors import UserError
from weft.hetero.balance import dwa, gradnorm
from weft.hetero.balance.base import build_balancer
from weft.hetero.balance.convex import CAGrad, NashMTL, project
from weft.hetero.balance.jacobian import gramian


def _aggregate(name, *grads, weights=None):
    """What a balancing makes of losses with the given gradients."""
    p = nn.Parameter(torch.zeros(len(grads[0])))
    losses = {chr(97 + at): p @ torch.tensor(g) for at, g in enumerate(grads)}
    weights = build_balancer(name, list(losses), weights).backward(losses, [p], [])
    return p.grad, list(weights.values())


def test_fixed_is_the_weighted_sum():
    problem = Problem()
    losses = problem.losses()
    used = build_balancer("fixed", "abc", {"a": 0.25, "c": 3.0}).backward(losses, problem.shared, problem.private)
    got = problem.shared[0].grad
    problem.zero()
    losses = problem.losses()
    (0.25 * losses["a"] + losses["b"] + 3 * losses["c"]).backward()
    torch.testing.assert_close(got, problem.shared[0].grad)
    assert used == {"a": 0.25, "b": 1.0, "c": 3.0}


def test_uncertainty_is_its_formula():
    """Equation 10 for half squared errors: error^2 / (2 sigma^2) + log sigma; its best sigma^2 is the squared error."""
    balancer = build_balancer("uncertainty", "ab")
    s = balancer.parameters()
    s[0].data.fill_(math.log(4.0))
    p = nn.Parameter(torch.tensor([3.0, 5.0]))
    balancer.backward({"a": 0.5 * p[0] ** 2, "b": p[1]}, [p], [])
    assert p.grad.tolist() == pytest.approx([3.0 / 4, 1.0])
    assert float(s[0].grad) == pytest.approx(-4.5 / 4 + 0.5)
    assert float(s[1].grad) == pytest.approx(-5 + 0.5)
    s[0].data.fill_(math.log(9.0))
    s[0].grad = None
    balancer.backward({"a": 0.5 * p[0] ** 2}, [p], [])
    assert float(s[0].grad) == pytest.approx(0, abs=1e-6)


def test_dwa_is_its_formula_with_numbers_by_hand():
    balancer, p = build_balancer("dwa", "ab"), nn.Parameter(torch.zeros(()))

    def used():
        return balancer.backward({"a": p * 1.0, "b": p * 2.0}, [p], [])

    assert used() == {"a": 1.0, "b": 1.0}
    balancer.epoch_end({"a": 2.0, "b": 4.0})
    assert used() == {"a": 1.0, "b": 1.0}
    balancer.epoch_end({"a": 1.0, "b": 4.0})  # r = 1/2 and 1
    ea, eb = math.exp(0.25), math.exp(0.5)
    p.grad = None
    assert used() == pytest.approx({"a": 2 * ea / (ea + eb), "b": 2 * eb / (ea + eb)})
    assert float(p.grad) == pytest.approx((2 * ea + 4 * eb) / (ea + eb))
    assert dwa.TEMPERATURE == 2


def test_gradnorm_pulls_by_its_formula_and_lifts_the_slower_family():
    balancer = build_balancer("gradnorm", "ab")
    p = nn.Parameter(torch.tensor([1.0, 1.0]))
    balancer.backward({"a": 2 * p[0], "b": 2 * p[1]}, [p], [])  # the first losses are 2 and 2
    p.data, p.grad = torch.tensor([0.5, 1.0]), None  # family a has halved its loss, b has not moved
    balancer.backward({"a": 2 * p[0], "b": 2 * p[1]}, [p], [])
    a, b = balancer.parameters()
    ratio = np.array([0.5, 1.0]) / 0.75
    target = 2 * ratio**gradnorm.ALPHA  # both norms are 2, their mean 2
    assert np.sign([float(a.grad), float(b.grad)]) == pytest.approx(np.sign(2 - target))
    assert [abs(float(a.grad)), abs(float(b.grad))] == pytest.approx([2, 2])
    for q in (a, b):
        q.data -= 0.1 * q.grad
    p.grad = None
    weights = balancer.backward({"a": 2 * p[0], "b": 2 * p[1]}, [p], [])
    assert weights["b"] > 1 > weights["a"]
    assert sum(weights.values()) == pytest.approx(2)


def test_gradnorm_evens_out_gradients_of_unlike_size():
    balancer = build_balancer("gradnorm", "ab")
    own = torch.optim.Adam(balancer.parameters(), lr=0.05)
    p = nn.Parameter(torch.ones(2))
    for _ in range(200):
        own.zero_grad()
        weights = balancer.backward({"a": 10 * p[0], "b": p[1]}, [p], [])
        own.step()
    assert weights["a"] * 10 == pytest.approx(weights["b"], rel=0.2)


def test_pcgrad_of_two_gradients_by_hand():
    """g_a loses its part along g_b and the other way round: (1, 0), (-1, 1) -> (1/2, 1/2) + (0, 1)."""
    pytest.importorskip("torchjd")
    got, _ = _aggregate("pcgrad", [1.0, 0.0], [-1.0, 1.0])
    torch.testing.assert_close(got, torch.tensor([0.5, 1.5]))
    got, weights = _aggregate("pcgrad", [1.0, 0.0], [1.0, 1.0])  # no conflict: their sum
    assert (got.tolist(), weights) == ([2.0, 1.0], [1.0, 1.0])


def test_mgda_of_two_gradients_by_hand():
    """The point of the segment nearest to 0: between (1, 0) and (0, 2) it is (0.8, 0.4)."""
    pytest.importorskip("torchjd")
    got, weights = _aggregate("mgda", [1.0, 0.0], [0.0, 2.0])
    torch.testing.assert_close(got, torch.tensor([0.8, 0.4]), atol=1e-3, rtol=0)
    assert weights == pytest.approx([0.8, 0.2], abs=1e-3)
    got, _ = _aggregate("mgda", [1.0, 0.0], [3.0, 1.0])  # the shorter one alone
    torch.testing.assert_close(got, torch.tensor([1.0, 0.0]), atol=1e-3, rtol=0)


def test_imtl_g_projects_alike_on_every_gradient():
    pytest.importorskip("torchjd")
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([1.0, 1.0])
    got, weights = _aggregate("imtl-g", a.tolist(), b.tolist())
    assert sum(weights) == pytest.approx(1)
    assert float(got @ a / a.norm()) == pytest.approx(float(got @ b / b.norm()), rel=1e-4)


def test_upgrad_follows_torchjds_example_and_hurts_no_one():
    pytest.importorskip("torchjd")
    got, _ = _aggregate("upgrad", [-4.0, 1.0, 1.0], [6.0, 1.0, 1.0])
    torch.testing.assert_close(got, torch.tensor([0.2929, 1.9004, 1.9004]), atol=1e-3, rtol=0)


def test_projection_onto_the_dual_cone_by_hand():
    """(1, 0) against (-1, 1) becomes (1/2, 1/2): one half of the other is added."""
    g = torch.tensor([[1.0, -1.0], [-1.0, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(project(torch.tensor([1.0, 0.0]), g), torch.tensor([1.0, 0.5]))


def test_nash_weights_solve_their_equation():
    draw = torch.Generator().manual_seed(0)
    for n in (1, 2, 6):
        j = 0.01 * torch.randn(n, 20, generator=draw, dtype=torch.float64)
        g = j @ j.T
        a = NashMTL([str(at) for at in range(n)]).weigh(g)
        assert (a > 0).all()
        product = a * (g @ a)  # G a = 1 / a, up to a scale
        torch.testing.assert_close(product / product.mean(), torch.ones(n, dtype=torch.float64), atol=1e-3, rtol=0)
        assert float(a @ g @ a) <= 1 + 1e-9


def test_nash_gives_orthogonal_gradients_the_same_length():
    got, _ = _aggregate("nash-mtl", [100.0, 0.0], [0.0, 1.0])
    assert float(got[0]) == pytest.approx(float(got[1]), rel=0.01)


def test_cagrad_is_the_best_of_a_grid():
    """For two families, w on the simplex is one number: no finer grid finds a lower value."""
    g = torch.tensor([[1.0, -0.5], [-0.5, 4.0]], dtype=torch.float64)
    weights = CAGrad("ab").weigh(g).numpy()
    mean, matrix = np.array([0.5, 0.5]), g.numpy()
    radius = 0.4 * np.sqrt(mean @ matrix @ mean)
    grid = [np.array([t, 1 - t]) for t in np.linspace(0, 1, 20_001)]
    best = min(grid, key=lambda w: w @ matrix @ mean + radius * np.sqrt(w @ matrix @ w))
    assert weights == pytest.approx(mean + radius / np.sqrt(best @ matrix @ best) * best, abs=1e-3)
    assert weights == pytest.approx([0.9, 0.5], abs=1e-3)  # what TorchJD 0.18 with CLARABEL gives


def test_cagrad_and_nash_take_gradients_that_vanish_or_cancel():
    for g in (torch.zeros(2, 2), torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.diag(torch.tensor([0.0, 1.0]))):
        for kind in (CAGrad, NashMTL):
            assert kind("ab").weigh(g.double()).isfinite().all()


def test_gramian_takes_none_as_zero():
    one = torch.ones(2)
    g = gramian([(one, None), (2 * one, 3 * one)])
    assert g.tolist() == [[2, 4], [4, 26]]


def test_without_torchjd_the_install_line_is_told(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest, **more):
        if name.startswith("torchjd"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"pip install 'weft\[balance\]'"):
        build_balancer("pcgrad", "ab")
