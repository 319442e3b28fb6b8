"""Tasks with few labels read states by other heads' weights: who borrows, from whom, what is trained, what is saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from weft.data.customers import CustomerConfig, customer_graph
from weft.data.nodes import Nodes
from weft.hetero.families import families
from weft.hetero.heads import Head, HeadConfig
from weft.hetero.lending import Lending
from weft.hetero.model import InlinePredictor
from weft.saved import load
from weft.tasks import Kind, Task, TaskSet
from weft.training.run import Run

TASKS = TaskSet(
    (
        Task("a", node_type="x"),
        Task("b", Kind.REGRESSION, (), "x"),
        Task("c", node_type="x"),
        Task("d", Kind.MULTICLASS, ("p", "q", "r"), "x"),
        Task("e", node_type="y"),
    )
)


def lending(*counts: int) -> tuple[Lending, nn.ModuleList]:
    torch.manual_seed(0)
    found = families(TASKS)
    heads = nn.ModuleList(Head(HeadConfig(), 4, 0, [], [], torch.zeros(f.width)) for f in found)
    made = Lending(found, 100)
    made.start(counts)
    return made, heads


def test_the_few_borrow_from_rich_tasks_of_one_column_on_their_type():
    """By hand: weights are the weighed sum of lenders' weights, and lenders do not feel it."""
    made, heads = lending(7, 500, 100, 500, 500)
    made.share.data[0, 1], made.share.data[0, 2] = 2.0, -1.0
    weight = made.weight(0, heads)
    torch.testing.assert_close(weight, 2 * heads[1].state.weight - heads[2].state.weight)
    weight.sum().backward()
    assert heads[1].state.weight.grad is None
    torch.testing.assert_close(made.share.grad[0, 1], heads[1].state.weight.sum())
    assert made.share.grad[0, [0, 3, 4]].eq(0).all()


def test_others_keep_their_own_heads():
    """The rich, those of several classes, those without a lender; and who borrows lends to nobody."""
    made, heads = lending(7, 99, 100, 7, 7)
    assert [made.weight(at, heads) is None for at in range(5)] == [False, False, True, True, True]
    torch.testing.assert_close(made.weight(0, heads), heads[2].state.weight)
    made, heads = lending(7, 7, 7, 7, 7)
    assert all(made.weight(at, heads) is None for at in range(5))


def test_a_model_that_borrows_is_saved_and_loaded(tmp_path: Path):
    """Who borrows is part of the model: it depends on labels that are not there when it is loaded."""
    graph = customer_graph(CustomerConfig(n_customers=400))
    model = InlinePredictor(epochs=2, members=1)
    model.config = replace(model.config, net=replace(model.config.net, borrow=100))
    model.fit(Nodes.of(graph), graph.labels, graph.split, Run(seed=0))
    assert model.nets[0].lending.borrows.tolist() == [1.0, 1.0, 1.0, 0.0]
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    nodes = Nodes.of(graph).take(np.arange(50))
    np.testing.assert_array_equal(model.predict(nodes).mean, again.predict(nodes).mean)
