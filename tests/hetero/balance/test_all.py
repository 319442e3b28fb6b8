"""What every balancing keeps: an absent family leaves no trace, a resumed run is the same, one family is itself."""

from __future__ import annotations

import pytest
import torch

from tests.hetero.balance.problem import Problem
from tests.hetero.trunks.toy import FAMILIES, toy_states, toy_topology, toy_trunk
from weft.errors import UserError
from weft.hetero.balance.base import REGISTRY, build_balancer

NEEDS_TORCHJD = {name for name, where in REGISTRY.items() if where.startswith("weft.hetero.balance.torchjd")}


@pytest.fixture(params=sorted(REGISTRY))
def name(request):
    if request.param in NEEDS_TORCHJD:
        pytest.importorskip("torchjd")
    return request.param


def _run(balancer, problem, steps, present=None):
    """Descend for some steps, two to an epoch; return all gradients met and the parameters reached."""
    own = torch.optim.Adam(balancer.parameters(), lr=0.1) if balancer.parameters() else None
    seen = []
    for at in range(*steps):
        problem.zero()
        for p in balancer.parameters():
            p.grad = None
        losses = problem.losses(present)
        balancer.backward(losses, problem.shared, problem.private)
        if own is not None:
            own.step()
        with torch.no_grad():
            for p in (*problem.shared, *problem.private):
                if p.grad is not None:
                    seen.append(p.grad.clone())
                    p -= 0.02 * p.grad
        if at % 2:
            balancer.epoch_end({key: float(loss.detach()) for key, loss in losses.items()})
    return seen


def test_a_family_that_is_not_in_a_step_leaves_no_trace(name):
    """Bit for bit what a run without the family gives, and nothing at its head."""
    with_it, without = Problem(("a", "b", "c")), Problem(("a", "b"))
    seen = _run(build_balancer(name, "abc"), with_it, (0, 6), present=("a", "b"))
    expected = _run(build_balancer(name, "ab"), without, (0, 6))
    assert len(seen) == len(expected) == 18
    assert all(torch.equal(a, b) for a, b in zip(seen, expected, strict=True))
    assert with_it.heads["c"].grad is None


def test_coming_and_going_families_stay_finite(name):
    problem, balancer = Problem(), build_balancer(name, "abc")
    for present in (("a",), ("b", "c"), ("a", "b", "c"), ("c",)):
        _run(balancer, problem, (0, 2), present)
    assert all(p.isfinite().all() for p in (*problem.shared, *problem.private, *balancer.parameters()))


def test_a_step_without_any_label_does_nothing(name):
    problem, balancer = Problem(), build_balancer(name, "abc")
    assert balancer.backward({}, problem.shared, problem.private) == {}
    assert all(p.grad is None for p in (*problem.shared, *problem.private, *balancer.parameters()))


def test_a_resumed_run_goes_on_bit_for_bit(name):
    problem, balancer = Problem(), build_balancer(name, "abc")
    for _ in range(3):  # plain descent: an optimiser's own state is the loop's to keep
        _sgd(problem, balancer)
    state = {key: value.clone() for key, value in balancer.state_dict().items()}
    parameters = [p.detach().clone() for p in (*problem.shared, *problem.private)]
    _sgd(problem, balancer)
    again = build_balancer(name, "abc")
    again.load_state_dict(state)
    resumed = Problem()
    for p, value in zip((*resumed.shared, *resumed.private), parameters, strict=True):
        p.data.copy_(value)
    _sgd(resumed, again)
    assert torch.equal(problem.shared[0], resumed.shared[0])
    for key, value in balancer.state_dict().items():
        assert torch.equal(value.nan_to_num(-1), again.state_dict()[key].nan_to_num(-1))


def _sgd(problem, balancer):
    problem.zero()
    for p in balancer.parameters():
        p.grad = None
    losses = problem.losses()
    balancer.backward(losses, problem.shared, problem.private)
    with torch.no_grad():
        for p in (*problem.shared, *problem.private, *balancer.parameters()):
            p -= 0.02 * p.grad
    balancer.epoch_end({key: float(loss.detach()) for key, loss in losses.items()})


def test_given_weights_scale_the_losses(name):
    problem, doubled = Problem(), build_balancer(name, "abc", {"b": 2.0})
    doubled.backward(problem.losses(), problem.shared, problem.private)
    got = problem.shared[0].grad
    problem.zero()
    losses = problem.losses()
    build_balancer(name, "abc").backward({**losses, "b": 2 * losses["b"]}, problem.shared, problem.private)
    torch.testing.assert_close(got, problem.shared[0].grad)


def test_drawing_leaves_the_other_draws_alone(name):
    problem, balancer = Problem(), build_balancer(name, "abc")
    before = torch.random.get_rng_state()
    balancer.backward(problem.losses(), problem.shared, problem.private)
    assert torch.equal(before, torch.random.get_rng_state())


def test_gradients_pass_through_a_trunk(name):
    """Several backwards over one graph of relation layers, private parts included."""
    trunk = toy_trunk("inline")
    x = {kind: state.requires_grad_() for kind, state in toy_states(trunk.copies).items()}
    losses = {key: s.square().mean() for key, s in zip(FAMILIES.names, trunk(x, toy_topology()), strict=True)}
    build_balancer(name, FAMILIES.names).backward(losses, list(trunk.parameters()), [])
    reached = [p for p in trunk.parameters() if p.grad is not None]
    assert len(reached) > 10
    assert all(p.grad.isfinite().all() for p in reached)


def test_one_family_alone_keeps_its_direction(name):
    if name == "uncertainty":
        pytest.skip("its weight is learned, and is 1 at the start")
    problem = Problem(("b",))
    problem.losses()["b"].backward()
    plain = problem.shared[0].grad
    problem.zero()
    build_balancer(name, "b").backward(problem.losses(), problem.shared, problem.private)
    got = problem.shared[0].grad
    torch.testing.assert_close(got / got.norm(), plain / plain.norm())


def test_wrong_names_and_weights_are_answered():
    with pytest.raises(UserError, match="Did you mean gradnorm"):
        build_balancer("gradnorn", "ab")
    with pytest.raises(UserError, match="no task 'z'"):
        build_balancer("fixed", "ab", {"z": 1.0})
    with pytest.raises(UserError, match="weight of 'a' is -1"):
        build_balancer("fixed", "ab", {"a": -1.0})
