"""Episodes: which labels are shown and which are asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_labels import tables
from weft.errors import UserError
from weft.labels import Asked, LabelTable, Shown
from weft.settings import Episode, Setting, reveal, reveal_at_random
from weft.tasks import TaskSet


@given(tables(), st.floats(0, 0.99), st.integers(0, 5))
def test_reveal_shows_the_stated_number_of_every_datum(table: LabelTable, ratio: float, seed: int) -> None:
    """Seen to catch: a datum with all its labels shown and none asked."""
    episode = reveal(table, ratio, seed)
    m = table.row_counts()
    expected = np.maximum(np.minimum(np.floor(ratio * m + 0.5), m - 1), 0)
    np.testing.assert_array_equal(episode.shown.table.row_counts(), expected)
    np.testing.assert_array_equal(episode.asked.table.row_counts(), m - expected)


@given(tables(), st.integers(0, 5))
def test_reveals_are_nested_in_the_ratio(table: LabelTable, seed: int) -> None:
    low, high = reveal(table, 0.3, seed).shown.table.to_dense()[1], reveal(table, 0.8, seed).shown.table.to_dense()[1]
    assert not (low & ~high).any()


@given(tables(), st.integers(0, 5))
def test_random_reveal_never_shows_what_it_asks(table: LabelTable, seed: int) -> None:
    episode = reveal_at_random(table, np.random.default_rng(seed))
    total = len(episode.shown.table) + len(episode.asked.table)
    assert total == len(table)


def test_random_reveal_covers_all_ratios() -> None:
    table = LabelTable.from_dense(TaskSet.binary([str(k) for k in range(50)]), np.ones((400, 50)))
    shares = reveal_at_random(table, np.random.default_rng(0), nothing=0.1).shown.table.row_counts() / 50
    assert (shares < 0.1).mean() > 0.12
    assert (shares > 0.8).mean() > 0.1


def test_an_episode_with_a_cell_on_both_sides_is_refused() -> None:
    """No peeking, invariant 1. Seen to catch: the overlap check taken out of `Episode`."""
    table = LabelTable.from_dense(TaskSet.binary(["a", "b"]), [[1, 0]])
    with pytest.raises(UserError, match="both shown and asked"):
        Episode(Shown(table), Asked(table))


@pytest.mark.parametrize("ratio", [-0.1, 1.0])
def test_a_ratio_outside_its_range_is_refused(ratio: float) -> None:
    with pytest.raises(UserError, match="reveal ratio"):
        reveal(LabelTable.empty(TaskSet.binary(["a"]), 1), ratio, 0)


def test_what_the_settings_mean() -> None:
    assert [s.shows_labels for s in Setting] == [False, True, False, True]
    assert [s.new_tasks for s in Setting] == [False, False, True, True]
