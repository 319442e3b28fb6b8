"""Expected calibration errors of every task, before and after calibration."""

from __future__ import annotations

from weft.report.page import table
from weft.training.assess import HALF, Assessment
from weft.training.ece import BINS
from weft.training.evaluate import Evaluation
from weft.training.scores import Scores


def errors_table(assessment: Assessment, changed: bool) -> str:
    """Return one table: with nothing shown and with half of the labels shown; nothing without probabilities.

    Args:
        assessment: the scores.
        changed: whether calibration changes anything; else one column tells.
    """
    before = {e.ratio: e for e in assessment.before} if changed else {}
    looks = [e for e in assessment.revealed if e.ratio in (0.0, HALF)]
    names = [s.task for s in looks[0].scores.tasks if any(_ece(e.scores, s.task) for e in looks)] if looks else []
    if not names:
        return ""
    rows = [[name, *(cell for e in looks for cell in _cells(e, before.get(e.ratio), name))] for name in names]
    if len(names) > 1:
        rows.append(["Mean (over tasks)", *(cell for e in looks for cell in _means(e, before.get(e.ratio)))])
    header = ["task"]
    for e in looks:
        shown = f"{e.ratio:.0%} shown" if e.ratio else "nothing shown"
        header += [f"n, {shown}", *(["before"] if e.ratio in before else []), f"ECE, {shown}"]
    caption = f"Expected calibration error (ECE): how far probabilities are off, in up to {BINS} bins of equal mass"
    return table(caption, header, rows)


def _ece(scores: Scores, name: str) -> tuple[int, float] | None:
    found = next(score for score in scores.tasks if score.task == name)
    value = found.values.get("ece")
    return None if value is None else (found.n, value)


def _cells(after: Evaluation, before: Evaluation | None, name: str) -> list[str]:
    now = _ece(after.scores, name)
    then = None if before is None else _ece(before.scores, name)
    told = [] if before is None else ["" if then is None else f"{then[1]:.3f}"]
    return ["" if now is None else str(now[0]), *told, "" if now is None else f"{now[1]:.3f}"]


def _means(after: Evaluation, before: Evaluation | None) -> list[str]:
    sides = [after] if before is None else [before, after]
    means = [side.scores.means().get("ece") for side in sides]
    return ["", *("" if mean is None else f"{mean.value:.3f}" for mean in means)]
