"""Where a model fails: far from what it was trained on, and on which data worst."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from weft.labels import Asked
from weft.report.depict import picture_of
from weft.report.facts import Facts
from weft.report.measured import Measured
from weft.report.misses import shown_section
from weft.report.near import Group, groups_of, near_figure
from weft.report.neighbours import Nearest, degrees, nearest
from weft.report.page import Section, heading, paragraph, table
from weft.report.titles import between, title
from weft.report.worst import Miss, worst
from weft.tasks import Kind

if TYPE_CHECKING:
    from weft.training.answers import Answers

_EDGES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)


def failures_section(facts: Facts, measured: Measured) -> Section | None:
    """Scores by nearness to the training data, and the data predicted worst."""
    if facts.answers is None or not len(facts.answers.known):
        return None
    near = None
    if facts.row_names:
        body = ""
    elif facts.graph is None:
        near = nearest(facts.data, facts.answers.rows, facts.split.train)
        body = "" if near is None else _by_similarity(facts.answers, measured, near)
    else:
        body = _by_degree(facts, facts.answers, measured)
    misses = worst(facts.answers)
    if facts.row_names:
        body += shown_section(facts, misses)
    else:
        body += _drawn(facts, misses, near) if facts.graph is None else _listed(facts, misses)
    return Section("Where it fails", body, "failures") if body else None


def _by_similarity(answers: Answers, measured: Measured, near: Nearest) -> str:
    groups = groups_of(near.similarity, near.at, _EDGES, [f"{a:g} to {b:g}" for a, b in pairwise(_EDGES)])
    of = "" if len(near.at) == len(answers.rows) else f" Of {len(near.at):,} test molecules drawn at random."
    text = (
        "How alike a molecule is to its nearest training molecule (Tanimoto of Morgan fingerprints: 1 is the same "
        f"bits, below 0.3 hardly anything in common). Median here: {np.median(near.similarity):.2f}.{of}"
    )
    return _grouped(answers, measured, groups, "similarity to the nearest training molecule", "molecules", text)


def _by_degree(facts: Facts, answers: Answers, measured: Measured) -> str:
    if facts.graph is None:
        return ""
    count = degrees(facts.graph)[answers.rows].astype(float)
    edges = np.unique(np.quantile(count, [0, 0.2, 0.4, 0.6, 0.8, 1], method="lower"))
    if len(edges) < 3:
        return ""
    ends = [*(b - 1 for b in edges[1:-1]), edges[-1]]  # the last group holds its upper edge
    names = [f"{a:.0f}" if a == b else f"{a:.0f} to {b:.0f}" for a, b in zip(edges, ends, strict=False)]
    groups = groups_of(count, np.arange(len(count)), edges, names)
    text = "How a node's number of edges, all relations together, goes with how well it is predicted."
    return _grouped(answers, measured, groups, "edges of the node", "nodes", text)


def _grouped(answers: Answers, measured: Measured, groups: Sequence[Group], axis: str, things: str, text: str) -> str:
    metrics = list(measured.metrics.values())
    if not metrics:
        return ""
    metric = max(dict.fromkeys(metrics), key=metrics.count)
    found = answers.told_nothing()
    told = [group.scored(found, Asked(answers.known), measured.metrics, metric) for group in groups]
    known = [each for each in told if each.mean.value is not None]
    if not known:
        return paragraph(f"{text} Too few labels to score such groups of {things} apart.", first=True)
    first, last = known[0], known[-1]
    words = (
        f" The mean {title(metric)} is {first.mean.value:.3f} at {first.name} and {last.mean.value:.3f} at {last.name}."
    )
    rows = [[g.name, f"{g.data:,}", f"{g.labels:,}", str(g.tasks), between(metric, g.mean)] for g in told]
    caption = f"Mean {title(metric)} with nothing shown, over tasks with five labels of each class, and 95% interval"
    body = paragraph(text + words, first=True) + near_figure(told, metric, axis, things)
    return body + table(caption, [axis, things, "labels", "tasks", f"mean {title(metric)}"], rows)


def _drawn(facts: Facts, misses: Sequence[Miss], near: Nearest | None) -> str:
    """Draw the molecules predicted worst."""
    if not misses or facts.answers is None:
        return ""
    like = {} if near is None else {int(at): k for k, at in enumerate(near.at)}
    items = ""
    keys = facts.data.take(facts.answers.rows[[miss.at for miss in misses]]).keys
    for key, miss in zip(keys, misses, strict=True):
        drawn = picture_of(key, f"Structure of {key}")
        beside = "" if near is None or miss.at not in like else _neighbour(facts, near, like[miss.at], miss)
        items += (
            f"<li>{drawn}<b>{html.escape(miss.task.name)}</b>{html.escape(miss.words())}. {html.escape(beside)}"
            f"<code>{html.escape(key)}</code></li>"
        )
    return heading("The worst predicted molecules") + paragraph(_WORST) + f'<ul class="drawn">{items}</ul>'


_WORST = (
    "The test labels that the model was most wrong about from structure alone: at most one of a molecule and three of "
    "a task. Look for errors of measurement first, then for chemistry that the training part lacks."
)


def _neighbour(facts: Facts, near: Nearest, k: int, miss: Miss) -> str:
    """Say how near the nearest training molecule is, and what is known of it."""
    labels = facts.labels
    row, col = int(near.row[k]), labels.tasks.index(miss.task.name)
    at = np.flatnonzero((labels.row == row) & (labels.col == col))
    said = "has no label of this task"
    if len(at):
        value = float(labels.value[at[0]])
        said = (
            f"was measured {value:.4g}" if miss.task.kind is Kind.REGRESSION else f"is {miss.task.classes[int(value)]}"
        )
    return f"The nearest training molecule (similarity {near.similarity[k]:.2f}) {said}."


def _listed(facts: Facts, misses: Sequence[Miss]) -> str:
    """List the nodes predicted worst."""
    if not misses or facts.answers is None:
        return ""
    keys = facts.data.take(facts.answers.rows[[miss.at for miss in misses]]).keys
    rows = [[key.replace("/", " ", 1), miss.task.name, miss.words()] for key, miss in zip(keys, misses, strict=True)]
    text = "The test labels that the model was most wrong about: at most one of a node and three of a task."
    caption = "The worst predicted nodes"
    return (
        heading(caption) + paragraph(text) + table(caption, ["node", "task", "label and prediction"], rows, text=True)
    )
