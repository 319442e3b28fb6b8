"""The end of a fit: score the model and write the whole folder, `model.json` last."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.files import atomic, disk_errors, write_json
from weft.jobs.card import run_card
from weft.jobs.folder import CARD, METRICS, REPORT, WORK
from weft.jobs.options import FitOptions
from weft.jobs.seen import save_seen
from weft.jobs.sources import Source
from weft.predictor import Predictor
from weft.publish import publish
from weft.training.answers import Answers, ask
from weft.training.assess import Assessment, score_answers
from weft.training.calibrator import calibrate
from weft.training.run import Report

if TYPE_CHECKING:
    from weft.data.splits import Split

_PARTS = ("val", "test")


@dataclass(frozen=True)
class Work:
    """What a fit works on.

    Attributes:
        out: the model folder.
        options: as given, filled.
        source: the data.
        split: the rows of each part.
        same: what decides the result: options, data and version.
        began: on the monotonic clock.
        report: told of progress.
        device: where the model was trained, and is asked.
    """

    out: Path
    options: FitOptions
    source: Source
    split: Split
    same: dict[str, Any]
    began: float
    report: Report
    device: str = "cpu"


def finish(work: Work, predictor: Predictor) -> dict[str, Any]:
    """Calibrate, score and write; return the content of `metrics.json`."""
    from weft.report.whole import report_page

    work.report("calibrate", 0, 1, "")
    source, split = work.source, work.split
    predictor.calibrator = calibrate(predictor, source.data, source.labels, split.val, work.options.seed)
    work.report("calibrate", 1, 1, "none" if predictor.calibrator is None else predictor.calibrator.lines.choice)
    parts = _score(work, predictor)
    metrics = {part: assessment.to_json() for part, (_, assessment) in parts.items()}
    took = time.monotonic() - work.began
    card = run_card(source, work.options, split, predictor, work.same, took, work.device)
    staged = work.out / WORK / "out"
    with disk_errors(staged):
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
    split.save(staged / "split.parquet")
    save_seen(staged, source.data, split)
    write_json(staged / METRICS, metrics)
    write_json(staged / CARD, card)
    work.report("report", 0, 1, "")
    predictor.to("cpu")  # what the report still asks is little
    page = report_page(source.facts(card, split, predictor, *parts.get("test", parts.get("val", (None, None)))))
    with atomic(staged / REPORT) as temporary:
        temporary.write_text(page, encoding="utf-8")
    work.report("report", 1, 1, "")
    predictor.save(staged)
    publish(staged, work.out)
    return metrics


def _score(work: Work, predictor: Predictor) -> dict[str, tuple[Answers, Assessment]]:
    parts: dict[str, tuple[Answers, Assessment]] = {}
    data, labels = work.source.data, work.source.labels
    ratios, masks = work.source.reveals
    # with one label at most on a datum there is none to show beside the one that is asked
    ratios = ratios if (labels.row_counts() > 1).any() else (0.0,)
    for at, part in enumerate(_PARTS):
        work.report("score", at, len(_PARTS), part)
        rows = work.split.parts()[part]
        if len(rows):
            answers = ask(predictor, data, labels, rows, part, ratios, masks, work.options.seed)
            parts[part] = answers, score_answers(answers, work.options.seed)
    work.report("score", len(_PARTS), len(_PARTS), "")
    return parts
