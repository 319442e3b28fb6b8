"""The pictures of scores: each takes plain numbers and gives a `<figure>`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from weft.report.resampling import Interval
from weft.report.svg import DARK, EDGE, LIGHT, PAPER, drawing, figure_html, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More tasks than this are not legible in one picture: the first in order are drawn, all are in the table.
MOST = 40
_NAMED = 12


def bars(
    metric: str,
    tasks: Sequence[str],
    standard: Sequence[Interval],
    relational: Sequence[Interval] | None,
    chance: float | None,
    shown: str = "half of the known labels shown",
    things: str = "molecules",
) -> str:
    """Draw a pair of bars per task with their intervals: nothing shown, and labels shown; from chance on.

    Args:
        metric: what is drawn.
        tasks: names; at most `MOST` are drawn.
        standard: the metric with nothing shown.
        relational: the same cells with labels shown; None for a model that uses none.
        chance: where the bars begin; None when guessing reaches something else in each task.
        shown: how the second bar is called.
        things: what the data are.
    """
    begin = "" if chance is None else f" Bars begin at {chance:g}, what guessing reaches."
    told = [("nothing shown", LIGHT, "////", standard[:MOST])]
    if relational is not None:
        told.append((shown, DARK, "", relational[:MOST]))
    tasks, start = tasks[:MOST], chance or 0.0
    with drawing():
        figure = new_figure(7.2, 1.2 + len(tasks) * (0.26 + 0.16 * len(told)))
        axes: Axes = figure.subplots()
        thick = 0.8 / len(told)
        for k, (label, colour, hatch, values) in enumerate(told):
            at = np.arange(len(tasks)) + (k - (len(told) - 1) / 2) * thick
            width = [np.nan if i.value is None else i.value - start for i in values]
            axes.barh(at, width, thick, left=start, color=colour, edgecolor=EDGE, hatch=hatch, label=label, lw=0.6)
            _whiskers(axes, at, values, start, thick)
        _bar_axes(axes, [_short(task) for task in tasks], start, metric)
        if relational is not None:
            figure.legend(loc="outside upper left", ncols=2, frameon=False)
        alt = f"Bars of {metric} per task, {' and '.join(s[0] for s in told)}: {_words(tasks, standard, relational)}."
        caption = f"{metric} per task on {things} kept apart, with 95% intervals.{begin}"
        return figure_html(figure, f"bars-{_word(metric)}{'' if relational is None else '-shown'}", alt, caption)


def _whiskers(
    axes: Axes, at: Sequence[float] | np.ndarray, values: Sequence[Interval], start: float, thick: float
) -> None:
    for y, interval in zip(at, values, strict=True):
        end = start if interval.value is None else max(interval.value, start)
        if interval.low is not None and interval.high is not None:
            for colour, more in ((PAPER, 1.6), (EDGE, 0)):  # a pale line below is seen on a dark bar
                ends = [interval.low, interval.high]
                axes.plot(ends, [y, y], "-|", color=colour, lw=1.1 + more, ms=12 * thick + more, mew=1.1 + more)
            end = max(interval.high, start)
        text = "undefined" if interval.value is None else f"{interval.value:.2f}"
        axes.annotate(text, (end, y), (5, 0), textcoords="offset points", va="center", fontsize=8)


def _bar_axes(axes: Axes, tasks: Sequence[str], start: float, metric: str) -> None:
    axes.set_yticks(np.arange(len(tasks)), tasks)
    axes.invert_yaxis()
    axes.axvline(start, color=EDGE, lw=0.8)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, start - 0.02), max(high, start + 0.25) + 0.08 * (high - low))
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(metric)


def _words(tasks: Sequence[str], standard: Sequence[Interval], relational: Sequence[Interval] | None) -> str:
    return "; ".join(
        f"{task} {_number(a.value)}" + ("" if relational is None else f" and {_number(b.value)}")
        for task, a, b in zip(tasks[:_NAMED], standard, relational or standard, strict=False)
    )


def ratios(
    metric: str,
    shares: Sequence[float],
    relational: Sequence[Interval],
    standard: Sequence[Interval],
    thing: str = "molecule",
) -> str:
    """Draw the mean of a metric over the share of labels shown, beside the same cells with nothing shown."""
    sides = (
        ("labels shown", relational, "-o", DARK, DARK),
        ("nothing shown, same cells", standard, "--s", EDGE, "none"),
    )
    with drawing():
        figure = new_figure(7.2, 3.2)
        axes: Axes = figure.subplots()
        for label, side, mark, colour, fill in sides:
            middle = [np.nan if i.value is None else i.value for i in side]
            low, high = ([np.nan if end is None else end for end in ends] for ends in zip(*_ends(side), strict=True))
            axes.fill_between(shares, low, high, color=colour, alpha=0.15, lw=0)
            axes.plot(shares, middle, mark, color=colour, mfc=fill, label=label, lw=1.8)
        axes.set_xlabel(f"share of each {thing}'s known labels that is shown")
        axes.set_ylabel(f"mean {metric}")
        axes.set_xticks(list(shares), [f"{share:.0%}" for share in shares])
        axes.margins(y=0.15)
        _near(axes, [i.value for _, side, *_ in sides for i in side if i.value is not None])
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        pairs = zip(shares, relational, standard, strict=True)
        told = ", ".join(f"{_number(a.value)} against {_number(b.value)} at {s:.0%}" for s, a, b in pairs)
        alt = f"Lines of the mean {metric} against the share of labels shown, with labels and without: {told}."
        caption = f"Mean {metric} over tasks, by what is known of a {thing}; bands: 95% intervals."
        return figure_html(figure, f"ratios-{_word(metric)}", alt, caption)


def _near(axes: Axes, middle: Sequence[float]) -> None:
    """Keep the lines in sight where a band is far wider than they are apart."""
    low, high = axes.get_ylim()
    if middle:
        axes.set_ylim(max(low, min(middle) - 0.35), min(high, max(middle) + 0.35))


def _ends(side: Sequence[Interval]) -> list[tuple[float | None, float | None]]:
    return [(interval.low, interval.high) for interval in side]


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _word(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())
