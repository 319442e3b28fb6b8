"""How tasks hang together: in what the model learnt, and in the labels themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from weft.explain.task_map import TaskMap, task_map
from weft.labels import LabelTable
from weft.report.facts import Facts
from weft.report.figures import MOST
from weft.report.heatmap import heatmap, relations
from weft.report.page import Section, heading, paragraph
from weft.tasks import Kind
from weft.training.answers import uses_labels

#: With fewer data known together no correlation is told.
_FEW = 10
#: So many data are asked about.
_ROWS = 100


def map_section(facts: Facts) -> Section | None:
    """The task map of a model that reads labels, and how alike the labels are; None with one task."""
    train = facts.train if facts.ours else facts.labels
    if len(train.tasks) < 2:
        return None
    found = _asked(facts)
    body = "" if found is None else _influence(found, facts.things)
    correlation = label_correlation(train)
    if np.isfinite(correlation[~np.eye(len(correlation), dtype=bool)]).any():
        body += heading("How alike their labels are") + paragraph(
            f"Correlation of labels known of the same {facts.thing}, training part only: what there is to learn from."
        )
        body += relations(train.tasks.names, correlation, facts.things)
    return Section("Task map", body, "map") if body else None


def _asked(facts: Facts) -> TaskMap | None:
    """Ask the model; None for one that reads no labels, or of a graph, where each question is a pass over it."""
    if facts.answers is None or facts.graph is not None or not uses_labels(facts.predictor):
        return None
    return task_map(facts.predictor, facts.data.take(facts.answers.rows), _ROWS)


def _influence(found: TaskMap, things: str) -> str:
    """Draw how far knowing one task's label moves another's answer."""
    keep = list(found.order)[:MOST]
    names = [found.names[k] for k in keep]
    shown = found.influence[np.ix_(keep, keep)].copy()
    place = {name: at for at, cluster in enumerate(found.clusters) for name in cluster}
    words = _most(found)
    text = (
        f"{words} Read a row as: when this task becomes known, so much of the uncertainty of that column is it "
        "expected to explain (correlation ratio, from 0 to 1). Asked of the model itself, on a sample of "
        f"{found.rows} {things}. Frames hold tasks that move each other."
    )
    alt = f"Heat map of influence of {len(names)} tasks on each other. {words}"
    caption = "How much of the column's uncertainty the row's label is expected to explain."
    labels = ("answer that moves", "label that becomes known")
    clusters = [place.get(name, -1) for name in names]
    figure = heatmap(names, shown, "correlation ratio", "task-map", alt, caption, clusters, labels)
    return paragraph(text, first=True) + figure + _groups(found)


def _most(found: TaskMap) -> str:
    if not np.isfinite(found.influence).any() or np.nanmax(found.influence) <= 0:
        return "No task's label moves another's answer."
    i, j = divmod(int(np.nanargmax(found.influence)), len(found.names))
    moved = found.influence[i, j]
    return f"Most is told of {found.names[j]} by {found.names[i]}: {moved:.2f}, on average."


def _groups(found: TaskMap) -> str:
    groups: Sequence[Sequence[str]] = [cluster for cluster in found.clusters if len(cluster) > 1]
    if len(groups) < 2:
        return ""
    told = "; ".join(", ".join(group[:8]) + (f" and {len(group) - 8} more" * (len(group) > 8)) for group in groups)
    return paragraph(f"Groups that move each other: {told}.", soft=True)


def label_correlation(labels: LabelTable) -> NDArray[np.float64]:
    """Return the correlation of every pair of tasks over the data where both are known, `[T, T]`.

    NaN with fewer than ten such data or no variation, and for classes, whose numbers have no order.
    """
    y, mask = labels.to_dense()
    ordered = np.array([task.kind is not Kind.MULTICLASS for task in labels.tasks], bool)
    m = mask.astype(np.float64)
    n = m.T @ m
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (y.T @ m) / n  # [a, b]: mean of a where both are known
        square = ((y**2).T @ m) / n
        covariance = (y.T @ y) / n - mean * mean.T
        spread = np.maximum(square - mean**2, 0)
        result = covariance / np.sqrt(spread * spread.T)
    small = 1e-12 * np.maximum(square, 1)
    told = (n >= _FEW) & (spread > small) & (spread > small).T & ordered & ordered[:, None]
    return np.where(told, result, np.nan)
