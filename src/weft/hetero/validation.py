"""One number per family by which epochs are chosen."""

from __future__ import annotations

import numpy as np

from weft.hetero.families import Family
from weft.hetero.losses import FamilyTargets
from weft.labels import Floats
from weft.tasks import Kind
from weft.training.metrics import macro_f1, pr_auc, r2, roc_auc


def headline(family: Family, answer: Floats, asked: FamilyTargets) -> float | None:
    """Return how good `answer` `[n, C]` is on the asked labels, larger is better, or None where nothing tells.

    Multiclass: mean of macro-F1 and accuracy; binary: mean of ROC-AUC and average precision over its labels;
    regression: R² on standardised values.
    """
    value, known = asked.value.cpu().numpy().astype(float), asked.known.cpu().numpy() > 0
    if not len(value):
        return None
    if family.kind is Kind.MULTICLASS:
        truth, guess = value.argmax(1), answer.argmax(1)
        return (macro_f1(truth, guess) + float((guess == truth).mean())) / 2
    columns = range(value.shape[1])
    if family.kind is Kind.BINARY:
        found = [_binary(value[known[:, c], c], answer[known[:, c], c]) for c in columns]
    else:
        found = [r2(value[known[:, c], c], answer[known[:, c], c]) for c in columns]
    defined = [one for one in found if one is not None]
    return float(np.mean(defined)) if defined else None


def _binary(truth: Floats, answer: Floats) -> float | None:
    auc, precision = roc_auc(truth, answer), pr_auc(truth, answer)
    return None if auc is None or precision is None else (auc + precision) / 2
