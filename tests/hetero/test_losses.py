"""Losses and validation scores of families, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, r2_score, roc_auc_score

from weft.hetero.families import Family, Scale, families, targets
from weft.hetero.losses import FamilyTargets, answers, family_loss, rareness
from weft.hetero.validation import headline
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

TASKS = TaskSet(
    (
        Task("venue", Kind.MULTICLASS, ("a", "b", "c"), "paper"),
        Task("genre: x", node_type="film", group="genre"),
        Task("year", Kind.REGRESSION, (), "film"),
        Task("genre: y", node_type="film", group="genre"),
    )
)
VENUE, GENRE, YEAR = families(TASKS)


def table(cells: dict[tuple[int, int], float], n: int = 8) -> LabelTable:
    row, col = (np.array(part) for part in zip(*cells, strict=True))
    return LabelTable(TASKS, n, row, col, np.array(list(cells.values())))


def test_a_group_is_one_family_even_when_others_stand_between():
    """Columns of a family are found wherever its tasks are."""
    assert [f.name for f in (VENUE, GENRE, YEAR)] == ["venue", "genre", "year"]
    assert GENRE.columns.tolist() == [3, 5]
    assert (GENRE.width, VENUE.width, YEAR.node_type) == (2, 3, "film")


def test_targets_of_each_kind():
    """One-hot, 0/1 beside unknown, standardised; rows are places in the type."""
    labels = table({(0, 0): 2, (5, 1): 1, (5, 3): 0, (6, 3): 1, (6, 2): 30.0, (7, 2): 10.0})
    scale = Scale.fit(labels)
    venue, genre, year = (targets(labels, f, start, scale) for f, start in ((VENUE, 0), (GENRE, 4), (YEAR, 4)))
    assert (venue.row.tolist(), venue.value.tolist()) == ([0], [[0, 0, 1]])
    assert (genre.row.tolist(), genre.value.tolist(), genre.known.tolist()) == (
        [1, 2],
        [[1, 0], [0, 1]],
        [[1, 1], [0, 1]],
    )
    assert (year.row.tolist(), year.value.tolist()) == ([2, 3], [[1], [-1]])


def test_unknown_labels_of_a_group_have_no_loss():
    """What is predicted where nothing is known changes neither the loss nor any gradient."""
    value, known = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    score = torch.tensor([[0.3, 9.0], [-7.0, 0.2]], requires_grad=True)
    loss = family_loss(GENRE, score, value, known, torch.ones(2))
    expected = -(torch.sigmoid(torch.tensor(0.3)).log() + torch.sigmoid(torch.tensor(0.2)).log()) / 2
    torch.testing.assert_close(loss, expected)
    (grad,) = torch.autograd.grad(loss, score)
    assert grad[known == 0].eq(0).all()


def test_class_weights_are_a_weighted_mean():
    """Weighted cross-entropy divides by the weights, as torch's does."""
    score, label, weight = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0]), torch.tensor([0.5, 1.0, 3.0])
    value = torch.eye(3)[label]
    expected = torch.nn.functional.cross_entropy(score, label, weight)
    torch.testing.assert_close(family_loss(VENUE, score, value, torch.ones(5, 3), weight), expected)


def test_rare_classes_weigh_more_and_unseen_ones_do_not_explode():
    """(mean count / count) ** power over the classes that occur."""
    value = torch.eye(3)[torch.tensor([0, 0, 0, 1])]
    torch.testing.assert_close(rareness(VENUE, value, 0.5)[:2], torch.tensor([2 / 3, 2.0]).sqrt())
    assert rareness(VENUE, value, 0.5).isfinite().all()
    assert rareness(GENRE, value, 0.5).tolist() == [1, 1]


def test_answers():
    """Probabilities for discrete families, values for others."""
    score = torch.tensor([[1.0, 2.0, 0.5]])
    torch.testing.assert_close(answers(VENUE, score).sum(), torch.tensor(1.0))
    torch.testing.assert_close(answers(GENRE, score), score.sigmoid())
    torch.testing.assert_close(answers(YEAR, score), score)


@pytest.mark.parametrize("seed", range(3))
def test_headlines_are_those_of_scikit_learn(seed: int):
    """One number per family, larger is better, by which epochs are chosen."""
    rng = np.random.default_rng(seed)
    n = 40
    label, guess = rng.integers(3, size=n), rng.random((n, 3))
    found = headline(VENUE, guess, asked(np.eye(3)[label]))
    told = (f1_score(label, guess.argmax(1), average="macro") + (label == guess.argmax(1)).mean()) / 2
    assert found == pytest.approx(told)
    binary, score = rng.integers(2, size=(n, 2)), rng.random((n, 2))
    parts = [
        (roc_auc_score(binary[:, c], score[:, c]) + average_precision_score(binary[:, c], score[:, c])) / 2
        for c in range(2)
    ]
    assert headline(GENRE, score, asked(binary)) == pytest.approx(np.mean(parts))
    value, near = rng.standard_normal((n, 1)), rng.standard_normal((n, 1))
    assert headline(YEAR, near, asked(value)) == pytest.approx(r2_score(value, near))


def test_no_label_no_headline():
    """A family without validation labels does not choose."""
    assert headline(YEAR, np.zeros((0, 1)), FamilyTargets.none(YEAR)) is None
    assert headline(GENRE, np.zeros((3, 2)), asked(np.ones((3, 2)))) is None


def asked(value: np.ndarray) -> FamilyTargets:
    tensor = torch.from_numpy(value.astype(np.float32))
    return FamilyTargets(torch.arange(len(tensor)), tensor, torch.ones_like(tensor))


def test_families_know_their_columns_after_a_round_trip():
    """The group of a task survives JSON."""
    again = families(TaskSet.from_json(TASKS.to_json()))
    assert [(f.name, f.columns.tolist()) for f in again] == [(f.name, f.columns.tolist()) for f in families(TASKS)]
    assert all(isinstance(f, Family) for f in again)
