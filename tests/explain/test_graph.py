"""Questions about nodes: one pass per hypothesis, what is known of other nodes stays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.hetero.small import fitted, small_graph
from weft.data.nodes import Nodes
from weft.errors import UserError
from weft.explain import Inquiry
from weft.explain.gates import gates
from weft.labels import LabelTable, Shown
from weft.settings import Setting


@pytest.fixture(scope="module")
def graph():
    return small_graph()


@pytest.fixture(scope="module")
def model(graph):
    return fitted(graph, exchange="inline", known_labels=True, epochs=2)


@pytest.fixture(scope="module")
def inquiry(model, graph):
    nodes = Nodes.of(graph).take(np.arange(12))
    return Inquiry(model, nodes, Shown(graph.labels.take(np.arange(12))))


def test_a_change_keeps_what_is_known_of_other_nodes(inquiry, model, graph):
    """Protects from a hypothesis that forgets the neighbours' labels, or changes those of another node."""
    if not any(setting.shows_labels for setting in map(Setting, model.settings)):
        pytest.fail("the model must read labels")
    task = model.tasks[1]
    found = inquiry.what_if(3, {task.name: 1})
    dense, known = graph.labels.take(np.arange(12)).to_dense()
    dense[~known] = np.nan
    dense[3, 1] = 1
    changed = Shown(LabelTable.from_dense(model.tasks, dense))
    expected = model.predict(Nodes.of(graph).take(np.arange(12)), changed)
    unknown = ~np.isin(inquiry._asker.column_task, np.flatnonzero(~np.isnan(dense[3])))
    np.testing.assert_allclose(found.after[unknown], expected.mean[3, unknown], atol=1e-5)


def test_attributions_of_a_node_add_up(inquiry):
    """Protects nodes: exact over the few labels of a node, tasks of other types stay undefined."""
    found = inquiry.attributions(3)
    assert found.method == "shapley"
    assert found.exact
    np.testing.assert_allclose(found.effects.sum(0), found.full - found.base, atol=1e-4)
    assert np.isnan(found.full[-1])
    assert found.to_json()["columns"][-1]["full"] is None


def test_only_tasks_of_its_type_can_be_measured_of_a_node(model, graph):
    """Protects from sending a person to measure what a node cannot have."""
    nodes = Nodes.of(graph).take(np.arange(4))
    found = Inquiry(model, nodes, Shown.nothing(model.tasks, 4)).measure_next(0)
    types = {model.tasks[model.tasks.index(c.task)].node_type for c in found}
    assert types == {"author"}


def test_gates_are_told_by_layer_and_relation(model, graph, label_only):
    """Protects the shares: those of a task along a relation add up to 1; a model without gates says so."""
    found = gates(model, graph)
    total: dict[tuple[object, ...], float] = {}
    for row in found.rows:
        place = (row.layer, row.kind, row.relation, row.task)
        total[place] = total.get(place, 0.0) + row.mean
    np.testing.assert_allclose(list(total.values()), 1, atol=1e-5)
    assert {"layer", "relation", "task", "source", "mean"} <= set(found.to_json()[0])
    for other in (label_only, fitted(graph, exchange="shared", epochs=1)):
        with pytest.raises(UserError, match="no gates"):
            gates(other, graph)
