"""Attributions add up, are what their definition says, and refuse what they cannot tell."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.explain.conftest import MODELS
from weft.errors import UserError
from weft.explain import Inquiry
from weft.explain.asker import Asker
from weft.explain.attribution import attributions
from weft.labels import LabelTable, Shown


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("exact", [12, 0])
def test_shapley_values_add_up(name, exact, ask, request):
    """Protects the promise: effects sum to the difference within 1e-4, exact and sampled, also in own columns."""
    inquiry = ask(request.getfixturevalue(name))
    for row in range(4):
        found = attributions(inquiry._asker, row, "shapley", samples=8, exact=exact)
        assert found.exact == (exact == 12 or not found.known)
        np.testing.assert_allclose(found.effects.sum(0), found.full - found.base, atol=1e-4)


def test_shapley_values_are_means_over_all_orders(default, ask):
    """Protects from wrong weights: all orders, one by one, against the closed sum."""
    inquiry = ask(default)
    row = int(np.argmax([np.isfinite(v).sum() <= 4 for v in inquiry._asker.values]))
    found = inquiry.attributions(row, "shapley")
    asker, known = inquiry._asker, np.flatnonzero(~np.isnan(inquiry._asker.values[row]))
    effects = np.zeros_like(found.effects)
    orders = list(permutations(range(len(known))))
    for order in orders:
        values = np.full(asker.values.shape[1], np.nan)
        before = asker.ask_around(np.array([row]), values[None]).mean[0]
        for k in order:
            values[known[k]] = asker.values[row, known[k]]
            after = asker.ask_around(np.array([row]), values[None]).mean[0]
            effects[k] += (after - before) / len(orders)
            before = after
    np.testing.assert_allclose(found.effects, effects, atol=1e-6)


def test_sampled_values_come_near_the_exact_ones(default, ask):
    """Protects the sampler and the error that it tells of itself."""
    inquiry = ask(default)
    exact = attributions(inquiry._asker, 0, "shapley")
    found = attributions(inquiry._asker, 0, "shapley", samples=400, exact=0)
    assert np.abs(found.effects - exact.effects).max() < 5 * found.error.max() + 1e-6
    assert 0 < found.error.max() < 0.05
    assert exact.error.max() == 0


@pytest.mark.parametrize("name", MODELS)
def test_leave_one_out_is_what_it_says(name, ask, request):
    """Protects from leaving out the wrong label."""
    inquiry = ask(request.getfixturevalue(name))
    found = inquiry.attributions(1, "leave-one-out")
    for k, task in enumerate(found.known):
        told = inquiry.what_if(1, {task: None})
        own = np.array([name == task for name in np.repeat(inquiry.model.tasks.names, _widths(inquiry))])
        np.testing.assert_allclose(found.effects[k, ~own], -told.difference[~own], atol=1e-5)
        np.testing.assert_allclose(found.effects[k, own], 0, atol=1e-6)


def _widths(inquiry: Inquiry) -> list[int]:
    return [task.width for task in inquiry.model.tasks]


def test_nothing_known_moves_nothing(label_only, problem):
    """Protects the empty game: no labels, no effects, base equal to full."""
    data = problem.data.take(np.array([0]))
    for method in ("shapley", "leave-one-out"):
        found = Inquiry(label_only, data, Shown.nothing(label_only.tasks, 1)).attributions(0, method)
        assert found.effects.shape == (0, 7)
        np.testing.assert_array_equal(found.full, found.base)


def test_what_cannot_be_told_is_refused(default, ask, problem, monkeypatch):
    """Protects from an empty answer where there is none: wrong method, row, or a model without labels."""
    inquiry = ask(default)
    with pytest.raises(UserError, match="Did you mean shapley"):
        inquiry.attributions(0, "shapely")
    with pytest.raises(UserError, match="there is no row 99"):
        inquiry.attributions(99)
    monkeypatch.setattr(default, "settings", frozenset())
    for question in (inquiry.attributions, inquiry.measure_next, lambda row: inquiry.what_if(row, {}), inquiry.plan):
        with pytest.raises(UserError, match="does not use known labels"):
            question(0)


def test_many_labels_are_sampled(label_only, problem):
    """Protects the choice of method: beyond twelve labels nothing is enumerated."""
    from tests.metalink.problems import related
    from weft.predictor import build
    from weft.tasks import TaskSet
    from weft.training.run import Run

    wide = related(60, TaskSet.binary([f"t{k}" for k in range(15)]), missing=0)
    model = build("naive-bayes")
    model.fit(wide.data, wide.labels, wide.split, Run(threads=1))
    labels = wide.labels.take([0])
    asker = Asker(model, wide.data.take(np.array([0])), Shown(labels.where(labels.col < 14)))
    found = attributions(asker, 0, samples=32)
    assert not found.exact
    np.testing.assert_allclose(found.effects.sum(0), found.full - found.base, atol=1e-4)
    again = attributions(asker, 0, samples=32)
    np.testing.assert_array_equal(again.effects, found.effects)


def test_it_is_told_by_column(ask, default):
    """Protects what files and the page read: strongest first, own label not named, JSON's numbers only."""
    import json

    told = ask(default).attributions(0).to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    for column in told["columns"]:
        sizes = [abs(value) for value in column["effects"].values()]
        assert sizes == sorted(sizes, reverse=True)
        assert column["task"] not in column["effects"]


def test_bad_rows_are_told(chemistry, label_only):
    """Protects from an answer about a molecule that could not be read."""
    from weft.data.molecules import Molecules

    data = Molecules.from_smiles(["CCO", "not a molecule"], workers=0)
    inquiry = Inquiry(label_only, data, Shown(LabelTable.empty(label_only.tasks, 2)))
    with pytest.raises(UserError, match="row 1: the row cannot be used"):
        inquiry.attributions(1)
