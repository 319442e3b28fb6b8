"""The table of tasks with intervals, and every metric behind it."""

from __future__ import annotations

from weft.report.facts import Facts
from weft.report.helped import half_of
from weft.report.measured import Gain, Measured
from weft.report.page import Section, heading, paragraph, table
from weft.report.score_tables import score_tables
from weft.report.titles import apart, between, title


def per_task_section(facts: Facts, measured: Measured) -> Section | None:
    """Every task by what it is judged by, with intervals; then all metrics."""
    if facts.assessment is None:
        return None
    body = paragraph(_words(facts, measured), first=True) + paragraph(
        f"An interval says how far the number would move with other {facts.things} of the same sort: 95% of "
        f"{measured.draws} resamples. It says nothing of another training."
    )
    body += _tables(measured) + heading("Every metric")
    return Section("Scores per task", body + score_tables(facts.assessment), "scores")


def _words(facts: Facts, measured: Measured) -> str:
    told: list[str] = []
    for metric in dict.fromkeys(measured.metrics.values()):
        own = {n: i.value for n, i in measured.first.items() if measured.metrics[n] == metric and i.value is not None}
        if len(own) > 1:
            best, worst = max(own, key=lambda n: own[n]), min(own, key=lambda n: own[n])
            told.append(f"By {title(metric)}, best is {best} ({own[best]:.3f}), worst {worst} ({own[worst]:.3f}).")
        elif own:
            told.append(f"{title(metric)} of {next(iter(own))} is {next(iter(own.values())):.3f}.")
    open_ = [name for name, interval in measured.first.items() if interval.value is None]
    if open_:
        told.append(f"Undefined for want of labels: {', '.join(open_[:5])}{' and others' * (len(open_) > 5)}.")
    return " ".join(told) or f"No label of a scored {facts.thing} is known."


def _tables(measured: Measured) -> str:
    """Tell every task, those that are judged alike in one table."""
    pairs = dict.fromkeys((measured.metrics[name], measured.seconds[name]) for name in measured.metrics)
    return "".join(_table(measured, *pair) for pair in pairs)


def _table(measured: Measured, metric: str, second: str) -> str:
    """Tell what tasks are judged by, with nothing shown, and what labels change."""
    ratio = half_of(measured)
    own = [n for n in measured.metrics if (measured.metrics[n], measured.seconds[n]) == (metric, second)]
    rare = any(few < n for n, few in (measured.counts[name] for name in own))
    rows: list[list[str]] = []
    for name in own:
        n, few = measured.counts[name]
        row = [name, f"{n:,}", *([f"{few:,}"] if rare else []), between(metric, measured.first[name])]
        row.append(between(second, measured.second[name]))
        gain = None if ratio is None else measured.gains[ratio].get(name)
        rows.append(row + _changed(gain, ratio))
    mean = measured.means[0.0].get(metric)
    if len(own) > 1 and mean is not None:
        gain = None if ratio is None else measured.means[ratio].get(metric)
        blank = [""] * (2 if rare else 1)
        rows.append([f"Mean {title(metric)}", *blank, between(metric, mean.hidden), "", *_changed(gain, ratio)])
    header = ["task", "n", *(["rarer class"] if rare else []), title(metric), title(second)]
    if ratio is not None:
        header += [f"{title(metric)} with {ratio:.0%} of labels", "knowing labels"]
    caption = f"{title(metric)} and {title(second)} with nothing shown; in brackets the 95% interval"
    return table(caption, header, rows, words=() if ratio is None else (len(header) - 1,))


def _changed(gain: Gain | None, ratio: float | None) -> list[str]:
    if ratio is None:
        return []
    return ["", ""] if gain is None else [apart(gain.difference), gain.verdict]
