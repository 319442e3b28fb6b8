"""The report of a comparison: did sharing help, task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from weft.report.page import Section, page, paragraph, table
from weft.report.sections import TITLES
from weft.report.svg import DARK, EDGE, drawing, figure_html, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 40
_NAMED = 12
_MARKS = (("s", "white", EDGE), ("o", DARK, DARK))


def compare_page(found: Mapping[str, Any]) -> str:
    """Return the report as one HTML page.

    Args:
        found: the content of `compare.json`.
    """
    sections = [_forest_section(found), _table(found), _scores(found), _cost(found), _made(found)]
    return page(f"Did sharing help? {found['data']['graph']}", _lead(found), _cards(found), sections)


def _lead(found: Mapping[str, Any]) -> str:
    told: list[str] = []
    for verb in ("hurt", "helped"):
        rows = [row for row in found["differences"] if row["verdict"].startswith(f"sharing {verb} ")]
        told += [
            f"Sharing {verb} {row['family']} (the {row['model']} model, {_signed(row['difference'])})." for row in rows
        ]
    return " ".join(told) or "No difference is seen between models alone and models that share."


def _cards(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    cards: list[tuple[str, str]] = []
    for model in dict.fromkeys(row["model"] for row in found["differences"]):
        rows = [row for row in found["differences"] if row["model"] == model]
        count = {
            verb: sum(row["verdict"].startswith(f"sharing {verb} ") for row in rows) for verb in ("helped", "hurt")
        }
        many = f"{len(rows)} task{'s' * (len(rows) != 1)}"
        cards.append((f"{count['helped']} / {count['hurt']}", f"of {many} helped / hurt by sharing: {model}"))
    return cards


def _forest_section(found: Mapping[str, Any]) -> Section:
    seeds = len(found["seeds"])
    text = (
        "For each task, a model that shares against a model of its own trained on that task's labels only; "
        f"the same options, {seeds} seed{'s' * (seeds != 1)}. The interval covers which test nodes there are"
        + (" and which seeds were drawn. Where it leaves out 0, the words say so." if seeds > 1 else ". ")
    )
    if seeds == 1:
        text += "One seed says nothing of how much training varies: take more before you decide."
    return Section("Difference to a model alone", paragraph(text) + forest(found["differences"], found["level"]))


def forest(rows: Sequence[Mapping[str, Any]], level: float) -> str:
    """Draw the differences with their intervals, two marks per task; higher is better on all.

    Args:
        rows: `differences` of `compare.json`; at most `_MOST` tasks are drawn.
        level: of the intervals.
    """
    families = list(dict.fromkeys(row["family"] for row in rows))[:_MOST]
    models = list(dict.fromkeys(row["model"] for row in rows))
    metric = {row["family"]: row["metric"] for row in rows}
    with drawing():
        figure = new_figure(7.2, 1.3 + 0.5 * len(families))
        axes: Axes = figure.subplots()
        axes.axvline(0, color=EDGE, lw=1)
        for model, (mark, fill, edge) in zip(models, _MARKS[-len(models) :], strict=True):
            shift = 0.0 if len(models) == 1 else (models.index(model) - 0.5) * 0.34
            mine = [row for row in rows if row["model"] == model and row["family"] in families]
            _marks(axes, mine, families, shift, (mark, fill, edge), model)
        names = [f"{_short(family)}\n{_title(metric[family])}" for family in families]
        axes.set_yticks(range(len(families)), names, fontsize=9)
        axes.set_ylim(len(families) - 0.5, -0.5)
        axes.set_xlabel("difference to a model alone (right of 0: sharing is better)")
        axes.margins(x=0.15)
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        caption = f"Marks: mean over seeds; lines: {level:.0%} confidence intervals; * where they leave out 0."
        return figure_html(figure, "forest", _alt(rows), caption)


def _marks(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    families: Sequence[str],
    shift: float,
    look: tuple[str, str, str],
    model: str,
) -> None:
    at = [families.index(row["family"]) + shift for row in rows]
    middle = [row["difference"] for row in rows]
    for y, row in zip(at, rows, strict=True):
        if row["low"] is not None and row["high"] is not None:
            axes.plot([row["low"], row["high"]], [y, y], color=look[2], lw=1.6, solid_capstyle="butt")
        sure = row["verdict"].startswith("sharing ")
        text = f"{_signed(row['difference'])}{' *' if sure else ''}"
        end = row["high"] if row["high"] is not None else row["difference"]
        axes.annotate(text, (end, y), (5, 0), textcoords="offset points", va="center", fontsize=8)
    axes.plot(middle, at, look[0], color=look[2], mfc=look[1], ms=6, label=model)


def _alt(rows: Sequence[Mapping[str, Any]]) -> str:
    told = "; ".join(f"{row['family']}, {row['model']} {_interval(row)}" for row in rows[: 2 * _NAMED])
    return f"Forest plot of differences to a model alone: {told}."


def _table(found: Mapping[str, Any]) -> Section:
    rows = [
        [
            row["family"],
            row["model"],
            _title(row["metric"]),
            _number(row["single"]),
            _number(row["other"]),
            _interval(row),
            row["verdict"],
        ]
        for row in found["differences"]
    ]
    header = ["task", "model", "metric", "alone", "sharing", "difference", "in words"]
    caption = f"Means over seeds; in brackets the {found['level']:.0%} confidence interval"
    return Section("In numbers", table(caption, header, rows))


def _scores(found: Mapping[str, Any]) -> Section:
    """Tell every metric of every model, seed by seed: what the means are made of."""
    rows: list[list[str]] = []
    for family, held in found["families"].items():
        for name, seeds in held["scores"].items():
            for metric in seeds[0]:
                values = ", ".join(_number(one[metric]) for one in seeds)
                rows.append([f"{family} ({held['n']})", found["models"][name]["name"], _title(metric), values])
    header = ["task (test nodes)", "model", "metric", "seeds " + ", ".join(map(str, found["seeds"]))]
    return Section("Every seed", table("Scores of the test nodes", header, rows, text=True))


def _cost(found: Mapping[str, Any]) -> Section:
    rows = [
        [
            held["name"],
            "-" if held["parameters"] is None else f"{held['parameters']:,}",
            f"{held['cpu_s']:g}",
            f"{held['wall_s']:g}",
        ]
        for held in found["models"].values()
    ]
    header = ["model", "parameters", "CPU s per seed", "wall s per seed"]
    return Section("What it costs", table("One training, all tasks", header, rows))


def _made(found: Mapping[str, Any]) -> Section:
    chosen = [[name, str(o["value"])] for name, o in found["options"].items() if not o["default"] and o["used"]]
    split = found["split"]
    facts = [
        ["data", f"{found['data']['file']} (SHA-256 {found['data']['sha256'][:16]}…)"],
        ["split", f"{split['method']}: {split['train']} / {split['val']} / {split['test']} nodes"],
        ["intervals", f"{found['draws']} draws of test nodes and seeds"],
        ["made", f"{found['made']} in {found['seconds']:g} s with weft {found['weft']}"],
        *chosen,
        *[[name, str(version)] for name, version in found["versions"].items()],
    ]
    return Section("How it was made", table("The comparison", ["", ""], facts, text=True))


def _interval(row: Mapping[str, Any]) -> str:
    return f"{_signed(row['difference'])} ({_signed(row['low'])} to {_signed(row['high'])})"


def _title(metric: str) -> str:
    return TITLES.get(metric) or metric


def _signed(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.3f}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}" if abs(value) >= 10 else f"{value:.3f}"


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
