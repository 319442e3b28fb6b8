"""The released loss over known labels, for classes that exclude each other and for those that do not."""

from __future__ import annotations

import torch

from weft.hetero.paper_loss import probability_bce


def test_classes_that_exclude_each_other_share_one_softmax():
    logit, target = torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    p = logit.softmax(1)
    by_hand = -(target * p.log() + (1 - target) * (1 - p).log()).sum() / 4
    torch.testing.assert_close(probability_bce(logit, target), by_hand)


def test_labels_that_do_not_exclude_each_other_stand_alone_and_unknown_ones_do_not_count():
    logit, target = torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    known = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    each = torch.nn.functional.binary_cross_entropy_with_logits(logit, target, reduction="none")
    found = probability_bce(logit, target, known, exclusive=False)
    torch.testing.assert_close(found, each[known > 0].mean())
    changed = probability_bce(logit, target * known, known, exclusive=False)
    torch.testing.assert_close(found, changed)


def test_the_best_loss_of_unit_logits_is_far_from_zero():
    """The best unit vector for a class is its centred one-hot: probability 0.514 of 4 classes, 0.128 of 20."""
    for classes, best, floor in ((4, 0.514, 0.30), (20, 0.128, 0.147)):
        target = torch.eye(classes)
        logit = torch.nn.functional.normalize(target - 1 / classes)
        assert abs(float(logit.softmax(1)[0, 0]) - best) < 1e-3
        assert abs(float(probability_bce(logit, target)) - floor) < 5e-3
