"""The pictures of the report: each takes plain numbers and gives a `<figure>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from weft.report.svg import DARK, EDGE, LIGHT, drawing, figure_html, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More tasks than this are not legible in one picture: the first in order are drawn, all are in the table.
MOST = 40
_NAMED = 12
_NUMBERED = 14


def bars(
    metric: str,
    tasks: Sequence[str],
    standard: Sequence[float | None],
    relational: Sequence[float | None] | None,
    chance: float | None,
    shown: str = "half of the known labels shown",
    things: str = "molecules",
) -> str:
    """Draw a pair of bars per task: nothing shown, and labels shown; from the level of chance on.

    Args:
        metric: what is drawn.
        tasks: names; at most `MOST` are drawn.
        standard: the metric with nothing shown, None where undefined.
        relational: the same cells with labels shown; None for a model that uses none.
        chance: where the bars begin; None when guessing reaches something else in each task.
        shown: how the second bar is called.
        things: what the data are.
    """
    tasks, standard = tasks[:MOST], standard[:MOST]
    begin = "" if chance is None else f" Bars begin at {chance:g}, what guessing reaches."
    chance = chance or 0.0
    series = [("nothing shown", LIGHT, "////", standard)]
    if relational is not None:
        series.append((shown, DARK, "", relational[:MOST]))
    with drawing():
        figure = new_figure(7.2, 1.2 + len(tasks) * (0.26 + 0.16 * len(series)))
        axes: Axes = figure.subplots()
        thick = 0.8 / len(series)
        for k, (label, colour, hatch, values) in enumerate(series):
            at = np.arange(len(tasks)) + (k - (len(series) - 1) / 2) * thick
            width = [np.nan if v is None else v - chance for v in values]
            axes.barh(at, width, thick, left=chance, color=colour, edgecolor=EDGE, hatch=hatch, label=label, lw=0.6)
            for y, v in zip(at, values, strict=True):
                text = "undefined" if v is None else f"{v:.2f}"
                place = chance if v is None else max(v, chance)
                axes.annotate(text, (place, y), (4, 0), textcoords="offset points", va="center", fontsize=8)
        axes.set_yticks(np.arange(len(tasks)), [_short(task) for task in tasks])
        axes.invert_yaxis()
        axes.axvline(chance, color=EDGE, lw=0.8)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, chance - 0.02), max(high, chance + 0.25) + 0.08 * (high - low))
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(metric)
        if relational is not None:
            figure.legend(loc="outside upper left", ncols=2, frameon=False)
        told = "; ".join(
            f"{task} {_number(a)}" + ("" if relational is None else f" and {_number(b)}")
            for task, a, b in zip(tasks[:_NAMED], standard, relational or standard, strict=False)
        )
        alt = f"Bars of {metric} per task, {' and '.join(s[0] for s in series)}: {told}."
        caption = f"{metric} per task on {things} kept apart.{begin}"
        return figure_html(figure, f"bars-{_word(metric)}{'' if relational is None else '-shown'}", alt, caption)


def ratios(
    metric: str,
    shares: Sequence[float],
    relational: Sequence[float],
    standard: Sequence[float],
    thing: str = "molecule",
) -> str:
    """Draw the mean of a metric over the share of labels shown, beside the same cells with nothing shown."""
    with drawing():
        figure = new_figure(7.2, 3.0)
        axes: Axes = figure.subplots()
        axes.plot(shares, relational, "-o", color=DARK, label="labels shown", lw=2)
        axes.plot(shares, standard, "--s", color=EDGE, mfc="white", label="nothing shown, same cells", lw=1.2)
        axes.set_xlabel(f"share of each {thing}'s known labels that is shown")
        axes.set_ylabel(f"mean {metric}")
        axes.set_xticks(list(shares))
        axes.margins(y=0.15)
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        told = ", ".join(f"{a:.2f} at {s:g}" for s, a in zip(shares, relational, strict=True))
        alt = f"Line of the mean {metric} against the share of labels shown: {told}."
        caption = f"Mean {metric} over tasks, and how it changes with what is known of a {thing}."
        return figure_html(figure, "ratios", alt, caption)


def calibration(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """Draw predicted probability against found share of 1.

    Args:
        curves: name -> (mean predicted, share found) per bin; at most two.
    """
    styles = [("--s", EDGE, "white"), ("-o", DARK, DARK)]
    with drawing():
        figure = new_figure(4.8, 4.6)
        axes: Axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#8795a1", lw=1, ls=":")
        for (name, (predicted, found)), (mark, colour, fill) in zip(curves.items(), styles, strict=False):
            axes.plot(predicted, found, mark, color=colour, mfc=fill, label=name, lw=1.6, ms=5)
        axes.set(
            xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="predicted probability of 1", ylabel="share found to be 1"
        )
        axes.set_aspect("equal")
        figure.legend(loc="outside upper left", frameon=False, fontsize=9)
        off = {k: float(np.mean(np.abs(np.subtract(p, f)))) for k, (p, f) in curves.items()}
        told = "; ".join(f"{name}: {gap:.3f} off on average" for name, gap in off.items())
        caption = (
            "Calibration over all binary tasks, ten equally filled bins; on the dotted line a probability is right."
        )
        return figure_html(figure, "calibration", f"Reliability diagram. {told}.", caption)


def relations(tasks: Sequence[str], correlation: NDArray[np.float64]) -> str:
    """Draw how alike tasks are: correlations of labels known together, related tasks side by side.

    Args:
        tasks: names, `T`; at most `MOST` are drawn.
        correlation: float `[T, T]`, NaN where too few labels are known together.
    """
    keep = _by_likeness(correlation[:MOST, :MOST])
    names, shown = [_short(tasks[k]) for k in keep], correlation[np.ix_(keep, keep)].copy()
    np.fill_diagonal(shown, np.nan)
    finite = shown[np.isfinite(shown)]
    low, high = (min(0.0, finite.min()), max(0.1, finite.max())) if finite.size else (0.0, 1.0)
    with drawing():
        side = min(7.2, 2.6 + 0.42 * len(keep))
        figure = new_figure(side + 0.6, side)
        axes: Axes = figure.subplots()
        picture = axes.imshow(shown, cmap="Blues", vmin=low, vmax=high)
        size = 9 if len(keep) <= 20 else 6
        axes.set_xticks(range(len(keep)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=size)
        axes.set_yticks(range(len(keep)), names, fontsize=size)
        if len(keep) <= _NUMBERED:
            for i, j in np.argwhere(np.isfinite(shown)):
                dark = (shown[i, j] - low) / (high - low) > 0.6
                axes.text(j, i, f"{shown[i, j]:.2f}", ha="center", va="center", fontsize=8, color="w" if dark else "k")
        axes.spines[:].set_visible(False)
        figure.colorbar(picture, ax=axes, shrink=0.7, label="correlation of labels")
        alt = f"Heat map of {len(keep)} tasks. {_strongest([tasks[k] for k in keep], shown)}"
        caption = "How alike the tasks' labels are on the training molecules; blank where too few are known together."
        return figure_html(figure, "relations", alt, caption)


def _by_likeness(correlation: NDArray[np.float64]) -> list[int]:
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


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _word(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())
