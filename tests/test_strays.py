"""Networks make every tensor where their data are: what a card would find, found without one."""

import pytest
import torch

from tests.hetero.small import model, small_graph
from tests.strays import NoStrays
from weft.data.nodes import Nodes
from weft.encoders.base import REGISTRY, build_encoder
from weft.hetero.balance.base import REGISTRY as BALANCINGS
from weft.hetero.trunks.base import REGISTRY as TRUNKS
from weft.metalink.columns import ColumnLabels
from weft.metalink.graph import GraphConfig, KnowledgeGraph
from weft.testing import toy_inputs
from weft.training.losses import ColumnLoss

INPUTS = toy_inputs()
WIDTHS = INPUTS.widths
#: As published it has 12 million weights.
OPTIONS = {"resnet12": {"channels": (8, 16, 24, 32)}}


def test_the_guard_catches_a_stray():
    """Else the tests below could not fail."""
    with NoStrays(), pytest.raises(AssertionError, match="makes a tensor"):
        torch.zeros(3)
    with NoStrays():
        torch.zeros(3, device="cpu").new_ones(2)


@pytest.mark.parametrize("name", REGISTRY)
def test_encoders(name):
    """Gather, forward and backward."""
    encoder, rows = build_encoder(name, WIDTHS, 16, **OPTIONS.get(name, {})).train(), torch.arange(12)
    with NoStrays():
        encoder(INPUTS.take(rows)).square().sum().backward()


@pytest.mark.parametrize("config", [
    GraphConfig(2, label_path=True), GraphConfig(2, inductive=True), GraphConfig(1, decoder="mlp"),
    GraphConfig(2, data_neighbours=2, task_neighbours=2),
])  # fmt: skip
def test_the_knowledge_graph(config):
    """Task side, query side and loss, of binary, class and continuous columns."""
    graph, h = KnowledgeGraph(torch.full((5,), 0.5), 8, config), torch.randn(10, 8)
    continuous = torch.tensor([False, False, False, False, True])
    known = ColumnLabels((torch.rand(10, 5) < 0.6).float(), (torch.rand(10, 5) < 0.5).float(), continuous)
    loss = ColumnLoss.make(continuous, [(1, 4)], torch.full((5,), 0.5), "focal")
    with NoStrays():
        loss(graph(h, known, graph.task_side(h, known)), known.known, known.value).backward()


@pytest.mark.parametrize("options", [
    *({"exchange": name} for name in TRUNKS), {"preset": "inline-paper"}, {"exchange": "inline", "batch_size": 25},
    *({"balance": name} for name in BALANCINGS if name in ("uncertainty", "dwa", "gradnorm", "cagrad", "nash-mtl")),
], ids=str)  # fmt: skip
def test_graphs(options, monkeypatch):
    """A step of training and the prediction of every node, whole or by parts."""
    from weft.hetero import train

    graph, made, epoch = small_graph(), model(**{**options, "epochs": 1}), train._epoch

    def watched(net, optimizer, state, steps, *rest):
        steps = list(steps)  # sampling is done on the processor, whatever the device
        with NoStrays():
            return epoch(net, optimizer, state, steps, *rest)

    monkeypatch.setattr(train, "_epoch", watched)
    from weft.training.run import Run

    made.fit(Nodes.of(graph), graph.labels, graph.split, Run(seed=1))
