"""Figures of InLINE: where tasks exchange, one gate, and what gates took in a measured fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from style import DARK, HERE, INK, LIGHT, MIDDLE, QUIET, WARM, arrow, bare, box, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESULTS = HERE.parent / "results"


@drawing("inner-outer")
def inner_outer() -> Figure:
    """Exchange after whole layers against exchange inside a layer, relation by relation."""
    figure, axes = plt.subplots(1, 2, figsize=(7.0, 4.0))
    for ax, inner in zip(axes, (False, True), strict=True):
        bare(ax, 6.2, 6.6)
        ax.set_title("inner-layer (InLINE)" if inner else "outer-layer (MMoE, PLE, cross-stitch)", fontsize=10)
        _stacks(ax, inner)
    return figure


def _stacks(ax: Axes, inner: bool) -> None:
    """Draw two tasks' stacks; messages of two relations come in below, states leave above."""
    for x, task in ((1.6, "task a"), (4.6, "task b")):
        ax.text(x, 6.3, task, ha="center", fontsize=10)
        box(ax, (x, 5.5), (2.2, 0.6), "state", DARK)
        box(ax, (x, 3.6), (2.2, 0.6), "merge relations", MIDDLE)
        for dx, words in ((-0.62, "rel. 1"), (0.62, "rel. 2")):
            box(ax, (x + dx, 1.0), (0.95, 0.6), words)
            arrow(ax, (x + dx, 1.3), (x + dx * 0.6, 3.3))
        arrow(ax, (x, 3.9), (x, 5.2))
    if inner:
        for dx in (-0.62, 0.62):
            arrow(ax, (1.6 + dx, 1.35), (4.6 + dx * 0.75, 3.25), WARM, "--")
            arrow(ax, (4.6 + dx, 1.35), (1.6 + dx * 0.75, 3.25), WARM, "--")
        ax.text(3.1, 0.3, "a gate per node and relation", ha="center", fontsize=9, color=WARM)
        return
    arrow(ax, (1.9, 3.95), (4.2, 5.15), WARM, "--")
    arrow(ax, (4.3, 3.95), (2.0, 5.15), WARM, "--")
    ax.text(3.1, 0.3, "relations are merged before tasks mix", ha="center", fontsize=9, color=WARM)


@drawing("gates")
def gates() -> Figure:
    """What each task took along each relation, on average over the customer graphs: raw figures of docs/results."""
    rows = [json.loads(line) for line in (RESULTS / "inline-customers.jsonl").read_text().splitlines()]
    graphs = [row["probe"]["gates"] for row in rows if row["row"] == "no-labels/inline"]
    found = [
        {**same[0], **{key: np.mean([gate[key] for gate in same]) for key in ("own", "partner", "opponent")}}
        for same in zip(*graphs, strict=True)
    ]
    relations, tasks = list(dict.fromkeys(g["relation"] for g in found)), list(dict.fromkeys(g["task"] for g in found))
    figure, axes = plt.subplots(1, len(relations), figsize=(7.0, 2.8), sharey=True)
    parts = (
        ("own", "its own expert", DARK),
        ("partner", "the partner's", MIDDLE),
        ("opponent", "the opponents'", LIGHT),
    )
    for ax, relation in zip(axes, relations, strict=True):
        share = {g["task"]: g for g in found if g["relation"] == relation}
        left = np.zeros(len(tasks))
        for key, words, colour in parts:
            # the figure is a mean over the two opponents
            width = np.array([share[task][key] * (2 if key == "opponent" else 1) for task in tasks])
            ax.barh(tasks, width, left=left, color=colour, ec=INK, lw=0.6, label=words)
            left = left + width
        ax.set(title=relation, xlim=(0, 1), xticks=(0, 0.5, 1), xlabel="share of the message")
        ax.invert_yaxis()
    handles, words = axes[0].get_legend_handles_labels()
    figure.legend(handles, words, ncols=3, loc="outside lower center", frameon=False, fontsize=9)
    return figure


@drawing("reveal")
def reveal() -> Figure:
    """Accuracy against the share of labels shown: raw figures of docs/results."""
    rows = [json.loads(line) for line in (RESULTS / "accuracy.jsonl").read_text().splitlines()]
    figure, axes = plt.subplots(1, 2, figsize=(7.0, 3.0), sharey=True)
    looks = {
        "default": (DARK, "o", "-"),
        "lightgbm": (WARM, "s", "--"),
        "naive-bayes": (QUIET, "^", ":"),
        "metalink-paper": (MIDDLE, "D", "-."),
    }
    for ax, data in zip(axes, ("sider", "tox21"), strict=True):
        for model, (colour, mark, style) in looks.items():
            mine = [row for row in rows if row["data"] == data and row["model"] == model]
            ratios = sorted({row["reveal"] for row in mine})
            means = [np.mean([row["roc_auc"] for row in mine if row["reveal"] == r]) for r in ratios]
            ax.plot(ratios, means, color=colour, marker=mark, ls=style, label=model, ms=5)
        ax.set(title=data, xlabel="share of labels shown", xticks=(0, 0.2, 0.5, 0.8), ylim=(0.48, 0.92))
        ax.grid(axis="y", color=LIGHT, lw=0.6)
    axes[0].set_ylabel("ROC-AUC, mean of tasks")
    handles, words = axes[0].get_legend_handles_labels()
    figure.legend(handles, words, ncols=4, loc="outside lower center", frameon=False, fontsize=9)
    return figure
