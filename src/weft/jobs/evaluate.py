"""Score a fitted model on the labels of a table, without the molecules it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weft import predictor as predictors
from weft.errors import UserError
from weft.files import write_json
from weft.jobs.inputs import Input, read_for_model, usual_smiles
from weft.jobs.options import available_threads, check_seed
from weft.jobs.seen import seen
from weft.training.assess import MASKS, Assessment, assess, uses_labels
from weft.training.run import Report, silent


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found.

    Attributes:
        assessment: the scores at every reveal ratio.
        rows: rows of the file.
        bad: rows that cannot be used.
        seen: usable rows whose molecule the model was fitted or chosen on.
        support_labels: labels of other rows left out because an added task was learnt from them.
        seen_scored: whether those were scored all the same.
        uses_labels: whether the model takes known labels into account.
    """

    assessment: Assessment
    rows: int
    bad: int
    seen: int
    support_labels: int
    seen_scored: bool
    uses_labels: bool

    def to_json(self) -> dict[str, object]:
        """Return counts of rows and `reveal`: ratio -> evaluation."""
        return {
            "rows": self.rows,
            "scored_rows": self.assessment.n_rows,
            "bad_rows": self.bad,
            "seen_rows": self.seen,
            "support_labels": self.support_labels,
            "seen_scored": self.seen_scored,
            "uses_labels": self.uses_labels,
            "reveal": self.assessment.to_json(),
        }


def evaluate(
    folder: Path,
    file: Path,
    ratios: Sequence[float] = (0.0,),
    masks: int = MASKS,
    seed: int = 0,
    with_seen: bool = False,
    smiles: str | None = None,
    out: Path | None = None,
    threads: int | None = None,
    report: Report = silent,
) -> Evaluated:
    """Score the model in `folder` on the labels of `file`.

    Args:
        folder: the model.
        file: a table with some of the model's task columns.
        ratios: shares of every molecule's known labels to show; the rest is asked.
        masks: random choices of the labels shown, averaged over.
        seed: of the first choice.
        with_seen: score molecules of the training and validation parts as well; the scores then flatter.
        smiles: the SMILES column.
        out: where to write the result as JSON.
        threads: processes that featurise.
        report: told of progress.

    Raises:
        UserError: for input that cannot be used, or when nothing is left to score.
    """
    _check(ratios, masks, seed)
    predictor = predictors.load(folder)
    threads = threads or available_threads()
    read = read_for_model(file, predictor.tasks, report, smiles, usual_smiles(folder), threads)
    ok = read.data.ok
    cells = seen(folder, read.data, predictor.tasks)
    known = ok & cells.all(1)
    rows = np.flatnonzero(ok if with_seen else ok & ~known)
    labels = read.labels if with_seen else read.labels.where(~cells[read.labels.row, read.labels.col])
    if not len(labels.on_rows(rows)):
        raise _nothing_to_score(read, file)
    report("score", 0, 1, "")
    scored = assess(predictor, read.data, labels, rows, file.name, sorted(set(ratios)), masks, seed)
    report("score", 1, 1, f"{scored.n_rows} rows")
    bad = len(ok) - int(ok.sum())
    support = len(read.labels.on_rows(rows)) - len(labels.on_rows(rows))
    result = Evaluated(scored, len(ok), bad, int(known.sum()), support, with_seen, uses_labels(predictor))
    if out is not None:
        write_json(out, result.to_json())
    return result


def _nothing_to_score(read: Input, file: Path) -> UserError:
    if not len(read.labels):
        why, mend = "no label of the model's tasks", "Check the column names."
    elif not len(read.labels.on_rows(np.flatnonzero(read.data.ok))):
        why, mend = "no row with a label can be used", "'weft validate' tells what is wrong with the rows."
    else:
        why, mend = "all labels were seen in training", "Give molecules the model has not seen, or add --seen."
    return UserError(f"nothing to score: {why}", where=str(file), mend=mend)


def _check(ratios: Sequence[float], masks: int, seed: int) -> None:
    for ratio in ratios:
        if not 0 <= ratio < 1:
            raise UserError(f"{ratio:g} is no share to show", where="--reveal", mend="Use 0 up to, not including, 1.")
    if masks < 1:
        raise UserError(f"{masks} masks", where="--masks", mend="Use 1 or more.")
    check_seed(seed)
