"""Forest plots: differences per task with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weft.report.svg import DARK, EDGE, PAPER, drawing, figure_html, new_figure
from weft.report.titles import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 40
_NAMED = 12
_MARKS = (("s", PAPER, EDGE), ("o", DARK, DARK))


def forest(
    rows: Sequence[Mapping[str, Any]],
    level: float,
    name: str = "forest",
    axis: str = "difference to a model alone (right of 0: sharing is better)",
    what: str = "differences to a model alone",
    basis: str = "mean over seeds",
) -> str:
    """Draw differences with their intervals, at most two marks per task; higher is better on all.

    Args:
        rows: `family`, `model`, `metric`, `difference`, `low` and `high` (None where unknown), `verdict`; at most
            `_MOST` tasks are drawn.
        level: of the intervals.
        name: of the figure.
        axis: what is drawn.
        what: the same for those who do not see it.
        basis: what a mark is.
    """
    families = list(dict.fromkeys(row["family"] for row in rows))[:_MOST]
    models = list(dict.fromkeys(row["model"] for row in rows))
    metric = {row["family"]: row["metric"] for row in rows}
    with drawing():
        figure = new_figure(7.2, 1.3 + 0.5 * len(families))
        axes: Axes = figure.subplots()
        axes.axvline(0, color=EDGE, lw=1)
        for model, look in zip(models, _MARKS[-len(models) :], strict=True):
            shift = 0.0 if len(models) == 1 else (models.index(model) - 0.5) * 0.34
            mine = [row for row in rows if row["model"] == model and row["family"] in families]
            _marks(axes, mine, families, shift, look, model)
        axes.set_yticks(range(len(families)), [f"{_short(f)}\n{title(metric[f])}" for f in families], fontsize=9)
        axes.set_ylim(len(families) - 0.5, -0.5)
        axes.set_xlabel(axis)
        axes.margins(x=0.15)
        if len(models) > 1:
            figure.legend(loc="outside upper left", ncols=2, frameon=False)
        caption = f"Marks: {basis}; lines: {level:.0%} confidence intervals; * where they leave out 0."
        return figure_html(figure, name, _alt(rows, what, len(models) > 1), caption)


def _marks(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    families: Sequence[str],
    shift: float,
    look: tuple[str, str, str],
    model: str,
) -> None:
    at = [families.index(row["family"]) + shift for row in rows]
    for y, row in zip(at, rows, strict=True):
        low, high = row["low"], row["high"]
        end, sure = row["difference"], False
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=look[2], lw=1.6, solid_capstyle="butt")
            end, sure = high, low > 0 or high < 0
        text = f"{signed(row['difference'])}{' *' if sure else ''}"
        axes.annotate(text, (end, y), (5, 0), textcoords="offset points", va="center", fontsize=8)
    axes.plot([row["difference"] for row in rows], at, look[0], color=look[2], mfc=look[1], ms=6, label=model)


def _alt(rows: Sequence[Mapping[str, Any]], what: str, several: bool) -> str:
    told = "; ".join(
        f"{row['family']}{', ' + row['model'] if several else ''} {interval_words(row)}" for row in rows[: 2 * _NAMED]
    )
    return f"Forest plot of {what}: {told}."


def interval_words(row: Mapping[str, Any]) -> str:
    """Say a difference with its interval."""
    return f"{signed(row['difference'])} ({signed(row['low'])} to {signed(row['high'])})"


def signed(value: float | None) -> str:
    """Write a difference."""
    return "unknown" if value is None else f"{value:+.3f}"


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
