"""Which epoch's weights are kept, by hand-made scores."""

from __future__ import annotations

import pytest
import torch

from weft.errors import UserError
from weft.hetero.selection import Selection

SCORES = [{"a": 0.1, "b": 0.5}, {"a": 0.3, "b": 0.4}, {"a": 0.2, "b": 0.9}, {"a": 0.3, "b": 0.9}]


def played(rule: str) -> Selection:
    selection = Selection(["a", "b"], rule)
    for epoch, scores in enumerate(SCORES):
        selection.take(epoch, scores, {"a": 1.0}, {"w": torch.tensor([float(epoch)])})
    return selection


@pytest.mark.parametrize(
    ("rule", "kept"), [("task", {"a": 1, "b": 2}), ("all-improve", {"a": 3, "b": 3}), ("last", {"a": 3, "b": 3})]
)
def test_rules(rule, kept):
    """Each family's best; those at which none is worse; the newest."""
    found = {name: int(weights["w"]) for weights, names in played(rule).weights() for name in names}
    assert found == kept


def test_all_improve_waits_for_every_family():
    """One better family does not move the checkpoint of the other."""
    selection = Selection(["a", "b"], "all-improve")
    for epoch, scores in enumerate(SCORES[:2]):
        selection.take(epoch, scores, {}, {"w": torch.tensor([float(epoch)])})
    assert [int(weights["w"]) for weights, _ in selection.weights()] == [0]


def test_a_window_smooths_what_one_evaluation_says():
    """A lucky evaluation does not win over a steady level."""
    selection = Selection(["a"], "task", window=2)
    for epoch, score in enumerate([0.1, 0.9, 0.1, 0.6, 0.6]):
        selection.take(epoch, {"a": score}, {}, {"w": torch.tensor([float(epoch)])})
    assert selection.best == {"a": (0.6, 4)}


def test_weights_are_copies():
    """Later steps do not change what was kept."""
    weights = {"w": torch.zeros(1)}
    selection = Selection(["a"], "task")
    selection.take(0, {"a": 1.0}, {}, weights)
    weights["w"] += 1
    assert selection.weights()[0][0]["w"].item() == 0


def test_a_family_without_validation_labels_gets_the_last_weights():
    """Nothing chose for it."""
    selection = Selection(["a", "b"], "task")
    selection.take(0, {"a": 1.0}, {}, {"w": torch.zeros(1)})
    selection.fill({"w": torch.ones(1)})
    assert {name: weights["w"].item() for weights, names in selection.weights() for name in names} == {"a": 0, "b": 1}


@pytest.mark.parametrize("rule", ["task", "all-improve", "last"])
def test_state_round_trip(rule):
    """A selection taken back goes on as the first one would."""
    first = played(rule)
    second = Selection(["a", "b"], rule)
    parts, note = first.state()
    second.restore(parts, note)
    for selection in (first, second):
        selection.take(9, {"a": 0.4, "b": 0.95}, {}, {"w": torch.tensor([9.0])})
    assert first.best == second.best
    assert first.rows == second.rows


def test_an_unknown_rule_is_refused():
    """With the nearest name."""
    with pytest.raises(UserError, match="task"):
        Selection(["a"], "tsak")
