"""Episodes and class-disjoint splits."""

import numpy as np
import pytest

from weft.errors import UserError
from weft.fewshot.episodes import Shape, draw, group_split, members

LABEL = np.repeat(np.arange(12), 7)


def test_an_episode_has_its_classes_and_no_datum_twice():
    """Protects no peeking: support and queries are disjoint, and each is of the class it is said to be."""
    among = members(LABEL, np.arange(len(LABEL)))
    for seed in range(20):
        episode = draw(among, Shape(5, 2, 3), np.random.default_rng(seed))
        rows = np.concatenate([episode.support, episode.query])
        assert len(set(rows)) == 5 * (2 + 3)
        assert np.array_equal(LABEL[episode.support], episode.classes[episode.support_answer])
        assert np.array_equal(LABEL[episode.query], episode.classes[episode.answer])


def test_only_rows_and_classes_at_hand_are_drawn():
    """Protects class-disjoint episodes: rows of other parts never come in; classes with too few rows do not."""
    rows = np.flatnonzero((LABEL >= 4) & ~((LABEL == 5) & (np.arange(len(LABEL)) % 7 > 2)))
    among = members(LABEL, rows)
    drawn = [draw(among, Shape(7, 2, 3), np.random.default_rng(s)) for s in range(10)]
    assert {int(c) for episode in drawn for c in LABEL[episode.support]} == {4, 6, 7, 8, 9, 10, 11}
    with pytest.raises(UserError, match="7 classes have the 5 rows"):
        draw(among, Shape(8, 2, 3), np.random.default_rng(0))


def test_no_class_and_no_group_is_in_two_parts():
    """Protects the meta setting: whole groups of classes are held out, as many as are needed, differently by seed."""
    group = LABEL // 2
    found = [group_split(group, LABEL, seed, 3) for seed in range(5)]
    for parts in found:
        classes = [set(LABEL[rows]) for rows in parts]
        assert not classes[0] & classes[1] and not classes[0] & classes[2] and not classes[1] & classes[2]  # noqa: PT018
        assert [len(c) for c in classes] == [4, 4, 4]
        assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(LABEL)))
    assert len({tuple(parts[2]) for parts in found}) > 1
    with pytest.raises(UserError, match="too few"):
        group_split(group, LABEL, 0, 6)
