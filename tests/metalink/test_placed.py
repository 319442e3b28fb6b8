"""Labels gathered on a device are those that the label table gives."""

import numpy as np
import pytest
import torch

from tests.metalink.problems import related
from weft.metalink.columns import Layout
from weft.metalink.placed import PlacedLabels
from weft.settings import Episode

PROBLEM = related(60)
LAYOUT = Layout.fit(PROBLEM.labels)
PLACED = PlacedLabels.of(LAYOUT, PROBLEM.labels, torch.device("cpu"))


def same(a, b):
    assert torch.equal(a.known, b.known)
    assert torch.equal(a.value, b.value)
    assert torch.equal(a.continuous, b.continuous)
    assert a.any_continuous == b.any_continuous


@pytest.mark.parametrize("rows", [[3, 1, 59], [0, 0, 7, 7], []])
def test_shown_and_asked(rows):
    """Binary, class and continuous columns, whatever the order and repeats of rows.

    Seen to catch: a mask in the order of columns instead of labels.
    """
    rows = np.array(rows, np.int64)
    labels = PROBLEM.labels.take(rows)
    mask = np.random.default_rng(0).random(len(labels)) < 0.5
    episode = Episode(*labels.split(mask))
    assert len(mask) == PLACED.counts[rows].sum()
    shown, asked = PLACED.split(rows, mask)
    same(shown, LAYOUT.columns(episode.shown.table))
    same(asked, LAYOUT.columns(episode.asked.table))


def test_all_labels_of_support():
    """Nothing is asked of it."""
    rows = np.array([5, 2, 8])
    known, none = PLACED.split(rows, None)
    same(known, LAYOUT.columns(PROBLEM.labels.take(rows)))
    assert not none.known.any()


def test_the_processor_keeps_its_way():
    """Its bits must not change."""
    assert PlacedLabels.on_card(LAYOUT, PROBLEM.labels, torch.device("cpu")) is None
