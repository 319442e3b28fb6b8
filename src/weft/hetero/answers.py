"""From the members' logits to predictions of nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from weft.data.nodes import Nodes
from weft.hetero.families import Family, Scale
from weft.hetero.losses import answers
from weft.labels import Floats
from weft.predictor import Predictions
from weft.tasks import TaskSet


def to_predictions(
    tasks: TaskSet,
    families: Sequence[Family],
    scores: Sequence[Sequence[Tensor]],
    weight: Floats,
    nodes: Nodes,
    scale: Scale,
) -> Predictions:
    """Return the weighted mean answer of the members and its standard deviation over them; one member has none (NaN).

    Args:
        tasks: the tasks.
        families: of them.
        scores: per member and family, logits `[N_type, C]`.
        weight: of members for families, `[M, F]`; columns sum to one.
        nodes: which nodes are predicted; NaN where a task is not on a node's type.
        scale: of regression columns.
    """
    graph, width = nodes.graph, int(tasks.offsets[-1])
    mean, std = np.full((len(nodes), width), np.nan), np.full((len(nodes), width), np.nan)
    for at, family in enumerate(families):
        start = graph.offset[family.node_type]
        here = np.flatnonzero((nodes.row >= start) & (nodes.row < start + graph.nodes[family.node_type].n))
        local = nodes.row[here] - start
        each = np.stack([answers(family, member[at].double()).cpu().numpy()[local] for member in scores])
        each = each * scale.sd[family.columns] + scale.mean[family.columns]
        share = weight[:, at, None, None]
        mean[np.ix_(here, family.columns)] = middle = (share * each).sum(0)
        if len(each) > 1:
            spread = (share * (each - middle) ** 2).sum(0) / (1 - (share**2).sum())
            std[np.ix_(here, family.columns)] = np.sqrt(spread)
    return Predictions(tasks, mean, std, np.ones(len(nodes), bool))
