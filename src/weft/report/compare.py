"""The report of a comparison: did sharing help, task by task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weft.report.forest import forest, interval_words, signed
from weft.report.page import Section, page, paragraph, table
from weft.report.titles import title


def compare_page(found: Mapping[str, Any]) -> str:
    """Return the report as one HTML page.

    Args:
        found: the content of `compare.json`.
    """
    sections = [_forest_section(found), _table(found), _scores(found), _cost(found), _made(found)]
    return page(f"Did sharing help? {found['data']['graph']}", _lead(found), _cards(found), sections)


def compared_section(found: Mapping[str, Any]) -> str:
    """Return what a comparison found as the body of a part of another report."""
    made = (
        f"From 'weft compare' over {len(found['seeds'])} seed{'s' * (len(found['seeds']) != 1)}, made {found['made']}."
    )
    return paragraph(_lead(found), first=True) + paragraph(made) + forest(found["differences"], found["level"])


def _lead(found: Mapping[str, Any]) -> str:
    told: list[str] = []
    for verb in ("hurt", "helped"):
        rows = [row for row in found["differences"] if row["verdict"].startswith(f"sharing {verb} ")]
        told += [
            f"Sharing {verb} {row['family']} (the {row['model']} model, {signed(row['difference'])})." for row in rows
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


def _table(found: Mapping[str, Any]) -> Section:
    rows = [
        [
            row["family"],
            row["model"],
            title(row["metric"]),
            _number(row["single"]),
            _number(row["other"]),
            interval_words(row),
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
                rows.append([f"{family} ({held['n']})", found["models"][name]["name"], title(metric), values])
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


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}" if abs(value) >= 10 else f"{value:.3f}"
