"""Do gates find what was planted? The customer graph says which tasks read a relation alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.data.customers import PLANTED
from weft.data.hetero import Relation

if TYPE_CHECKING:
    from weft.data.hetero import HeteroGraph
    from weft.hetero.gate_table import GateSummary
    from weft.predictor import Predictor


def planted_shares(predictors: Sequence[Predictor], graph: HeteroGraph) -> dict[str, Any]:
    """Return of every planted relation and task what share a task of its camp has, and one of the other camp.

    Args:
        predictors: the fitted models of a row; nothing is told of models without gates, or of several.
        graph: the customer graph.
    """
    table = getattr(predictors[0], "gate_table", None) if len(predictors) == 1 else None
    rows: Sequence[GateSummary] = [] if table is None else table(graph)
    return {"gates": shares(rows)} if rows else {}


def shares(rows: Sequence[GateSummary]) -> list[dict[str, Any]]:
    """Return a line per planted relation and task: mean shares per source task, over layers into customers.

    `own` is the share of the task's own expert; `partner` of an expert of another task of its camp, `opponent` of one
    of the other camp, each the mean over such experts.
    """
    found: list[dict[str, Any]] = []
    for relation, camps in PLANTED.items():
        into = Relation(relation.target, f"rev_{relation.name}", relation.source).key
        for task, camp in camps.items():
            taken = _mean_by_source([row for row in rows if row.relation == into and row.task == task])
            if not taken:
                continue
            partners = [share for source, share in taken.items() if source != task and camps.get(source) == camp]
            others = [share for source, share in taken.items() if camps.get(source) == 1 - camp]
            line = {"relation": relation.name, "task": task, "own": round(taken.get(task, 0.0), 4)}
            found.append({**line, "partner": _rounded(partners), "opponent": _rounded(others)})
    return found


def _mean_by_source(rows: Sequence[GateSummary]) -> Mapping[str, float]:
    return {s: float(np.mean([row.mean for row in rows if row.source == s])) for s in {row.source for row in rows}}


def _rounded(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
