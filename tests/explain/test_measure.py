"""What to measure next, against a joint distribution in which every answer can be counted out."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.conftest import MODELS
from tests.explain.joint import Joint, chained
from weft.data.vectors import Vectors
from weft.errors import UserError
from weft.explain import Inquiry
from weft.labels import LabelTable, Shown

TARGETS = range(4)


def inquiry(model: Joint, known: dict[int, int] | None = None, rows: int = 1) -> Inquiry:
    values = np.full((rows, len(model.tasks)), np.nan)
    for task, value in (known or {}).items():
        values[0, task] = value
    return Inquiry(model, Vectors(np.zeros((rows, 1))), Shown(LabelTable.from_dense(model.tasks, values)))


@pytest.mark.parametrize("known", [{}, {1: 1}, {0: 0, 3: 1}])
def test_the_gain_is_the_expected_drop_of_entropy(known):
    """Protects the quantity itself: own entropy and information about the others, nats, counted out."""
    model = chained()
    for candidate in inquiry(model, known).measure_next(0):
        at = model.tasks.index(candidate.task)
        drop = model.uncertainty(known, TARGETS) - model.expected(known, [at], TARGETS)
        assert candidate.gain == pytest.approx(drop, abs=1e-9)
        assert candidate.own == pytest.approx(model.uncertainty(known, [at]), abs=1e-9)
        assert sum(candidate.about.values()) + candidate.own == pytest.approx(candidate.gain)


def test_only_targets_count():
    """Protects the choice of targets: a candidate that is none is worth what it tells of them."""
    model = chained()
    found = {c.task: c for c in inquiry(model).measure_next(0, ["t0"])}
    for at, name in enumerate(model.tasks.names):
        drop = model.uncertainty({}, [0]) - model.expected({}, [at], [0])
        assert found[name].gain == pytest.approx(drop, abs=1e-9)
        assert (found[name].own > 0) == (name == "t0")
    assert [c.task for c in inquiry(model).measure_next(0, ["t0"], count=2)] == ["t0", "t1"]


def test_what_is_known_is_no_candidate():
    """Protects from measuring twice, and from ranking nothing."""
    model = chained()
    assert {c.task for c in inquiry(model, {1: 0, 2: 0}).measure_next(0)} == {"t0", "t3"}
    with pytest.raises(UserError, match="every target is known"):
        inquiry(model, {1: 0}).measure_next(0, ["t1"])
    with pytest.raises(UserError, match="no task 'x'"):
        inquiry(model).measure_next(0, ["x"])


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_task_can_be_measured(name, ask, request):
    """Protects classes and values: gains are finite, not negative, and ranked; a repeated value still has noise."""
    found = ask(request.getfixturevalue(name))
    blank = Inquiry(found.model, found.data, Shown.nothing(found.model.tasks, len(found.data)))
    ranked = blank.measure_next(0)
    assert {c.task for c in ranked} >= {"a", "b", "c", "d"}
    gains = [c.gain for c in ranked]
    assert gains == sorted(gains, reverse=True)
    assert min(gains) >= 0
    assert np.isfinite(gains).all()


def test_values_without_a_spread_cannot_be_ranked(paper, problem):
    """Protects from NaN in a ranking: one network tells no spread of values, classes it can."""
    data = problem.data.take(problem.split.test[:2])
    ranked = Inquiry(paper, data, Shown.nothing(paper.tasks, 2)).measure_next(0)
    assert {c.task for c in ranked} == {"a", "b", "c", "d"}


def test_a_plan_counts_what_was_planned_before():
    """Protects joint choices: the gains of a datum's plan add up to the expected drop by all of it together."""
    model = chained()
    plan = inquiry(model).plan(3)
    measured = [model.tasks.index(step.task) for step in plan]
    assert len(set(measured)) == 3
    drop = model.uncertainty({}, TARGETS) - model.expected({}, measured, TARGETS)
    assert sum(step.gain for step in plan) == pytest.approx(drop, abs=1e-9)


def test_a_plan_is_greedy_over_data_and_keeps_to_its_budget():
    """Protects the order over a batch: the datum of which most is known comes last; costs are paid."""
    model = chained()
    plan = inquiry(model, {0: 1, 2: 1}, rows=3).plan(4)
    assert {step.row for step in plan[:2]} == {1, 2}
    assert len(plan) == 4
    first = plan[0].task
    dear = inquiry(model).plan(2, costs={first: 50})
    assert first not in {step.task for step in dear}
    assert sum(step.cost for step in dear) <= 2
    assert len(inquiry(model).plan(99)) == 4


def test_thinned_scenarios_keep_the_plan_near(monkeypatch):
    """Protects large plans of one datum: with few scenarios the gains stay close to those of all."""
    model = chained((0.9, 0.6, 0.8, 0.7, 0.85))
    whole = inquiry(model).plan(6)
    monkeypatch.setattr("weft.explain.plan._SCENARIOS", 4)
    few = inquiry(model).plan(6)
    assert sum(step.gain for step in few) == pytest.approx(sum(step.gain for step in whole), rel=0.1)


@pytest.mark.parametrize(("budget", "costs"), [(0, {}), (float("nan"), {}), (1, {"t0": 0}), (1, {"t9": 1})])
def test_budgets_and_costs_are_checked(budget, costs):
    """Protects from an endless or senseless plan."""
    with pytest.raises(UserError):
        inquiry(chained()).plan(budget, costs=costs)


def test_bad_rows_are_passed_over_in_a_plan(label_only):
    """Protects batches with rows that cannot be read."""
    from weft.data.molecules import Molecules

    data = Molecules.from_smiles(["nothing", "CCO"], workers=0)
    plan = Inquiry(label_only, data, Shown.nothing(label_only.tasks, 2)).plan(3)
    assert {step.row for step in plan} == {1}
