"""Result tables: plain lines that fit a terminal and stay readable in a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weft.cli.console import out
from weft.training.metrics import HEADLINE, HIGHER_IS_BETTER

_SHORT = {"balanced_accuracy": "bal_acc"}
_MOST = 60


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> None:
    """Print a table.

    Args:
        title: above it.
        header: names of the columns.
        rows: cells.
        words: how many columns from the left hold words; the others are numbers, aligned right.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(header):
        first = at == 0
        least = min(28, max((len(row[0]) for row in rows), default=1)) if first else None
        table.add_column(name, justify="left" if at < words else "right", overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = out()
    console.print(Text(title, style="bold"))
    console.print(table, soft_wrap=False)


def show_evaluation(title: str, evaluation: Mapping[str, Any]) -> None:
    """Print every task's metrics at one reveal ratio, and the means with the number of tasks they are over.

    Args:
        title: what was scored.
        evaluation: one ratio of `metrics.json`: `tasks`, `means`, `standard` when labels were shown.
    """
    tasks: Mapping[str, Mapping[str, Any]] = evaluation["tasks"]
    names = [m for m in HIGHER_IS_BETTER if any(m in task for task in tasks.values())]
    rows = [[name, str(task["n"]), *(_cell(task, m) for m in names)] for name, task in list(tasks.items())[:_MOST]]
    if len(tasks) > _MOST:
        rows.append([f"... {len(tasks) - _MOST} more", "", *("" for _ in names)])
    means: Mapping[str, Any] = evaluation["means"]
    rows.append(["mean", "", *(f"{means[m]['value']:.3f}" if m in means else "undefined" for m in names)])
    rows.append(["over tasks", "", *(str(means[m]["n_tasks"]) if m in means else "0" for m in names)])
    show_table(title, ["task", "n", *(_SHORT.get(m, m) for m in names)], rows)


def shown_words(ratio: str) -> str:
    """Say a reveal ratio in words."""
    return f"{float(ratio):.0%} of the known labels shown" if float(ratio) else "nothing shown"


def show_ratios(title: str, part: Mapping[str, Any]) -> None:
    """Print the headline means over the reveal ratios, beside the same cells with nothing shown."""
    headlines = [m for m in dict.fromkeys(HEADLINE.values()) if any(m in e["means"] for e in part.values())]
    rows: list[list[str]] = []
    for ratio, evaluation in part.items():
        row = [f"{float(ratio):.0%}"]
        for metric in headlines:
            standard = evaluation.get("standard", evaluation)
            row += [_mean(standard, metric), _mean(evaluation, metric) if "standard" in evaluation else ""]
        rows.append(row)
    names = [name for m in headlines for name in (f"{m}, nothing shown", f"{m}, labels shown")]
    show_table(title, ["labels shown", *names], rows)


def _mean(evaluation: Mapping[str, Any], metric: str) -> str:
    mean = evaluation["means"].get(metric)
    return "undefined" if mean is None else f"{mean['value']:.3f}"


def _cell(task: Mapping[str, Any], metric: str) -> str:
    if metric not in task:
        return ""
    return "undefined" if task[metric] is None else f"{task[metric]:.3f}"


def show_side_by_side(title: str, evaluation: Mapping[str, Any]) -> None:
    """Print each task's headline metric with nothing shown and with labels shown, on the same cells."""
    standard, relational = evaluation["standard"], evaluation
    headlines = dict.fromkeys(HEADLINE.values())
    rows: list[list[str]] = []
    for name, task in relational["tasks"].items():
        metric = next(m for m in headlines if m in task)
        before = standard["tasks"][name]
        rows.append(
            [name, metric, str(task["n"]), _cell(before, metric), _cell(task, metric), _gain(before, task, metric)]
        )
    for metric in headlines:
        if metric in relational["means"]:
            n = relational["means"][metric]["n_tasks"]
            gain = _gain(_flat(standard), _flat(relational), metric)
            rows.append([f"mean over {n}", metric, "", _mean(standard, metric), _mean(relational, metric), gain])
    shown = f"relational ({evaluation['reveal']:.0%} shown)"
    show_table(title, ["task", "metric", "n", "standard", shown, "gain"], rows, words=2)


def _flat(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    return {name: mean["value"] for name, mean in evaluation["means"].items()}


def _gain(before: Mapping[str, Any], after: Mapping[str, Any], metric: str) -> str:
    first, second = before.get(metric), after.get(metric)
    return "" if first is None or second is None else f"{second - first:+.3f}"
