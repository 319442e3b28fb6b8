"""Score a fitted model on the labels of a table, without the molecules it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weft import saved
from weft.errors import UserError
from weft.files import write_json
from weft.jobs.candidates import Candidates, from_graph, from_table
from weft.jobs.graph_model import on_graph
from weft.jobs.known_rows import things_of
from weft.jobs.options import available_threads, check_seed
from weft.predictor import Predictor
from weft.training.assess import MASKS, Assessment, assess, uses_labels
from weft.training.run import Report, silent
from weft.words import many


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
        reads_pattern: whether *which* labels are known is read, besides what they say; None where that is one.
        things: what the data are: molecules, nodes, images, ...
    """

    assessment: Assessment
    rows: int
    bad: int
    seen: int
    support_labels: int
    seen_scored: bool
    uses_labels: bool
    things: str = "molecules"
    reads_pattern: bool | None = None

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
            "reads_pattern": self.reads_pattern,
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
    part: str | None = None,
    out: Path | None = None,
    threads: int | None = None,
    report: Report = silent,
    device: str = "auto",
) -> Evaluated:
    """Score the model in `folder` on the labels of `file`.

    Args:
        folder: the model.
        file: a table with some of the model's task columns; a graph's folder for a model of a graph.
        ratios: shares of every molecule's known labels to show; the rest is asked.
        masks: random choices of the labels shown, averaged over.
        seed: of the first choice.
        with_seen: score molecules of the training and validation parts as well; the scores then flatter.
        smiles: the SMILES column.
        part: of a graph's split, `test` (default) or `val`.
        out: where to write the result as JSON.
        threads: processes that featurise.
        report: told of progress.
        device: where networks are asked: `auto`, `cpu` or `cuda`.

    Raises:
        UserError: for input that cannot be used, or when nothing is left to score.
    """
    _check(ratios, masks, seed)
    predictor = saved.load(folder, device)
    things = "nodes" if on_graph(predictor) else things_of(folder)
    found = _candidates(folder, file, predictor, smiles, part, threads or available_threads(), report)
    rows, labels = found.chosen(with_seen)
    if not len(labels.on_rows(rows)):
        why, mend = found.nothing
        raise UserError(f"nothing to score: {why}", where=str(file), mend=mend)
    report("score", 0, 1, "")
    scored = assess(predictor, found.data, labels, rows, found.name, sorted(set(ratios)), masks, seed)
    report("score", 1, 1, many(scored.n_rows, "row"))
    bad = len(found.data) - int(found.data.ok.sum())
    support = len(found.labels.on_rows(rows)) - len(labels.on_rows(rows))
    known = int(found.seen.sum())
    uses, reads = uses_labels(predictor), predictor.reads_pattern
    result = Evaluated(scored, len(found.data), bad, known, support, with_seen, uses, things, reads)
    if out is not None:
        write_json(out, result.to_json())
    return result


def _candidates(
    folder: Path,
    file: Path,
    predictor: Predictor,
    smiles: str | None,
    part: str | None,
    threads: int,
    report: Report,
) -> Candidates:
    if not on_graph(predictor):
        if part is not None:
            raise UserError("this model reads no graph", where="--part", mend="Leave it out.")
        return from_table(folder, file, predictor, smiles, threads, report)
    if smiles is not None:
        raise UserError("this model reads a graph, no molecules", where="--smiles", mend="Leave it out.")
    return from_graph(folder, file, predictor, part or "test", report)


def _check(ratios: Sequence[float], masks: int, seed: int) -> None:
    for ratio in ratios:
        if not 0 <= ratio < 1:
            raise UserError(f"{ratio:g} is no share to show", where="--reveal", mend="Use 0 up to, not including, 1.")
    if masks < 1:
        raise UserError(f"{masks} masks", where="--masks", mend="Use 1 or more.")
    check_seed(seed)
