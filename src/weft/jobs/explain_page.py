"""The page of `weft explain`: what is in its JSON, with pictures, as one HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from weft.hetero.gate_table import GateSummary
from weft.report.gates import gates_section
from weft.report.heatmap import heatmap
from weft.report.page import Section, heading, page, paragraph, table

#: Labels named beside an answer, targets beside a candidate, support labels.
_NAMED, _CANDIDATES, _SUPPORT = 4, 10, 10
#: Tasks drawn in one map.
_MOST = 40
Told = Mapping[str, Any]


def explain_page(model: str, found: Told, drawings: Mapping[str, str]) -> str:
    """Return the whole page.

    Args:
        model: its folder.
        found: what was found, as in `explain.json`.
        drawings: molecules by file name, SVG.
    """
    sections = [_row_section(row, drawings) for row in found["rows"]]
    if "plan" in found:
        sections.append(_plan_section(found["plan"]))
    if "task_map" in found:
        sections.append(_map_section(found["task_map"]))
    if "gates" in found and (drawn := gates_section([GateSummary(**row) for row in found["gates"]])):
        sections.append(drawn)
    lead = "What is said of a task never rests on that task's own label."
    return page(f"Answers of {model}, explained", lead, [], sections)


def _row_section(row: Told, drawings: Mapping[str, str]) -> Section:
    body = paragraph(str(row["key"]), soft=True)
    if "attributions" in row:
        body += _attributions(row["attributions"])
    if "what_if" in row:
        body += _what_if(row["what_if"])
    if "measure_next" in row:
        body += _measure_next(row["measure_next"])
    if "atoms" in row:
        body += _atoms(row["atoms"], drawings)
    for part in row.get("support", []):
        body += _support(part)
    return Section(f"Row {row['row']}", body)


def _attributions(told: Told) -> str:
    known: dict[str, Any] = told["known"]
    if not known:
        return paragraph("No label is known of it: the answers rest on structure alone.")
    means = {"shapley": "effects add up to the difference", "leave-one-out": "the answer less that without the label"}
    text = f"Known: {', '.join(f'{task} = {label}' for task, label in known.items())}. "
    text += f"Method: {told['method']}, {means[told['method']]}"
    text += "." if told["exact"] else f"; sampled, standard error up to {told['error']:.3f}."
    lines = [
        [_name(column), _number(column["base"]), _number(column["full"]), _strongest(column["effects"])]
        for column in told["columns"]
    ]
    header = ["task", "nothing known", "with known labels", "moved most by"]
    return heading("What the known labels do") + paragraph(text) + table("Attributions", header, lines, words=[3])


def _strongest(effects: Mapping[str, float | None]) -> str:
    most = list(effects.items())[:_NAMED]
    return "; ".join(f"{task} {value:+.3f}" for task, value in most if value) or "nothing"


def _what_if(told: Told) -> str:
    changes = ", ".join(f"{task} {'forgotten' if v is None else f'= {v}'}" for task, v in told["changes"].items())
    lines = [
        [_name(column), _number(column["before"]), _number(column["after"]), _number(column["difference"], sign=True)]
        for column in told["columns"]
    ]
    head = heading(f"What if: {changes}")
    return head + table("Answers before and after, the farthest moved first", ["task", "now", "then", "change"], lines)


def _measure_next(told: Sequence[Told]) -> str:
    lines = [
        [
            str(one["task"]),
            _number(one["gain"]),
            _number(one["own"]),
            _number(one["gain"] - one["own"]),
            ", ".join(list(one["about"])[:_NAMED]),
        ]
        for one in told[:_CANDIDATES]
    ]
    header = ["task", "expected gain (nats)", "of itself", "of others", "tells most about"]
    return heading("What to measure next") + table("The most telling first", header, lines, words=[4])


def _atoms(told: Told, drawings: Mapping[str, str]) -> str:
    names: Mapping[str, str] = told["drawings"]
    items = "".join(
        f"<li>{drawings[name]}<b>{html.escape(task)}</b>blue and + raise the answer, orange and − lower it</li>"
        for task, name in names.items()
    )
    text = f"The answer less that without the atom: {told['masked']}."
    return heading("What the atoms do") + paragraph(text) + f'<ul class="drawn">{items}</ul>'


def _support(told: Told) -> str:
    lines = [
        [str(one["key"]), str(one["label"]), " ".join(_number(value, sign=True) for value in one["effect"])]
        for one in told["support"][:_SUPPORT]
    ]
    caption = f"The answer less that without the label, {len(told['support'])} support labels, the strongest first"
    return heading(f"What the support of {told['task']} does") + table(caption, ["datum", "label", "effect"], lines)


def _plan_section(told: Sequence[Told]) -> Section:
    lines = [[str(k + 1), str(one["row"]), str(one["task"]), _number(one["gain"])] for k, one in enumerate(told)]
    header = ["step", "row", "task", "expected gain (nats)"]
    return Section("Plan of measurements", table("In the order of choice", header, lines, words=[2]))


def _map_section(told: Told) -> Section:
    order: list[int] = told["order"][:_MOST]
    names = [told["names"][k] for k in order]
    whole = np.array([[np.nan if x is None else x for x in row] for row in told["influence"]], np.float64)
    place = {name: at for at, cluster in enumerate(told["clusters"]) for name in cluster}
    groups = [", ".join(cluster) for cluster in told["clusters"] if len(cluster) > 1]
    words = f"Tasks that move each other: {'; '.join(groups)}." if groups else "No group of tasks stands out."
    caption = "How much of the column's uncertainty the row's label is expected to explain (correlation ratio, 0 to 1)."
    drawn = heatmap(
        names,
        whole[np.ix_(order, order)],
        "correlation ratio",
        "task-map",
        f"Heat map of the influence of {len(names)} tasks on each other. {words}",
        caption,
        [place[name] for name in names],
        ("answer that moves", "label that becomes known"),
    )
    return Section("Task map", paragraph(words, first=True) + drawn)


def _name(column: Told) -> str:
    return f"{column['task']}: {column['class']}" if "class" in column else str(column["task"])


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:+.3f}" if sign else f"{value:.3f}"
