"""The report of a fit: what the model reached on molecules it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weft.labels import LabelTable
from weft.report import sections
from weft.report.page import page
from weft.report.score_tables import score_table
from weft.training.assess import Assessment
from weft.training.metrics import HEADLINE


def fit_page(card: Mapping[str, Any], labels: LabelTable, train: LabelTable, scored: Assessment | None) -> str:
    """Return the report as one HTML page.

    Args:
        card: the run card.
        labels: all known labels of the table.
        train: those of the training rows.
        scored: the test rows scored, or the validation rows when there are no test rows, or None.
    """
    parts = [sections.relations(train), sections.labels_table(labels), sections.run_card(card)]
    if scored is not None:
        parts = [
            sections.side_by_side(scored),
            score_table(scored),
            sections.calibration(scored),
            *parts,
        ]
    name = str(card["data"]["file"]).rsplit("/", 1)[-1]
    return page(f"{name}: {len(labels.tasks)} tasks", _lead(card, scored), _cards(scored), [p for p in parts if p])


def _lead(card: Mapping[str, Any], scored: Assessment | None) -> str:
    model = card["options"]["--model"]["value"]
    if scored is None:
        return f"A {model} model. The split kept no molecules apart, so nothing is known of how good it is."
    rows = {"test": "test molecules it never saw", "val": "validation molecules, which also chose the model"}
    return (
        f"A {model} model, scored on {scored.n_rows} {rows.get(scored.part, 'molecules')} "
        f"({card['split']['method']} split)."
    )


def _cards(scored: Assessment | None) -> list[tuple[str, str]]:
    if scored is None:
        return []
    standard, relational = sections.pair(scored)
    told: list[tuple[str, str]] = []
    for metric in dict.fromkeys(HEADLINE.values()):
        for evaluation, what in ((standard, "nothing shown"), (relational, "known labels shown")):
            mean = None if evaluation is None else evaluation.means().get(metric)
            if mean is not None:
                title = f"mean {sections.TITLES[metric]} over {mean.n_tasks} task{'s' * (mean.n_tasks != 1)}"
                told.append((f"{mean.value:.3f}", f"{title}, {what}"))
    return told
