"""What needs no episodes in training: classifiers on embeddings as they are, learnt from each episode's support."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from weft.baselines.linear import linear_model
from weft.fewshot.heads import class_means, square_distances

#: Inverse ridge of the logistic regression, on standardised embeddings.
_STRENGTH = 1.0


def nearest_centroid(support: Tensor, known: Tensor, query: Tensor) -> Tensor:
    """Score by the cosine to the mean of a class's support of length one."""
    mean, _ = class_means(F.normalize(support, dim=1), known)
    return -square_distances(F.normalize(query, dim=1), F.normalize(mean, dim=1))


def logistic_regression(support: Tensor, known: Tensor, query: Tensor) -> Tensor:
    """Score by scikit-learn's multinomial regression on embeddings in units of the support's spread."""
    center, scale = support.mean(0), support.std(0).clamp(min=1e-6)
    answer = known.argmax(1).numpy()
    model = linear_model(False, _STRENGTH).fit(((support - center) / scale).numpy(), answer)
    score = np.asarray(model.decision_function(((query - center) / scale).numpy()))
    return torch.from_numpy(score if score.ndim == 2 else np.stack([-score, score], 1))


#: Name of a reading -> what answers.
FROZEN = {"centroid": nearest_centroid, "logistic": logistic_regression}
