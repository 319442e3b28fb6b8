"""The tables of scores of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weft.report.page import paragraph, table
from weft.report.titles import TITLES
from weft.training.assess import HALF, Assessment
from weft.training.evaluate import Evaluation
from weft.training.metrics import TaskScore, metric_text


def score_tables(assessment: Assessment) -> str:
    """Every task's metrics, with n, what is undefined and why; a multi-label task as one, and label by label."""
    standard, relational = pair(assessment)
    both = list(zip(standard.scores.families(), (relational or standard).scores.families(), strict=True))
    alike: dict[tuple[str, ...], list[tuple[TaskScore, TaskScore]]] = {}
    for scores in both:
        alike.setdefault(tuple(scores[0].values), []).append(scores)
    body = ""
    for metrics, rows in alike.items():
        alone = not any(set(metrics) & set(other) for other in alike if other != metrics)
        body += _kind_table(_kind_title(rows[0][0], standard), rows, standard, relational, alone)
    for group in standard.scores.groups:
        labels = zip(standard.scores.tasks, (relational or standard).scores.tasks, strict=True)
        rows = [scores for scores in labels if scores[0].group == group.task]
        body += _kind_table(f"Labels of {group.task}", rows, standard, relational, alone=False)
    notes = [f"{s.task}: {s.note}." for s in standard.scores.tasks if s.note]
    return body + "".join(paragraph(note, soft=True) for note in notes)


def pair(assessment: Assessment) -> tuple[Evaluation, Evaluation | None]:
    """Return what to set side by side: nothing shown, and half shown on the same cells if the model can."""
    revealed = {e.ratio: e for e in assessment.revealed}
    hidden = {e.ratio: e for e in assessment.hidden}
    ratio = HALF if HALF in hidden else max(hidden, default=0.0)
    return (hidden[ratio], revealed[ratio]) if ratio else (assessment.revealed[0], None)


def _kind_title(score: TaskScore, standard: Evaluation) -> str:
    whole = any(group.task == score.task for group in standard.scores.groups)
    return "Multi-label tasks" if whole else f"{score.kind.capitalize()} tasks"


def _kind_table(
    title: str,
    both: Sequence[tuple[TaskScore, TaskScore]],
    standard: Evaluation,
    relational: Evaluation | None,
    alone: bool,
) -> str:
    metrics = list(both[0][0].values)
    rows = [[a.task, str(a.n), *(_cell(m, a.values[m], b.values[m], relational) for m in metrics)] for a, b in both]
    if alone:
        first, second = standard.means(), (relational or standard).means()
        means = [
            _cell(m, _mean(first, m), _mean(second, m), relational) + (f" ({first[m].n_tasks})" if m in first else "")
            for m in metrics
        ]
        rows.append(["Mean (over so many tasks)", "", *means])
    arrow = " (nothing shown → labels shown)" if relational is not None else ""
    return table(f"{title}{arrow}", ["task", "n", *(TITLES.get(m, m) for m in metrics)], rows)


def _mean(means: Mapping[str, Any], metric: str) -> float | None:
    return means[metric].value if metric in means else None


def _cell(metric: str, first: float | None, second: float | None, relational: Evaluation | None) -> str:
    one = metric_text(metric, first)
    if relational is None or (first is None and second is None):
        return one
    return f"{one} → {metric_text(metric, second)}"
