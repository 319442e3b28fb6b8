"""Whether predicted probabilities are right, before and after calibration, and whether sets hold the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weft.labels import Asked, Bools, Floats, LabelTable
from weft.predictor import Predictions
from weft.report.errors_table import errors_table
from weft.report.facts import Facts
from weft.report.page import Section, heading, paragraph, table
from weft.report.svg import DARK, EDGE, SOFT, drawing, figure_html, new_figure
from weft.settings import Episode
from weft.tasks import Kind, Task
from weft.training.answers import Answers
from weft.training.assess import HALF, Bins, binary_cells, bins_of_cells
from weft.training.calibrator import Calibrator
from weft.training.conformal import Region
from weft.words import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COVERAGES = (0.8, 0.9)


def calibration_section(facts: Facts) -> Section | None:
    """Reliability curves, errors before and after, and coverage of sets; None without anything to tell."""
    answers, assessment = facts.answers, facts.assessment
    if answers is None or assessment is None:
        return None
    body = _curves(facts, answers) + errors_table(assessment, _changes(facts)) + _coverage(facts, answers)
    return Section("Calibration", body, "calibration") if body else None


def _curves(facts: Facts, answers: Answers) -> str:
    panels = {words: found for ratio, words in _shown(answers) if (found := _pair(answers, ratio))}
    if not panels:
        return ""
    n = sum(next(iter(panels.values()))["after"].count)
    text = f"Of all cells given a probability of 0.8, 80% should be 1. Checked on {n:,} labels. {_choice(facts)}"
    return paragraph(text, first=True) + reliability(panels)


def _choice(facts: Facts) -> str:
    calibrator = facts.predictor.calibrator
    if calibrator is None:
        return "This model is not calibrated: it had no validation labels to do it with."
    told = {
        "none": "Validation labels were better served by leaving the probabilities as they were.",
        "common": "One line for all tasks, fitted on validation labels, was applied to the probabilities.",
    }
    usual = "A line per task, fitted on validation labels, was applied to the probabilities."
    return told.get(calibrator.lines.choice, usual)


def _shown(answers: Answers) -> list[tuple[float, str]]:
    words = {0.0: "nothing shown", HALF: f"{HALF:.0%} of the known labels shown"}
    return [(ratio, words[ratio]) for ratio in answers.ratios if ratio in words]


def _changes(facts: Facts) -> bool:
    """Whether calibration changes any probability."""
    calibrator = facts.predictor.calibrator
    return calibrator is not None and calibrator.lines.choice != "none"


def _pair(answers: Answers, ratio: float) -> dict[str, Bins]:
    """Return bins before and after calibration under the first mask of a ratio; empty without binary labels."""
    raw, asked = answers.raw(ratio)[0], answers.episodes[ratio][0].asked
    found: dict[str, Bins] = {}
    for name, predictions in (("before", raw), ("after", answers.predictor.calibrated(raw))):
        probability, label = binary_cells(predictions, asked)
        if len(label):
            found[name] = bins_of_cells(probability, label)
    calibrator = answers.predictor.calibrator
    if calibrator is None or calibrator.lines.choice == "none":
        found.pop("before", None)
    return found


def reliability(panels: Mapping[str, Mapping[str, Bins]]) -> str:
    """Draw predicted probability against found share of 1.

    Args:
        panels: what was shown -> `before` and `after` calibration -> bins.
    """
    styles = {"before": ("--s", EDGE, "none", "before calibration"), "after": ("-o", DARK, DARK, "as told")}
    with drawing():
        figure = new_figure(3.7 * len(panels) + 0.4, 4.2)
        drawn: list[Axes] = list(figure.subplots(1, len(panels), squeeze=False).flat)
        for axes, (title, curves) in zip(drawn, panels.items(), strict=True):
            axes.plot([0, 1], [0, 1], color=SOFT, lw=1, ls=":")
            for name, bins in curves.items():
                mark, colour, fill, label = styles[name]
                axes.plot(bins.predicted, bins.found, mark, color=colour, mfc=fill, label=label, lw=1.5, ms=5)
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title=title, xlabel="predicted probability of 1")
            axes.set_aspect("equal")
        drawn[0].set_ylabel("share found to be 1")
        drawn[0].legend(loc="upper left", frameon=False, fontsize=9)
        told = "; ".join(
            f"{title}, {styles[name][3]}: {_gap(bins):.3f} off on average"
            for title, curves in panels.items()
            for name, bins in curves.items()
        )
        caption = "All binary tasks, ten equally filled bins; on the dotted line a probability is right."
        return figure_html(figure, "calibration-curves", f"Reliability diagrams. {told}.", caption, len(panels) == 1)


def _gap(bins: Bins) -> float:
    return float(np.average(np.abs(np.subtract(bins.predicted, bins.found)), weights=bins.count))


@dataclass(frozen=True)
class Covered:
    """How a task's sets fared: how many cells, the share that holds the truth, and their mean size."""

    n: int
    share: float
    size: float


def _coverage(facts: Facts, answers: Answers) -> str:
    calibrator = facts.predictor.calibrator
    if calibrator is None or not len(answers.known):
        return ""
    ratio = HALF if HALF in answers.episodes else 0.0
    rows = _coverage_rows(calibrator, answers.told(ratio)[0], answers.episodes[ratio][0])
    shown = f"{ratio:.0%} of the known labels shown" if ratio else "nothing shown"
    text = (
        f"'weft predict --coverage 0.9' adds sets of answers, or intervals, that are to hold the truth nine times in "
        f"ten. They rest on {many(calibrator.rows, 'validation ' + facts.thing, mark=',')}; the promise is for data "
        "like those, and a test part of other scaffolds or another time is less like them. How often they held it here:"
    )
    header = ["task", "n", *(f"{word} at {c:.0%}" for c in COVERAGES for word in ("held", "size"))]
    caption = f"Sets and intervals ({shown}): share that holds the truth; mean number of classes, or width of interval"
    return heading("Sets and intervals") + paragraph(text) + table(caption, header, rows)


def _coverage_rows(calibrator: Calibrator, found: Predictions, episode: Episode) -> list[list[str]]:
    others = episode.shown.table.to_dense()[1].any(1, keepdims=True) & np.ones((1, len(found.tasks)), bool)
    held = [coverage_of(calibrator, found, episode.asked, coverage, others) for coverage in COVERAGES]
    rows: list[list[str]] = []
    for task in found.tasks:
        told = [each.get(task.name) for each in held]
        if told[0] is not None:
            cells = [text for c in told if c is not None for text in (f"{c.share:.3f}", f"{c.size:.3g}")]
            rows.append([task.name, str(told[0].n), *cells])
    return rows


def coverage_of(
    calibrator: Calibrator, found: Predictions, asked: Asked, coverage: float, shown: Bools
) -> dict[str, Covered]:
    """Return how the sets of a stated coverage fared on the asked labels, by task; tasks without any are left out.

    Args:
        calibrator: of the model.
        found: calibrated predictions of `N` data.
        asked: labels of the same data.
        coverage: the stated probability.
        shown: bool `[N, T]`: whether any label was shown when a cell was predicted.
    """
    regions = calibrator.regions(found, coverage, shown)
    told: dict[str, Covered] = {}
    for j, (task, region) in enumerate(zip(found.tasks, regions, strict=True)):
        cells = asked.table.where((asked.table.col == j) & found.ok[asked.table.row])
        if len(cells):
            holds, size = _holds(task, region, cells)
            told[task.name] = Covered(len(cells), float(holds.mean()), float(size.mean()))
    return told


def _holds(task: Task, region: Region, cells: LabelTable) -> tuple[Floats, Floats]:
    """Return of every cell whether its set holds the truth, and how large that set is."""
    if task.kind is Kind.REGRESSION and region.low is not None and region.high is not None:
        low, high = region.low[cells.row], region.high[cells.row]
        return ((cells.value >= low) & (cells.value <= high)).astype(float), high - low
    holds: Sequence[Bools] | Bools = [] if region.holds is None else region.holds[cells.row]
    sets = np.asarray(holds, bool)
    return sets[np.arange(len(sets)), cells.value.astype(np.int64)].astype(float), sets.sum(1).astype(float)
