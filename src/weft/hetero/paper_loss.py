"""The loss of InLINE's released code."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

#: Weights of author area and paper venue on DBLP, as released.
DBLP_WEIGHTS = (0.005, 0.995)


def probability_bce(logit: Tensor, target: Tensor, known: Tensor | None = None, exclusive: bool = True) -> Tensor:
    """Return the binary cross entropy between class probabilities and 0/1 targets, its mean over nodes and classes.

    With the unit-length logits of `weft.hetero.trunks.output` this is the released loss. Its floor is well above
    zero, as no unit vector gives one of 4 classes more than 0.514, or one of 20 more than 0.128.

    Args:
        logit: `[n, C]`.
        target: one-hot, or 0/1 per label, `[n, C]`.
        known: 1 where the target is known, `[n, C]`; None for everywhere.
        exclusive: whether classes exclude each other (softmax) or not (sigmoid).
    """
    probability = logit.softmax(1) if exclusive else logit.sigmoid()
    each = F.binary_cross_entropy(probability, target, reduction="none")
    return each.mean() if known is None else (each * known).sum() / known.sum().clamp(min=1)
