"""The sections of a report, from scores, labels and the run card to HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.labels import LabelTable
from weft.report import figures
from weft.report.page import Section, paragraph, table
from weft.tasks import Kind
from weft.training.assess import HALF, Assessment
from weft.training.evaluate import Evaluation
from weft.training.metrics import HEADLINE, TaskScore, metric_text

#: Names of metrics for people.
TITLES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
_CHANCE = {"roc_auc": 0.5, "r2": 0.0}
_FEW = 10


def pair(assessment: Assessment) -> tuple[Evaluation, Evaluation | None]:
    """Return what to set side by side: nothing shown, and half shown on the same cells if the model can."""
    revealed = {e.ratio: e for e in assessment.revealed}
    hidden = {e.ratio: e for e in assessment.hidden}
    ratio = HALF if HALF in hidden else max(hidden, default=0.0)
    return (hidden[ratio], revealed[ratio]) if ratio else (assessment.revealed[0], None)


def side_by_side(assessment: Assessment) -> Section:
    """Per-task bars for each headline metric, nothing shown against labels shown."""
    standard, relational = pair(assessment)
    pictures: list[str] = []
    for metric in dict.fromkeys(HEADLINE.values()):
        tasks = [s for s in standard.scores.tasks if HEADLINE[s.kind] == metric]
        if tasks:
            other = None if relational is None else [s for s in relational.scores.tasks if HEADLINE[s.kind] == metric]
            pictures.append(_bars(metric, tasks, other, 0.0 if relational is None else relational.ratio))
    if relational is None:
        text = "This model does not use known labels, so there is one bar per task."
    else:
        text = (
            "The same model is asked for the same cells twice: once with nothing known of a molecule but its "
            f"structure (standard), once with {relational.ratio:.0%} of its known labels shown (relational). "
            f"Averages over {len(relational.masks)} random choices of the labels shown."
        )
    return Section("Standard against relational", paragraph(text) + "".join(pictures) + _ratio_lines(assessment))


def _bars(metric: str, standard: Sequence[TaskScore], relational: Sequence[TaskScore] | None, ratio: float) -> str:
    return figures.bars(
        TITLES[metric],
        [score.task for score in standard],
        [score.values[metric] for score in standard],
        None if relational is None else [score.values[metric] for score in relational],
        _CHANCE[metric],
        f"{ratio:.0%} of the known labels shown",
    )


def _ratio_lines(assessment: Assessment) -> str:
    metric = next((m for m in dict.fromkeys(HEADLINE.values()) if m in assessment.revealed[0].means()), None)
    hidden = {e.ratio: e.means() for e in assessment.hidden}
    if metric is None or len(hidden) < 2:
        return ""
    told = [(e.ratio, e.means()) for e in assessment.revealed]
    kept = [(r, m, hidden.get(r, m)) for r, m in told if metric in m and metric in hidden.get(r, m)]
    return figures.ratios(
        TITLES[metric], [k[0] for k in kept], [k[1][metric].value for k in kept], [k[2][metric].value for k in kept]
    )


def score_table(assessment: Assessment) -> Section:
    """Every task's metrics, with n, what is undefined and why."""
    standard, relational = pair(assessment)
    body = ""
    for kind in Kind:
        tasks = [s for s in standard.scores.tasks if s.kind is kind]
        if tasks:
            body += _kind_table(kind, standard, relational)
    notes = [f"{s.task}: {s.note}." for s in standard.scores.tasks if s.note]
    return Section("Scores per task", body + "".join(paragraph(note, soft=True) for note in notes))


def _kind_table(kind: Kind, standard: Evaluation, relational: Evaluation | None) -> str:
    pairs = [
        (a, b)
        for a, b in zip(standard.scores.tasks, (relational or standard).scores.tasks, strict=True)
        if a.kind is kind
    ]
    metrics = list(pairs[0][0].values)
    rows = [[a.task, str(a.n), *(_cell(m, a.values[m], b.values[m], relational) for m in metrics)] for a, b in pairs]
    first, second = standard.means(), (relational or standard).means()
    means = [
        _cell(m, _mean(first, m), _mean(second, m), relational) + (f" ({first[m].n_tasks})" if m in first else "")
        for m in metrics
    ]
    same_kind = all(score.kind is kind or not set(metrics) & set(score.values) for score in standard.scores.tasks)
    if same_kind:
        rows.append(["Mean (over so many tasks)", "", *means])
    arrow = " (nothing shown → labels shown)" if relational is not None else ""
    return table(f"{kind.capitalize()} tasks{arrow}", ["task", "n", *(TITLES.get(m, m) for m in metrics)], rows)


def _mean(means: Mapping[str, Any], metric: str) -> float | None:
    return means[metric].value if metric in means else None


def _cell(metric: str, first: float | None, second: float | None, relational: Evaluation | None) -> str:
    one = metric_text(metric, first)
    if relational is None or (first is None and second is None):
        return one
    return f"{one} → {metric_text(metric, second)}"


def calibration(assessment: Assessment) -> Section | None:
    """Whether predicted probabilities are right; None without binary labels."""
    if not assessment.calibration:
        return None
    names = {"0": "nothing shown", f"{HALF:g}": f"{HALF:.0%} of the known labels shown"}
    curves = {names.get(key, key): (bins.predicted, bins.found) for key, bins in assessment.calibration.items()}
    n = sum(next(iter(assessment.calibration.values())).count)
    text = f"Of all cells given a probability of 0.8, 80 % should be 1. Measured on {n} labels of molecules kept apart."
    return Section("Calibration", paragraph(text) + figures.calibration(curves))


def relations(train: LabelTable) -> Section | None:
    """How alike the tasks are, from the training labels; None with one task."""
    if len(train.tasks) < 2:
        return None
    return Section("Task relations", figures.relations(train.tasks.names, label_correlation(train)))


def label_correlation(labels: LabelTable) -> NDArray[np.float64]:
    """Return the correlation of every pair of tasks over the data where both are known, `[T, T]`.

    NaN with fewer than ten such data or no variation; a multiclass task counts by its class index.
    """
    y, mask = labels.to_dense()
    m = mask.astype(np.float64)
    n = m.T @ m
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (y.T @ m) / n  # [a, b]: mean of a where both are known
        square = ((y**2).T @ m) / n
        covariance = (y.T @ y) / n - mean * mean.T
        spread = np.maximum(square - mean**2, 0)
        result = covariance / np.sqrt(spread * spread.T)
    small = 1e-12 * np.maximum(square, 1)
    return np.where((n >= _FEW) & (spread > small) & (spread > small).T, result, np.nan)


def labels_table(labels: LabelTable) -> Section:
    """What was known to begin with."""
    rows: list[list[str]] = []
    for j, task in enumerate(labels.tasks):
        values = labels.value[labels.col == j]
        if task.kind is Kind.REGRESSION:
            share = f"{values.mean():.3g} ± {values.std():.3g}" if len(values) else "-"
        else:
            counts = labels.class_counts(task.name)
            share = ", ".join(f"{name}: {n}" for name, n in zip(task.classes, counts, strict=True))
        rows.append([task.name, str(task.kind), str(len(values)), f"{len(values) / max(labels.n_rows, 1):.0%}", share])
    header = ["task", "kind", "labels", "of rows", "classes, or mean ± sd"]
    return Section("Labels", table(f"{len(labels)} labels on {labels.n_rows} rows", header, rows))


def run_card(card: Mapping[str, Any]) -> Section:
    """How the model was made."""
    options = [
        [name, str(o["value"]), "default" if o["default"] else "chosen", "" if o["used"] else "not used"]
        for name, o in card["options"].items()
    ]
    facts = [
        ["data", f"{card['data']['file']} (SHA-256 {card['data']['sha256'][:16]}…)"],
        ["rows", f"{card['data']['rows']}, usable {card['data']['usable_rows']}"],
        [
            "split",
            f"{card['split']['method']}: {card['split']['train']} / {card['split']['val']} / {card['split']['test']}",
        ],
        ["made", f"{card['made']} in {card['seconds']:g} s with weft {card['weft']}"],
        *[[name, str(version)] for name, version in card["versions"].items()],
    ]
    return Section(
        "How it was made",
        table("The run", ["", ""], facts, text=True)
        + table("Options", ["option", "value", "from", ""], options, text=True),
    )
