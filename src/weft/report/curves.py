"""Curves: how training went, and predictions against measurements task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.labels import Floats
from weft.predictor import Predictions
from weft.report.facts import Facts
from weft.report.helped import half_of
from weft.report.measured import Measured
from weft.report.page import Section, heading, paragraph
from weft.report.svg import DARK, EDGE, SOFT, drawing, figure_html, new_figure
from weft.tasks import Kind, Task
from weft.training.metrics import roc_auc

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from weft.training.answers import Answers

_MOST = 12
_ACROSS = 4
_SCATTERED = 800
_NO_EPOCHS = (
    "No curve of training: this model is not trained in epochs, or an earlier weft that did not keep them made it."
)
Row = Mapping[str, float]


def curves_section(facts: Facts, measured: Measured) -> Section | None:
    """ROC curves and predicted against measured values, and the curves of training where epochs were kept."""
    body = "" if facts.answers is None else _against(facts.answers, measured)
    history: Sequence[Sequence[Row]] = getattr(facts.predictor, "history", None) or ()
    rows = [row for row in history if row]
    if rows:
        body += heading("Training") + _training(rows)
    elif facts.ours and body:
        body += paragraph(_NO_EPOCHS, soft=True)
    return Section("Curves", body, "curves") if body else None


def _against(answers: Answers, measured: Measured) -> str:
    tasks = [task for task in answers.known.tasks if task.kind is not Kind.MULTICLASS and task.group is None]
    told = [task for task in tasks if _drawable(answers, task)][:_MOST]
    if not told:
        return ""
    text = (
        "One panel a task. For yes or no: the share of positives found against the share of negatives taken for "
        "positives, at every threshold; the dotted diagonal is guessing. For values: prediction against measurement; "
        "on the dotted line they agree."
    )
    return paragraph(text, first=True) + panels(answers, told, half_of(measured))


def _drawable(answers: Answers, task: Task) -> bool:
    j = answers.known.tasks.index(task.name)
    values = answers.known.value[answers.known.col == j]
    return len(np.unique(values)) > 1


def panels(answers: Answers, tasks: Sequence[Task], ratio: float | None) -> str:
    """Draw a panel per task: ROC curves with nothing and with labels shown, or predicted against measured values."""
    with drawing():
        across = min(_ACROSS, len(tasks))
        down = -(-len(tasks) // across)
        figure = new_figure(max(1.9 * across, 3.0), 0.5 + 2.05 * down)
        drawn: list[Axes] = list(figure.subplots(down, across, squeeze=False).flat)
        told = [_panel(axes, answers, task, ratio) for axes, task in zip(drawn, tasks, strict=False)]
        for axes in drawn[len(tasks) :]:
            axes.set_visible(False)
        shown = f", {ratio:.0%} of the known labels shown (solid)" if ratio else ""
        caption = f"Nothing shown (dashed){shown}. Values: points with nothing shown."
        whole = answers.known.tasks
        if len(tasks) < len([task for task in whole if task.kind is not Kind.MULTICLASS]):
            caption += f" {len(tasks)} of {len(whole)} tasks are drawn."
        return figure_html(figure, "panels", f"Panels of {len(tasks)} tasks. {'; '.join(told)}.", caption)


def _panel(axes: Axes, answers: Answers, task: Task, ratio: float | None) -> str:
    axes.set_title(task.name if len(task.name) <= 22 else task.name[:21] + "…", fontsize=9.5, loc="left")
    axes.tick_params(labelsize=7.5)
    if task.kind is Kind.REGRESSION:
        return _scatter(axes, answers, task)
    axes.plot([0, 1], [0, 1], color=SOFT, lw=1, ls=":")
    words: list[str] = []
    for look, style, colour, where in ((0.0, "--", EDGE, 0.18), (ratio, "-", DARK, 0.06)):
        if look is None:
            continue
        y, score = _cells(answers, answers.told(look)[0], look, task)
        area = roc_auc(y, score)
        if area is not None:
            axes.plot(*roc(y, score), style, color=colour, lw=1.5)
            axes.text(0.99, where, f"{'╌╌' if not look else '──'} {area:.2f}", ha="right", fontsize=8.5, color=colour)
            words.append(f"{area:.2f} {'with labels' if look else 'with nothing shown'}")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return f"{task.name}: area {' and '.join(words)}"


def _cells(answers: Answers, found: Predictions, ratio: float, task: Task) -> tuple[Floats, Floats]:
    asked = answers.episodes[ratio][0].asked.table
    j = found.tasks.index(task.name)
    at = np.flatnonzero((asked.col == j) & found.ok[asked.row])
    return asked.value[at], found.mean[asked.row[at], found.tasks.offsets[j]]


def roc(y: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Return false and true positive rates at every threshold, from (0, 0) to (1, 1), for 0/1 labels `y [n]`."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))  # one point per distinct score
    true, false = np.cumsum(y[order])[last], np.cumsum(1 - y[order])[last]
    return np.concatenate([[0.0], false / false[-1]]), np.concatenate([[0.0], true / true[-1]])


def _scatter(axes: Axes, answers: Answers, task: Task) -> str:
    y, value = _cells(answers, answers.told_nothing(), 0.0, task)
    some = np.random.default_rng(0).permutation(len(y))[:_SCATTERED]
    low, high = float(min(y.min(), value.min())), float(max(y.max(), value.max()))
    axes.plot([low, high], [low, high], color=SOFT, lw=1, ls=":")
    axes.plot(y[some], value[some], "o", color=DARK, ms=2.4, alpha=0.6, mew=0)
    axes.locator_params(nbins=4)
    spread = y.std() * value.std()
    r = float(np.mean((y - y.mean()) * (value - value.mean())) / spread) if spread > 0 else 0.0
    return f"{task.name}: {len(y)} points, correlation {r:.2f}"


def _training(history: Sequence[Sequence[Row]]) -> str:
    """Draw loss and validation score by epoch, of the first member where there are several."""
    first = history[0]
    names = list(dict.fromkeys(key for row in first for key in row if key != "epoch"))
    losses = [name for name in names if name == "loss" or name.startswith("loss ")]
    scores = [name for name in names if name not in losses]
    more = f" Of {len(history)} members the first is drawn." if len(history) > 1 else ""
    text = "Left: training loss of every task. Right: score on the validation part, by which the epoch was chosen."
    return paragraph(text + more) + _training_figure(first, losses[:_MOST], scores[:_MOST])


def _training_figure(rows: Sequence[Row], losses: Sequence[str], scores: Sequence[str]) -> str:
    with drawing():
        sides = [(names, label) for names, label in ((losses, "training loss"), (scores, "validation score")) if names]
        figure = new_figure(7.2, 3.4)
        drawn: list[Axes] = list(figure.subplots(1, len(sides), squeeze=False).flat)
        told: list[str] = []
        for axes, (names, label) in zip(drawn, sides, strict=True):
            told += _lines(axes, rows, names)
            axes.set(xlabel="epoch", ylabel=label)
        _key(figure, drawn[-1], len(sides[-1][0]))
        caption = "Training by epoch: each line a task, told apart by its dashes and mark."
        return figure_html(figure, "training", f"Curves of training. {'; '.join(told)}.", caption)


_DASHES = ("-", "--", "-.", ":")
_MARKS = ("o", "s", "^", "D", "v", "x")


def _lines(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    told: list[str] = []
    for k, name in enumerate(names):
        own = [(row["epoch"], row[name]) for row in rows if name in row and np.isfinite(row[name])]
        if not own:
            continue
        x, y = (np.array(part, float) for part in zip(*own, strict=True))
        every = max(1, len(x) // 6)
        style: dict[str, Any] = {"ls": _DASHES[k % 4], "marker": _MARKS[k % 6], "markevery": every, "ms": 4, "lw": 1.3}
        axes.plot(x, y, color=DARK if k % 2 == 0 else EDGE, label=name.removeprefix("loss "), **style)
        told.append(f"{name} from {y[0]:.3g} to {y[-1]:.3g}")
    return told


def _key(figure: Any, axes: Axes, n: int) -> None:
    if n > 1:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, frameon=False, fontsize=8.5)
