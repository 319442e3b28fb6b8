"""Presets and how options change them."""

from __future__ import annotations

import math
from dataclasses import asdict

import pytest
import torch

from weft.errors import UserError
from weft.hetero.families import families
from weft.hetero.losses import FamilyTargets
from weft.hetero.members import loss_weights
from weft.hetero.presets import DEFAULT, PAPER, GraphConfig, configure
from weft.tasks import Kind, Task, TaskSet
from weft.training.revive import revive

TASKS = TaskSet((Task("area", node_type="a"), Task("year", Kind.REGRESSION, (), "b")))


def test_presets_are_what_they_are_called():
    """The paper's keeps to the released loss, choice and parts; ours has the others."""
    assert configure() == DEFAULT
    paper = configure("inline-paper")
    assert paper == PAPER
    assert (paper.net.labels, paper.net.wide, paper.net.output, paper.train.loss) == (
        "none",
        False,
        "graph",
        "probability",
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [({"preset": "defualt"}, "default"), ({"exchange": "inlin"}, "inline"), ({"balance": "fixd"}, "fixed")],
)
def test_misspelt_names_are_told_the_nearest(options, told):
    """No option is silently ignored."""
    with pytest.raises(UserError, match=told):
        configure(**options)


def test_options_reach_the_configuration():
    """Each option changes its own place and no other."""
    config = configure(exchange="shared", epochs=7, members=2, batch_size=64, fanout=5, lr=0.1, weights={"area": 2.0})
    assert (config.net.exchange, config.train.epochs, config.members, config.train.batch_size) == ("shared", 7, 2, 64)
    assert (config.train.fanout, config.train.lr, config.train.weights) == (5, 0.1, (("area", 2.0),))
    without = configure(gates=False)
    assert {(without.member(k).trunk.gate, without.member(k).trunk.mixture) for k in range(4)} == {("none", False)}


@pytest.mark.parametrize(
    ("exchange", "known", "labels"),
    [("inline", None, "all"), ("single", None, "own"), ("single", True, "own"), ("mmoe", False, "none")],
)
def test_single_task_models_see_no_labels_of_other_tasks(exchange, known, labels):
    """Else they would share after all."""
    assert configure(exchange=exchange, known_labels=known).net.labels == labels
    assert configure("inline-paper", exchange=exchange).net.labels == "none"


def test_a_configuration_survives_json():
    """A saved model is revived with the very same configuration."""
    for config in (DEFAULT, PAPER, configure(exchange="ple", weights={"area": 0.5})):
        assert revive(GraphConfig, _as_json(asdict(config))) == config


def test_dropout_suits_the_features():
    """Sparse features are overfitted sooner than dense ones; a preset that fixes its dropout keeps it."""
    assert [DEFAULT.suited(sparse).member(1).trunk.layer.dropout for sparse in (False, True)] == [0.2, 0.6]
    assert PAPER.suited(False) == PAPER


def test_members_take_turns():
    """Half exchange in their layers, half after them, each with both kinds of attention."""
    trunks = [DEFAULT.member(k).trunk for k in range(5)]
    assert [(t.layer.attention, t.gate, t.mixture) for t in trunks] == [
        ("gat", "relation", False),
        ("mean", "relation", False),
        ("gat", "none", True),
        ("mean", "none", True),
        ("gat", "relation", False),
    ]


def _as_json(value):
    import json

    return json.loads(json.dumps(value))


def asked(n: int, positives: int) -> FamilyTargets:
    return FamilyTargets(torch.arange(n), (torch.arange(n) < positives).float()[:, None], torch.ones(n, 1))


def test_a_rare_label_weighs_more():
    """By the root of how small its loss is at first; not one that is true of half the nodes, nor where told."""
    found = families(TASKS)
    entropy = -(0.0045 * math.log(0.0045) + 0.9955 * math.log(0.9955))
    rare, even, year = asked(999, 4), asked(998, 499), asked(999, 0)
    assert loss_weights(DEFAULT.train, found, [rare, year]) == {
        "area": pytest.approx((0.5 / entropy) ** 0.5),
        "year": 1.0,
    }
    assert loss_weights(DEFAULT.train, found, [even, asked(998, 0)]) == {"area": 1.0, "year": 1.0}
    assert loss_weights(PAPER.train, found, [rare, year])["area"] == 0.005
    assert loss_weights(configure(weights={"area": 2.0}).train, found, [rare, year])["area"] == 2.0


def test_families_with_few_labels_weigh_less():
    """By the root of their share, unless told otherwise; the released weights are for tasks that have their names."""
    found = families(TASKS)
    labels = [asked(24, 12), asked(96, 0)]
    assert loss_weights(DEFAULT.train, found, labels) == {"area": 0.5, "year": 1.0}
    assert loss_weights(configure(weights={"year": 3.0}).train, found, labels) == {"area": 0.5, "year": 3.0}
    assert loss_weights(PAPER.train, found, labels) == {"area": 0.005, "year": 1.0}
    with pytest.raises(UserError, match="area"):
        loss_weights(configure(weights={"aera": 1.0}).train, found, labels)
