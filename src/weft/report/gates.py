"""Pictures of InLINE's gates: which task takes what from which, by layer, receiving type and relation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from weft.report.page import Section, paragraph
from weft.report.svg import DARK, drawing, figure_html, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More receiving tasks than this are not drawn in one picture; all are in `gate_table`.
MOST = 12
#: In a picture with more columns or rows than this, numbers would not be legible.
_NUMBERED = 14
_WIDTH = 7.2
#: A path of two hops that goes back along the relation it came by.
_BACK = re.compile(r"(?:rev_)?(?P<by>.+)_(?P<middle>.+?)_(?:rev_)?(?P=by)")


class GateRow(Protocol):
    """One line of `gate_table`: what `task` takes from `source`, on average over the nodes of a type."""

    @property
    def layer(self) -> int:
        """From 0."""
        ...

    @property
    def kind(self) -> str:
        """Receiving type."""
        ...

    @property
    def relation(self) -> str:
        """Key of the relation, or its name."""
        ...

    @property
    def task(self) -> str:
        """Who takes."""
        ...

    @property
    def source(self) -> str:
        """Whose expert it is taken from."""
        ...

    @property
    def mean(self) -> float:
        """Share, on average over nodes."""
        ...

    @property
    def sd(self) -> float:
        """Its standard deviation over nodes."""
        ...


def gates_section(rows: Sequence[GateRow]) -> Section | None:
    """Return the pictures of all layers and types; None without a gate that has a choice."""
    pictures = [
        picture
        for layer, kind in dict.fromkeys((row.layer, row.kind) for row in rows)
        if (picture := gates([row for row in rows if (row.layer, row.kind) == (layer, kind)]))
    ]
    if not pictures:
        return None
    text = (
        "In every layer each task's expert makes a message per relation, and each task takes a mixture of all "
        "experts' messages. A row is a relation, a column the task whose message is taken, a number the share it "
        "has, on average over the nodes; a row adds up to 1. A frame marks a task's own expert. Where sharing does "
        "not pay, tasks keep to their own; shares that differ between the rows of a task say that it takes "
        "from one task along one relation and from another along the next."
    )
    return Section("Which task takes what from which", paragraph(text) + "".join(pictures))


def gates(rows: Sequence[GateRow]) -> str | None:
    """Draw one layer's gates of one receiving type: a heat map per task, relations by source tasks.

    Args:
        rows: of one layer and type.

    Returns:
        A `<figure>`; None with a single source, which leaves no choice.
    """
    tasks, relations, sources = (list(dict.fromkeys(words)) for words in zip(*_words(rows), strict=True))
    if len(sources) < 2:
        return None
    share, drawn = _shares(rows, tasks, relations, sources), tasks[:MOST]
    layer, kind = rows[0].layer, rows[0].kind
    with drawing():
        across = max(1, min(len(drawn), int(_WIDTH / (0.45 * len(sources) + 0.6))))
        down = -(-len(drawn) // across)
        across = -(-len(drawn) // down)  # rows of panels as even as can be
        figure = new_figure(_WIDTH, 1.3 + down * (0.7 + 0.3 * len(relations)))
        panels: list[Axes] = list(figure.subplots(down, across, squeeze=False).flat)
        for at, panel in enumerate(panels[: len(drawn)]):
            _panel(panel, drawn[at], share[at], relations, sources)
            if at % across:
                panel.set_yticklabels([])
            if at + across < len(drawn):
                panel.set_xticklabels([])
        for panel in panels[len(drawn) :]:
            panel.set_visible(False)
        figure.colorbar(
            panels[0].images[0],
            ax=panels,
            shrink=min(0.8, 2.4 / down),
            fraction=0.04,
            label="share taken",
            ticks=[0, 0.5, 1],
            format="%.1f",
        )
        name = f"gates-{layer}-{''.join(c if c.isalnum() else '-' for c in kind)}"
        caption = f"Layer {layer + 1}, into {kind}: the share that each task takes from every expert."
        if len(tasks) > MOST:
            caption += f" {MOST} of {len(tasks)} tasks are drawn."
        return figure_html(figure, name, _alt(layer, kind, drawn, relations, sources, share), caption)


def _words(rows: Sequence[GateRow]) -> list[tuple[str, str, str]]:
    return [(row.task, _relation(row.relation), row.source) for row in rows]


def _relation(key: str) -> str:
    """Return a relation as people read it: `author writes`, or `paper via author` for one of two hops."""
    parts = key.split("__")
    if len(parts) != 3:
        return key
    source, name, target = parts
    if source == target and name.startswith(f"{target}_") and name.endswith(f"_{source}"):
        there = name.removeprefix(f"{target}_").removesuffix(f"_{source}")
        back = _BACK.fullmatch(there)
        return f"{source} via {back['middle']}" if back else f"{source} via {there}"
    return f"{source} {name}".replace(" rev_", " ↩ ")


def _shares(
    rows: Sequence[GateRow], tasks: Sequence[str], relations: Sequence[str], sources: Sequence[str]
) -> NDArray[np.float64]:
    """Return the shares `[T, R, S]`, NaN where there is no row."""
    share = np.full((len(tasks), len(relations), len(sources)), np.nan)
    for row, (task, relation, source) in zip(rows, _words(rows), strict=True):
        share[tasks.index(task), relations.index(relation), sources.index(source)] = row.mean
    return share


def _panel(axes: Axes, task: str, share: NDArray[np.float64], relations: Sequence[str], sources: Sequence[str]) -> None:
    from matplotlib.patches import Rectangle

    axes.imshow(share, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    axes.set_title(f"{_short(task)} takes", fontsize=9.5, loc="left")
    ticks = [_short(word) for word in sources], [_short(word) for word in relations]
    axes.set_xticks(range(len(sources)), ticks[0], rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(relations)), ticks[1], fontsize=8)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if max(share.shape) <= _NUMBERED:
        for i, j in np.argwhere(np.isfinite(share)):
            colour = "w" if share[i, j] > 0.55 else "k"
            axes.text(j, i, f"{share[i, j]:.2f}", ha="center", va="center", fontsize=7.5, color=colour)
    if task in sources:
        corner = sources.index(task) - 0.5, -0.5
        axes.add_patch(Rectangle(corner, 1, len(relations), fill=False, edgecolor=DARK, lw=1.8, clip_on=False))


def _alt(
    layer: int,
    kind: str,
    tasks: Sequence[str],
    relations: Sequence[str],
    sources: Sequence[str],
    share: NDArray[np.float64],
) -> str:
    """Say of each task and relation from whom it takes most, and of the task what it keeps to itself."""
    told: list[str] = []
    for at, task in enumerate(tasks):
        most = [
            f"{relation}: {sources[int(np.nanargmax(row))]} {np.nanmax(row):.2f}"
            for relation, row in zip(relations, share[at], strict=True)
            if np.isfinite(row).any()
        ]
        told.append(f"{task} takes most from, along {'; '.join(most)}")
    return f"Heat maps of gates, layer {layer + 1}, into {kind}. {'. '.join(told)}."


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
