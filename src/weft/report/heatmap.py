"""Heat maps of tasks by tasks, related ones side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.report.figures import MOST
from weft.report.svg import BLACK, DARK, drawing, figure_html, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NUMBERED = 14
#: So few tasks make a small picture.
_FEW = 6


def relations(tasks: Sequence[str], correlation: NDArray[np.float64], things: str = "molecules") -> str:
    """Draw how alike tasks are: correlations of labels known together, related tasks side by side.

    Args:
        tasks: names, `T`; at most `MOST` are drawn.
        correlation: float `[T, T]`, NaN where too few labels are known together.
        things: what the data are.
    """
    keep = by_likeness(correlation[:MOST, :MOST])
    names, shown = [tasks[k] for k in keep], correlation[np.ix_(keep, keep)].copy()
    np.fill_diagonal(shown, np.nan)
    alt = f"Heat map of {len(keep)} tasks. {_strongest(names, shown)}"
    caption = f"How alike the tasks' labels are on the training {things}; blank where too few are known together."
    return heatmap(names, shown, "correlation of labels", "relations", alt, caption)


def heatmap(
    names: Sequence[str],
    shown: NDArray[np.float64],
    label: str,
    name: str,
    alt: str,
    caption: str,
    clusters: Sequence[int] = (),
    axes_named: tuple[str, str] = ("", ""),
) -> str:
    """Draw numbers of tasks by tasks.

    Args:
        names: of the tasks, `T`, in the order of the rows.
        shown: float `[T, T]`, NaN is left blank.
        label: what a number is.
        name: of the figure.
        alt: what the picture says.
        caption: shown below.
        clusters: of each task, `[T]`; neighbours of one cluster are framed.
        axes_named: what columns and rows are.
    """
    from matplotlib import colormaps

    finite = shown[np.isfinite(shown)]
    low, high = (min(0.0, finite.min()), max(0.1, finite.max())) if finite.size else (0.0, 1.0)
    with drawing():
        side = min(7.2, 2.6 + 0.42 * len(names))
        figure = new_figure(side + 0.6, side)
        axes: Axes = figure.subplots()
        colours = colormaps["Blues"].with_extremes(bad="#e9edf0")
        picture = axes.imshow(shown, cmap=colours, vmin=low, vmax=high)
        size = 9 if len(names) <= 20 else 6
        words = [_short(task) for task in names]
        axes.set_xticks(range(len(names)), words, rotation=60, ha="right", rotation_mode="anchor", fontsize=size)
        axes.set_yticks(range(len(names)), words, fontsize=size)
        axes.set(xlabel=axes_named[0], ylabel=axes_named[1])
        if len(names) <= _NUMBERED:
            _numbers(axes, shown, low, high)
        _frames(axes, clusters)
        axes.spines[:].set_visible(False)
        figure.colorbar(picture, ax=axes, shrink=0.7, label=label)
        return figure_html(figure, name, alt, caption, small=len(names) <= _FEW, tight=True)


def _numbers(axes: Axes, shown: NDArray[np.float64], low: float, high: float) -> None:
    for i, j in np.argwhere(np.isfinite(shown)):
        dark = (shown[i, j] - low) / (high - low) > 0.6
        text = f"{shown[i, j]:.2f}"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color="#ffffff" if dark else BLACK)


def _frames(axes: Axes, clusters: Sequence[int]) -> None:
    """Frame runs of two tasks or more of one cluster."""
    from matplotlib.patches import Rectangle

    start = 0
    for end in range(1, len(clusters) + 1):
        if end == len(clusters) or clusters[end] != clusters[start]:
            if end - start > 1:
                size = end - start
                axes.add_patch(Rectangle((start - 0.5, start - 0.5), size, size, fill=False, edgecolor=DARK, lw=1.8))
            start = end


def by_likeness(correlation: NDArray[np.float64]) -> list[int]:
    """Order tasks so that like ones stand together (average linkage on 1 - correlation)."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(correlation) < 3:
        return list(range(len(correlation)))
    distance = 1 - np.nan_to_num(correlation)
    np.fill_diagonal(distance, 0)
    return [int(k) for k in leaves_list(linkage(squareform((distance + distance.T) / 2, checks=False), "average"))]


def _strongest(names: Sequence[str], shown: NDArray[np.float64]) -> str:
    upper = np.where(np.triu(np.ones(shown.shape, bool), 1), shown, np.nan)
    if not np.isfinite(upper).any():
        return "No two tasks have labels enough in common."
    i, j = divmod(int(np.nanargmax(upper)), upper.shape[1])
    return f"The most alike are {names[i]} and {names[j]}, correlation {upper[i, j]:.2f}."


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
