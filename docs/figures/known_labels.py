"""Figures of MetaLink: the knowledge graph, the four settings, and what a known label does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib import pyplot as plt
from style import DARK, INK, LIGHT, MIDDLE, QUIET, WARM, arrow, bare, box, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@drawing("knowledge-graph")
def knowledge_graph() -> Figure:
    """Molecules and assays as two kinds of node, known labels as edges."""
    figure, ax = plt.subplots(figsize=(6.4, 3.3))
    bare(ax, 9, 4.6)
    data, tasks = [(2.2, y) for y in (3.6, 2.2, 0.8)], [(6.8, y) for y in (3.9, 2.7, 1.5, 0.3)]
    known = {(0, 0): 1, (0, 1): 1, (0, 2): 0, (1, 0): 1, (1, 2): 0, (1, 3): 0, (2, 1): 1, (2, 3): 1}
    for (i, j), value in known.items():
        ax.plot(*zip(data[i], tasks[j], strict=True), color=DARK if value else QUIET, ls="-" if value else "--", lw=1.6)
    ax.plot(*zip(data[2], tasks[0], strict=True), color=WARM, lw=2.4, ls=":")
    ax.text(4.0, 1.98, "?", color=WARM, fontsize=15, weight="bold", ha="center")
    for i, at in enumerate(data):
        box(ax, at, (1.9, 0.55), f"molecule {'ABC'[i]}", LIGHT)
    for j, at in enumerate(tasks):
        box(ax, at, (1.7, 0.55), f"assay {j + 1}", DARK)
    lines = ((0.1, DARK, "-", "known: 1"), (3.2, QUIET, "--", "known: 0"), (6.2, WARM, ":", "asked"))
    for x, colour, style, words in lines:
        ax.plot([x, x + 0.7], [-0.4, -0.4], color=colour, ls=style, lw=2, clip_on=False)
        ax.text(x + 0.85, -0.4, words, va="center", fontsize=9)
    ax.set_ylim(-0.7, 4.4)
    return figure


@drawing("settings")
def settings() -> Figure:
    """Which cells of a table are learnt from, shown and asked in the four settings."""
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 4.6))
    titles = ("standard", "relational", "meta", "relational_meta")
    for ax, title in zip(axes.flat, titles, strict=True):
        _table(ax, shows=title.startswith("relational"), new=title.endswith("meta"))
        ax.set_title(title, family="monospace", fontsize=10)
    handles = [plt.Rectangle((0, 0), 1, 1, fc=fill, ec=INK, hatch=hatch) for fill, hatch in _LOOKS.values()]
    figure.legend(handles, list(_LOOKS), ncols=4, loc="outside lower center", frameon=False, fontsize=9)
    return figure


#: What a cell is -> its colour and hatch; the hatches tell them apart in grey.
_LOOKS = {
    "learnt from": (MIDDLE, ""),
    "shown of the query": (LIGHT, "////"),
    "asked": (WARM, "xx"),
    "blank": ("white", ""),
}


def _table(ax: Axes, shows: bool, new: bool) -> None:
    """Draw three training rows and one query row over five tasks, the last of which may be new."""
    bare(ax, 7.4, 4.7)
    blank = {(0, 1), (1, 3), (2, 0), (2, 2)}
    for i in range(4):
        for j in range(5):
            query, added = i == 3, j == 4
            what = "blank" if (i, j) in blank or (new and added and i == 1) else "learnt from"
            if query:
                asked = added or not new
                what = "shown of the query" if shows and j in (0, 2) else "asked" if asked else "blank"
            fill, hatch = _LOOKS[what]
            x = 2 + j + (0.3 if added and new else 0)
            corner = (x, 3 - i + (0 if query else 0.3))
            ax.add_patch(plt.Rectangle(corner, 0.9, 0.8, fc=fill, ec=INK, lw=0.8, hatch=hatch))
    ax.text(1.8, 2.4, "training\nrows", ha="right", va="center", fontsize=9)
    ax.text(1.8, 0.4, "query", ha="right", va="center", fontsize=9)
    if new:
        ax.text(6.75, 4.25, "new task", ha="center", fontsize=8)


@drawing("one-label")
def one_label() -> Figure:
    """The label channel itself (`weft.metalink.exact`) on five tasks: before and after one result is known."""
    from weft.metalink.columns import ColumnLabels
    from weft.metalink.exact import ExactLabelLayer, averaged_logit

    names = ["receptor binding", "receptor agonist", "receptor antagonist", "enzyme inhibition", "membrane toxicity"]
    loading = torch.tensor([[2.0, 0.0], [1.8, 0.3], [1.3, -0.8], [-0.3, 1.6], [0.1, 0.1]])
    m = torch.logit(torch.tensor([[0.35, 0.30, 0.25, 0.40, 0.30]]))
    layer, discrete = ExactLabelLayer(loading, torch.full((5,), 0.3)), torch.zeros(5, dtype=torch.bool)
    shown: list[np.ndarray] = []
    with torch.no_grad():
        for value in (None, 1.0, 0.0):
            known, values = torch.zeros(1, 5), torch.zeros(1, 5)
            if value is not None:
                known[0, 0], values[0, 0] = 1, value
            shown.append(torch.sigmoid(averaged_logit(*layer(m, ColumnLabels(known, values, discrete))))[0].numpy())
    figure, ax = plt.subplots(figsize=(6.4, 2.9))
    y = np.arange(4)
    looks = ((0, "nothing known", QUIET, "o"), (1, "binding known: 1", DARK, "^"), (2, "binding known: 0", WARM, "v"))
    ax.hlines(y, np.min(shown, 0)[1:], np.max(shown, 0)[1:], LIGHT, lw=5)
    for at, words, colour, mark in looks:
        ax.plot(shown[at][1:], y, mark, color=colour, label=words, ms=8)
    ax.set(yticks=y, yticklabels=names[1:], xlim=(0, 1), xlabel="probability of class 1", ylim=(3.5, -0.5))
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    return figure


@drawing("two-parts")
def two_parts() -> Figure:
    """The default model: a profile from the structure, a hidden state from the known labels."""
    figure, ax = plt.subplots(figsize=(6.6, 2.9))
    bare(ax, 10.6, 4.2)
    box(ax, (1.3, 3.2), (2.2, 0.8), "structure\n(SMILES)")
    box(ax, (4.7, 3.2), (2.9, 0.8), "profile: four learners,\nout of fold, calibrated", MIDDLE)
    box(ax, (1.3, 1.0), (2.2, 0.8), "known labels\n(some or none)")
    box(ax, (4.7, 1.0), (2.9, 0.8), "hidden state u:\nmean and covariance", MIDDLE)
    box(ax, (8.9, 2.1), (2.6, 1.0), "every task:\nprobability or value,\nstandard deviation", DARK)
    arrow(ax, (2.4, 3.2), (3.2, 3.2))
    arrow(ax, (2.4, 1.0), (3.2, 1.0))
    arrow(ax, (4.7, 2.75), (4.7, 1.45), QUIET, "--")
    ax.text(4.85, 2.1, "what was expected", fontsize=8, color=INK, va="center")
    arrow(ax, (6.2, 3.1), (7.6, 2.4))
    arrow(ax, (6.2, 1.1), (7.6, 1.8))
    return figure
