"""Names of metrics for people, and how numbers are written."""

from __future__ import annotations

from weft.report.resampling import Interval
from weft.training.metrics import metric_text

TITLES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "ece": "ECE",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
#: What guessing reaches, where that is the same in every task.
CHANCE = {"roc_auc": 0.5, "r2": 0.0}


def title(metric: str) -> str:
    """Return the name of a metric."""
    return TITLES.get(metric) or metric


def between(metric: str, interval: Interval) -> str:
    """Write a value with its interval, as in `0.812 (0.774 to 0.851)`."""
    if interval.low is None or interval.high is None:
        return metric_text(metric, interval.value)
    low, high = metric_text(metric, interval.low), metric_text(metric, interval.high)
    return f"{metric_text(metric, interval.value)} ({low} to {high})"


def apart(interval: Interval) -> str:
    """Write a difference with its interval, as in `+0.041 (+0.012 to +0.071)`."""
    if interval.value is None:
        return "undefined"
    if interval.low is None or interval.high is None:
        return f"{interval.value:+.3f}"
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
