"""The made-up customer graph: rates, determinism, and that what is planted is there to be found."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from weft.data import customers
from weft.data.customers import PLANTED, RATES, CustomerConfig, World, camp_readings, customer_graph
from weft.errors import UserError
from weft.tasks import Kind

CONFIG = CustomerConfig(n_customers=6000, traits=4, features=6)


def means(graph, relation, sort):
    """Return the mean features of each customer's neighbours of one sort (None: of all), `[n, D]`."""
    edge, x = graph.edges[relation], graph.nodes[relation.target].dense
    edge = edge if sort is None else edge[:, (x[edge[1], -CONFIG.marks :].sum(1) > 0) == sort]
    n = graph.nodes["customer"].n
    total = np.zeros((n, x.shape[1]))
    np.add.at(total, edge[0], x[edge[1]])
    return total / np.maximum(np.bincount(edge[0], minlength=n), 1)[:, None]


def explained(graph, task, blocks):
    """Return the correlation on test nodes of a least-squares fit of a task's labels on blocks of columns."""
    y = graph.labels.to_dense()[0][: graph.nodes["customer"].n, graph.tasks.index(task)]
    x = np.hstack([*blocks, np.ones((len(y), 1))])
    weights = np.linalg.lstsq(x[graph.split.train], y[graph.split.train], rcond=None)[0]
    return float(np.corrcoef(x[graph.split.test] @ weights, y[graph.split.test])[0, 1])


@pytest.fixture(scope="module")
def graph():
    return customer_graph(CONFIG)


def test_any_two_tasks_agree_along_one_relation():
    """No task is a good teacher of another as a whole, but along each relation each has one partner."""
    for one, two in combinations(RATES, 2):
        assert sum(camps[one] == camps[two] for camps in PLANTED.values()) == 1
    for camps in PLANTED.values():
        assert sorted(camps.values()) == [0, 0, 1, 1]


def test_rates_are_exact_and_shared_out_over_parts():
    """2 %, 0.07 % and 15 % of the customers, the rare ones 60/20/20 over the parts."""
    graph = customer_graph(CustomerConfig(n_customers=30_000))
    assert [graph.labels.class_counts(name).tolist()[1] for name in ("interest", "contract", "churn")] == [
        600,
        21,
        4500,
    ]
    parts = {part: graph.labels.on_rows(rows) for part, rows in graph.split.parts().items()}
    assert [round(len(rows) / 100) for rows in graph.split.parts().values()] == [180, 60, 60]
    assert sum(labels.class_counts("interest")[1] for labels in parts.values()) == 600
    assert abs(parts["test"].class_counts("interest")[1] - 120) < 3
    assert [labels.class_counts("contract")[1] for labels in parts.values()] == [13, 4, 4]
    assert graph.tasks[3].kind is Kind.REGRESSION
    small = customer_graph(CustomerConfig(n_customers=100, traits=2, features=2))
    for rows in small.split.parts().values():
        assert small.labels.on_rows(rows).class_counts("contract").tolist()[1] == 1


def test_a_seed_gives_one_graph(graph):
    """The same configuration gives the same bytes; another seed other ones."""
    again, other = customer_graph(CONFIG), customer_graph(replace(CONFIG, seed=1))
    for kind in graph.types:
        np.testing.assert_array_equal(graph.nodes[kind].dense, again.nodes[kind].dense)
    assert all((graph.edges[relation] == again.edges[relation]).all() for relation in graph.edges)
    assert (graph.labels.value == again.labels.value).all()
    assert (graph.split.test == again.split.test).all()
    assert (graph.labels.value[:100] != other.labels.value[:100]).any()


def test_further_customers_of_a_world_are_others_with_the_same_tasks(graph):
    """What a linear map of the planted readings learns on one graph holds on another of its world, not of another's."""
    world = World()
    first, further = customer_graph(CONFIG, world), customer_graph(replace(CONFIG, seed=9), world)
    assert (first.labels.value == graph.labels.value).all()  # a world of a graph's own is drawn the same
    assert (first.nodes["account"].dense[:50] != further.nodes["account"].dense[:50]).any()
    learnt = np.linalg.lstsq(*_planted(first, "spend"), rcond=None)[0]
    for other, holds in ((further, True), (customer_graph(replace(CONFIG, seed=9)), False)):
        x, y = _planted(other, "spend")
        assert (np.corrcoef(x @ learnt, y)[0, 1] > 0.7) == holds


def _planted(graph, task):
    """Return the columns that a task is planted in, and its labels."""
    columns = [means(graph, relation, bool(camps[task])) for relation, camps in PLANTED.items()]
    y = graph.labels.to_dense()[0][: graph.nodes["customer"].n, graph.tasks.index(task)]
    return np.hstack([*columns, np.ones((len(y), 1))]), y


@pytest.mark.parametrize("task", ["churn", "spend"])
def test_planted_neighbours_tell_and_others_do_not(graph, task):
    """Each relation's planted sort explains a third; the other sort nothing; all together without telling
    the sorts apart far less: what is helpful for one task is in the way of another."""
    own = [np.nan_to_num(graph.nodes["customer"].dense)]
    base = explained(graph, task, own)
    right, wrong, pooled = [*own], [*own], [*own]
    for relation, camps in PLANTED.items():
        right.append(means(graph, relation, camps[task]))
        wrong.append(means(graph, relation, 1 - camps[task]))
        pooled.append(means(graph, relation, None))
        assert explained(graph, task, [*own, right[-1]]) > base + 0.1
    best = explained(graph, task, right)
    assert explained(graph, task, wrong) < base + 0.05
    assert explained(graph, task, pooled) < best - 0.15


def test_agreement_makes_camps_one():
    """At 1 both camps read the same, at 0 other neighbours with the other sign; between, a mixture."""
    rng = np.random.default_rng(0)
    value, sort = rng.standard_normal(300), rng.random(300) < 0.5
    edge = np.stack([np.repeat(np.arange(1000), 3), rng.integers(300, size=3000)])
    config = CustomerConfig(n_customers=1000)
    agree = [np.corrcoef(*camp_readings(value, sort, edge, replace(config, agreement=a)))[0, 1] for a in (0, 0.5, 1)]
    assert abs(agree[0]) < 0.1
    assert 0.6 < agree[1] < 0.8
    assert agree[2] == pytest.approx(1)
    first, other = camp_readings(value, sort, edge, config)
    only = np.flatnonzero(~sort[edge[1].reshape(-1, 3)].any(1))  # customers without a neighbour of the second sort
    assert np.ptp(other[only]) == 0
    assert np.corrcoef(first[only], value[edge[1].reshape(-1, 3)[only]].mean(1))[0, 1] == pytest.approx(1)


def test_holes_are_in_customers_features_only():
    """The knob leaves out that share of cells."""
    graph = customer_graph(CustomerConfig(n_customers=2000, missing=0.25))
    assert np.isnan(graph.nodes["customer"].dense).mean() == pytest.approx(0.25, abs=0.01)
    assert not any(np.isnan(graph.nodes[kind].dense).any() for kind in ("account", "company", "station"))


@pytest.mark.parametrize(
    "wrong", [{"n_customers": 9}, {"agreement": 1.5}, {"noise": -1}, {"features": 3}, {"degree": 0}]
)
def test_numbers_that_make_no_graph_are_refused(wrong):
    """Named in the message."""
    with pytest.raises(UserError, match=next(iter(wrong))):
        CustomerConfig(**wrong)


def test_camps_are_as_stated(monkeypatch):
    """Were `contract` moved to the camp of `interest` everywhere, their scores would be one but for noise."""
    same = {relation: dict.fromkeys(RATES, 0) for relation in PLANTED}
    monkeypatch.setattr(customers, "PLANTED", same)  # as the generator sees it
    graph = customer_graph(replace(CONFIG, noise=0.0))
    value = graph.labels.to_dense()[0][: CONFIG.n_customers]
    assert value[value[:, 1] == 1, 0].all()
