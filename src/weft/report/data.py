"""What the data are: labels per task and part, how much is known of a datum, and how they were split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from weft.labels import Ints, LabelTable
from weft.report.facts import Facts
from weft.report.figures import MOST
from weft.report.graph_tables import graph_tables
from weft.report.page import Section, heading, paragraph, table
from weft.report.svg import DARK, EDGE, LIGHT, drawing, figure_html, new_figure
from weft.tasks import Kind, Task
from weft.words import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CLASSES = 4
_TOLD = 8


def data_section(facts: Facts) -> Section:
    """Rows, labels, and what cannot be used."""
    labels = facts.labels
    body = paragraph(_words(facts), first=True)
    body += known_share(labels, facts) + how_many_known(labels, facts)
    body += _labels_table(facts)
    if facts.graph is not None:
        body += heading("The graph") + graph_tables(facts.graph)
    if facts.unusable:
        left = f" The first {_TOLD}:" if len(facts.unusable) > _TOLD else ":"
        body += heading("What cannot be used") + paragraph(
            f"{many(len(facts.unusable), 'row', mark=',')} of the table cannot be used; predictions are blank there"
            + left
        )
        body += table("Rows that cannot be used", ["row", "why"], [_cut(line) for line in facts.unusable[:_TOLD]], True)
    return Section("The data", body, "data")


def _cut(line: str) -> list[str]:
    row, _, why = line.partition(": ")
    return [row, why]


def _words(facts: Facts) -> str:
    labels = facts.labels
    n, rows = len(labels), _bearing(labels, facts)
    each = n / max(len(rows), 1)
    tasks, data = many(len(labels.tasks.families), "task", mark=","), many(len(rows), facts.thing, mark=",")
    told = f"{many(n, 'known label', mark=',')} of {tasks} on {data}"
    return f"{told}: {each:.1f} on each, on average. What is not known is left out everywhere, never taken for 0."


def _bearing(labels: LabelTable, facts: Facts) -> Ints:
    """Return the rows that have a label, of those that can be used."""
    return np.flatnonzero(facts.data.ok & (labels.row_counts() > 0))


def known_share(labels: LabelTable, facts: Facts) -> str:
    """Draw, per task, how many labels are known, split by class for binary tasks."""
    names = labels.tasks.names[:MOST]
    counts = labels.counts()
    ones = np.array([_ones(labels, j) for j in range(len(labels.tasks))])
    binary = np.array([task.kind is Kind.BINARY for task in labels.tasks])
    with drawing():
        figure = new_figure(7.2, 1.1 + 0.3 * len(names))
        axes: Axes = figure.subplots()
        at = np.arange(len(names))
        rest = (counts - np.where(binary, ones, 0))[: len(names)]
        axes.barh(at, rest, 0.7, color=LIGHT, edgecolor=EDGE, lw=0.6, label="0, or any label of other kinds")
        if binary.any():
            own = np.where(binary, ones, 0)[: len(names)]
            axes.barh(at, own, 0.7, left=rest, color=DARK, edgecolor=EDGE, lw=0.6, label="1")
            figure.legend(loc="outside upper left", ncols=2, frameon=False)
        for y, task, n, one in zip(at, labels.tasks, counts, ones, strict=False):
            text = f"{n:,}" + (f", {one / max(n, 1):.0%} are 1" if task.kind is Kind.BINARY else "")
            axes.annotate(text, (n, y), (5, 0), textcoords="offset points", va="center", fontsize=8)
        axes.set_yticks(at, [name if len(name) <= 30 else name[:29] + "…" for name in names])
        axes.invert_yaxis()
        axes.set_xlim(0, max(counts.max(initial=1), 1) * 1.22)
        axes.set_xlabel("known labels")
        told = "; ".join(f"{name} {n}" for name, n in zip(names[:12], counts, strict=False))
        caption = f"Known labels per task, all parts together ({len(facts.labels.tasks)} tasks)."
        return figure_html(figure, "labels", f"Bars of the number of known labels per task: {told}.", caption)


def _ones(labels: LabelTable, j: int) -> int:
    return int((labels.value[labels.col == j] == 1).sum())


def how_many_known(labels: LabelTable, facts: Facts) -> str:
    """Draw on how many data so many labels are known; nothing for a single task."""
    if len(labels.tasks) < 2:
        return ""
    counts = labels.row_counts()[_bearing(labels, facts)]
    if not len(counts):
        return ""
    most = int(counts.max())
    step = max(1, -(-most // 30))
    edges = np.arange(1, most + step + 1, step)
    held = np.histogram(counts, edges)[0]
    with drawing():
        figure = new_figure(7.2, 2.4)
        axes: Axes = figure.subplots()
        axes.bar(edges[:-1] + (step - 1) / 2, held, 0.85 * step, color=LIGHT, edgecolor=EDGE, lw=0.6)
        axes.set(xlabel=f"labels known of a {facts.thing}", ylabel=facts.things)
        middle = float(np.median(counts))
        alt = f"Histogram of the labels known per {facts.thing}: from {counts.min()} to {most}, median {middle:g}."
        caption = f"How many labels are known of a {facts.thing}: what can be shown beside the one that is asked."
        return figure_html(figure, "known", alt, caption)


def _labels_table(facts: Facts) -> str:
    """Tell, per task, labels in every part and what they say."""
    labels, parts = facts.labels, [p for p in facts.split.parts() if facts.ours or len(facts.rows_of(p))]
    held = [labels.on_rows(facts.rows_of(part)) for part in parts]
    counts = [table_.counts() for table_ in held]
    graph = facts.graph is not None
    rows: list[list[str]] = []
    for j, task in enumerate(labels.tasks):
        each = [_in_part(task, table_, j, int(n[j])) for table_, n in zip(held, counts, strict=True)]
        of = f"{task.node_type} " if graph else ""
        rows.append([task.name, f"{of}{task.kind}", *each, _says(labels, task, j)])
    header = ["task", "kind", *parts, "classes, or mean ± sd"]
    caption = "Known labels in each part, for a binary task with the share of 1"
    return table(caption, header, rows, words=(1, len(header) - 1))


def _in_part(task: Task, held: LabelTable, j: int, n: int) -> str:
    return f"{n} ({_ones(held, j) / n:.0%})" if task.kind is Kind.BINARY and n else str(n)


def _says(labels: LabelTable, task: Task, j: int) -> str:
    values = labels.value[labels.col == j]
    if task.kind is Kind.REGRESSION:
        return f"{values.mean():.4g} ± {values.std():.4g}" if len(values) else "-"
    held = np.bincount(values.astype(np.int64), minlength=len(task.classes))
    if len(task.classes) > _MOST_CLASSES:
        return f"{len(task.classes)} classes of {held.min()} to {held.max()}"
    return ", ".join(f"{name}: {n}" for name, n in zip(task.classes, held, strict=True))


def split_section(facts: Facts) -> Section:
    """How many rows and labels each part has, and what that means."""
    split, labels = facts.split, facts.labels
    rows: Sequence[list[str]] = [
        [part, f"{len(own):,}", f"{len(labels.on_rows(own)):,}", what]
        for (part, own), what in zip(
            split.parts().items(),
            ("the model learnt from these", "chose the epoch and calibrate", "scored once, never learnt from"),
            strict=True,
        )
        if facts.ours or len(own)
    ]
    seed = "" if split.seed is None else f", seed {split.seed}"
    told = f"Method: {split.method}{seed}. {_method_words(split.method, facts)}"
    body = paragraph(told, first=True) + table("Parts", ["part", facts.things, "labels", "used for"], rows, words=(3,))
    return Section("The split", body, "split")


def _method_words(method: str, facts: Facts) -> str:
    if not facts.ours:
        return "These are not the data of the fit: what the model had seen is left out, the rest is scored."
    words = {
        "scaffold": "No Bemis-Murcko scaffold is in two parts, so the test asks for chemistry that was not trained on.",
        "random": f"Drawn at random: test {facts.things} resemble training ones, so scores are those of interpolation.",
        "published": "The parts that came with the graph.",
    }
    return words.get(method.split(":")[0], "As given by the person.")
