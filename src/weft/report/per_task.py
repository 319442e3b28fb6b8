"""The table of tasks with intervals, and every metric behind it."""

from __future__ import annotations

from weft.report.facts import Facts
from weft.report.helped import half_of
from weft.report.measured import Measured
from weft.report.page import Section, heading, paragraph, table
from weft.report.score_tables import score_tables
from weft.report.titles import apart, between, title


def per_task_section(facts: Facts, measured: Measured) -> Section | None:
    """Every task by what it is judged by, with intervals; then all metrics."""
    if facts.assessment is None:
        return None
    body = paragraph(_words(facts, measured), first=True) + paragraph(
        f"An interval says how far the number would move with other {facts.things} of the same sort: 95 % of "
        f"{measured.draws} resamples. It says nothing of another training."
    )
    body += _table(measured) + heading("Every metric")
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


def _table(measured: Measured) -> str:
    """Tell, per task, what it is judged by, with nothing shown, and what labels change."""
    ratio = half_of(measured)
    rows: list[list[str]] = []
    for name, metric in measured.metrics.items():
        n, few = measured.counts[name]
        second = measured.seconds[name]
        row = [name, f"{n:,}", f"{few:,}" if few < n else "", title(metric), between(metric, measured.first[name])]
        row.append(f"{title(second)} {between(second, measured.second[name])}")
        if ratio is not None:
            gain = measured.gains[ratio].get(name)
            row += ["", ""] if gain is None else [apart(gain.difference), gain.verdict]
        rows.append(row)
    for metric, gain in measured.means[0.0].items():
        row = [f"Mean {title(metric)}", "", "", "", between(metric, gain.hidden), ""]
        if ratio is not None:
            mean = measured.means[ratio].get(metric)
            row += ["", ""] if mean is None else [apart(mean.difference), mean.verdict]
        rows.append(row)
    header = ["task", "n", "rarer class", "judged by", "nothing shown", "and"]
    if ratio is not None:
        header += [f"{ratio:.0%} of labels shown", "in words"]
    caption = "Every task on the rows kept apart; in brackets the 95 % interval"
    return table(caption, header, rows, words=(3, 5, 7))
