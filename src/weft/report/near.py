"""Scores of groups of data, such as those alike to their nearest training datum, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weft.labels import Asked, Floats, Ints
from weft.predictor import Predictions
from weft.report.resampling import LEAST, Interval, Look, bootstrap, draws_for, nanmean, rare
from weft.report.svg import DARK, EDGE, LIGHT, drawing, figure_html, new_figure
from weft.report.titles import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Scored:
    """A group scored: data, labels, tasks that the mean is over, and the mean of a metric."""

    name: str
    data: int
    labels: int
    tasks: int
    mean: Interval


@dataclass(frozen=True, eq=False)
class Group:
    """Some of the scored data, by their positions among them, int64 `[m]`."""

    name: str
    at: Ints

    def scored(self, found: Predictions, asked: Asked, metrics: Mapping[str, str], metric: str) -> Scored:
        """Return the mean of a metric over the tasks that have five labels of each class in this group."""
        part = asked.take(self.at)
        look = Look.of(found.take(self.at), part)
        own = {n: m for n, m in metrics.items() if m == metric and n in look.cells and rare(look.cells[n][1]) >= LEAST}
        mean = Interval(None)
        if own:
            values = bootstrap([look], own, len(self.at), draws_for([look]))
            mean = Interval.of(nanmean(np.stack([held[0] for held in values.values()])))
        return Scored(self.name, len(self.at), len(part.table), len(own), mean)


def groups_of(values: Floats, at: Ints, edges: Sequence[float] | Floats, names: Sequence[str]) -> list[Group]:
    """Put data into groups by a number of theirs; the last group holds its upper edge, empty groups are left out.

    Args:
        values: of the data, `[m]`.
        at: their positions among the scored data, `[m]`.
        edges: of the groups, one more than names.
        names: of the groups.
    """
    place = np.clip(np.searchsorted(np.asarray(edges), values, side="right") - 1, 0, len(names) - 1)
    return [Group(name, at[place == k]) for k, name in enumerate(names) if (place == k).any()]


def near_figure(groups: Sequence[Scored], metric: str, axis: str, things: str) -> str:
    """Draw the mean of a metric by group, and how many data each holds."""
    with drawing():
        figure = new_figure(7.2, 3.9)
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
        at = np.arange(len(groups))
        _points(top, groups, at)
        top.set_ylabel(f"mean {title(metric)}")
        below.bar(at, [g.data for g in groups], 0.7, color=LIGHT, edgecolor=EDGE, lw=0.6)
        below.set(ylabel=things, xlabel=axis)
        below.set_xticks(at, [g.name for g in groups])
        told = "; ".join(
            f"{g.name}: {'undefined' if g.mean.value is None else f'{g.mean.value:.2f}'} on {g.data} {things}"
            for g in groups
        )
        caption = f"Mean {title(metric)} with 95% intervals (above), and number of {things} (below)."
        return figure_html(figure, "near", f"Points of the mean {title(metric)} by {axis}: {told}.", caption)


def _points(axes: Axes, groups: Sequence[Scored], at: Ints) -> None:
    for x, group in zip(at, groups, strict=True):
        mean = group.mean
        if mean.low is not None and mean.high is not None:
            axes.plot([x, x], [mean.low, mean.high], color=EDGE, lw=1.4)
        if mean.value is not None:
            axes.annotate(
                f"{mean.value:.2f}", (x, mean.value), (7, 0), textcoords="offset points", va="center", fontsize=9
            )
    values = [np.nan if g.mean.value is None else g.mean.value for g in groups]
    axes.plot(at, values, "o", color=DARK, ms=7)
    axes.margins(x=0.08, y=0.2)
