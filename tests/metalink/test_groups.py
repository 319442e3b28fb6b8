"""Classes as groups of task nodes, beside binary and regression tasks in one knowledge graph."""

import pytest
import torch
from torch.nn import functional as F

from tests.metalink.problems import MIXED, related
from weft.metalink.columns import Layout
from weft.tasks import Kind
from weft.training.losses import ColumnLoss

CLASSES = slice(2, 5)  # the columns of the task c, between those of a, b and of r, d


def test_a_group_shares_one_softmax_and_counts_as_one_cell():
    """The loss of a table with all kinds of task, cell by cell. Seen to catch: a class counted once per class."""
    problem = related(n=20)
    layout = Layout.fit(problem.labels)
    columns = layout.columns(problem.labels)
    torch.manual_seed(0)
    score = torch.randn(20, layout.width)
    loss = ColumnLoss.make(torch.from_numpy(layout.continuous), layout.groups(), torch.full((layout.width,), 0.5))
    total, count = 0.0, 0
    for row, col, value in zip(problem.labels.row, problem.labels.col, problem.labels.value, strict=True):
        at = int(MIXED.offsets[col])
        if MIXED[int(col)].kind is Kind.MULTICLASS:
            total += float(F.cross_entropy(score[row, CLASSES][None], torch.tensor([int(value)])))
        elif MIXED[int(col)].kind is Kind.REGRESSION:
            total += 0.5 * float(score[row, at] - columns.value[row, at]) ** 2
        else:
            total += float(F.binary_cross_entropy_with_logits(score[row, at], torch.tensor(float(value))))
        count += 1
    assert float(loss(score, columns.known, columns.value)) == pytest.approx(total / count, rel=1e-5)
