"""Parts of a graph give what the whole gives, and what is known in a part is what is known in the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.hetero.small import fitted, model, once_fitted, small_graph
from weft.data.nodes import Nodes
from weft.hetero.losses import FamilyTargets, family_loss
from weft.hetero.minibatch import Minibatches
from weft.hetero.model import InlinePredictor


def in_parts(made: InlinePredictor, size: int, fanout: int) -> np.ndarray:
    config = made.config
    made.config = replace(config, train=replace(config.train, batch_size=size, fanout=fanout))
    try:
        return made.predict(Nodes.of(small_graph())).mean
    finally:
        made.config = config


@pytest.mark.parametrize("options", [{}, {"exchange": "single"}, {"exchange": "mmoe"}, {"preset": "inline-paper"}])
def test_all_neighbours_in_parts_give_the_whole_graphs_predictions(options: dict[str, str]):
    made = once_fitted(**options)
    whole = made.predict(Nodes.of(small_graph())).mean
    np.testing.assert_allclose(in_parts(made, 7, 0), whole, rtol=0, atol=1e-5)


def test_a_prediction_does_not_depend_on_its_part_even_with_a_fanout():
    made = once_fitted(batch_size=20, fanout=2)
    found = [in_parts(made, size, 2) for size in (5, 70)]
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-5)
    assert np.nanmax(np.abs(found[0] - in_parts(made, 6, 0))) > 1e-5  # the fan-out does limit


def parts_of(made: InlinePredictor, size: int, fanout: int) -> tuple[Minibatches, list[FamilyTargets]]:
    graph = small_graph()
    train = graph.labels.on_rows(graph.split.train)
    batch = made.prepare.batch(graph, train, train)
    config = replace(made.config.train, batch_size=size, fanout=fanout)
    parts = Minibatches.of(config, batch, made.families, 2, 5)
    assert parts is not None
    return parts, [made._targets(graph, train, family) for family in made.families]


def test_an_epoch_asks_every_label_once_at_its_own_node():
    made = once_fitted()
    parts, asked = parts_of(made, 9, 2)
    steps = list(parts.epoch(asked, 3))
    assert len(steps) > 3
    for at, (family, wanted) in enumerate(zip(made.families, asked, strict=True)):
        found = {}
        for batch, here in steps:
            ids = batch.inputs[family.node_type].at[here[at].row]
            found |= {
                int(i): (v.tolist(), k.tolist()) for i, v, k in zip(ids, here[at].value, here[at].known, strict=True)
            }
        assert sum(len(here[at].row) for _, here in steps) == len(wanted.row)
        rows = zip(wanted.row.tolist(), wanted.value.tolist(), wanted.known.tolist(), strict=True)
        assert found == {row: (value, known) for row, value, known in rows}


def test_one_part_of_all_nodes_has_the_whole_graphs_losses():
    made = once_fitted()
    parts, asked = parts_of(made, 1000, 0)
    ((part, here),) = parts.epoch(asked, 0)
    net = made.nets[0].eval()
    for family, a, b, whole, cut in zip(made.families, net(parts.full), net(part), asked, here, strict=True):
        weight = torch.ones(family.width)
        first = family_loss(family, a[whole.row], whole.value, whole.known, weight)
        torch.testing.assert_close(family_loss(family, b[cut.row], cut.value, cut.known, weight), first)


def test_epochs_differ_and_repeat():
    made = once_fitted()
    parts, asked = parts_of(made, 9, 2)
    drawn = [[batch.inputs["paper"].at.tolist() for batch, _ in parts.epoch(asked, epoch)] for epoch in (0, 1, 0)]
    assert drawn[0] == drawn[2] != drawn[1]


def test_only_asked_nodes_are_computed_when_asked():
    made = once_fitted()
    parts, asked = parts_of(made, 9, 0)
    net = made.nets[0].eval()
    for family, every, some, wanted in zip(
        made.families, parts.predict(net), parts.predict(net, asked), asked, strict=True
    ):
        torch.testing.assert_close(some[wanted.row], every[wanted.row])
        assert len(some) == len(every) == small_graph().nodes[family.node_type].n


def test_some_nodes_alone_are_predicted_as_among_all():
    made = once_fitted(batch_size=20, fanout=2)
    row = np.array([65, 2, 71, 2, 33])
    some, every = made.predict(Nodes(small_graph(), row)).mean, made.predict(Nodes.of(small_graph())).mean
    np.testing.assert_allclose(some, every[row], rtol=0, atol=1e-5)


def test_parts_write_no_kernels_for_their_shapes(monkeypatch: pytest.MonkeyPatch):
    """Each would be kept for ever: memory would grow from step to step."""

    def refuse(*_):
        raise AssertionError("oneDNN was called")

    monkeypatch.setattr("weft.hetero.products._LINEAR", refuse)
    made = fitted(small_graph(), batch_size=30, fanout=2, epochs=1)
    made.predict(Nodes.of(small_graph()))
    with pytest.raises(AssertionError, match="oneDNN"):
        fitted(small_graph(), epochs=1)


def test_the_whole_graph_is_no_part():
    made = model()
    assert Minibatches.of(made.config.train, None, (), 2, 0) is None
