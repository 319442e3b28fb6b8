"""The report of a fit to a graph: what each task reached on nodes kept apart, and what the graph is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from weft.data.graph_known import unlabelled
from weft.data.hetero import HeteroGraph
from weft.data.splits import Split
from weft.predictor import Predictor
from weft.report import figures, sections
from weft.report.graph_tables import graph_section, labels_section
from weft.report.page import Section, page, paragraph
from weft.report.score_tables import score_table
from weft.training.assess import Assessment
from weft.training.metrics import TaskScore, metric_text

_MOST_CARDS = 8


def graph_page(
    card: Mapping[str, Any], graph: HeteroGraph, split: Split, scored: Assessment | None, predictor: Predictor
) -> str:
    """Return the report as one HTML page.

    Args:
        card: the run card.
        graph: what was fitted to.
        split: the rows of each part.
        scored: the test nodes scored, or the validation nodes when there are no test nodes, or None.
        predictor: the fitted model; its gates are drawn when it has any.
    """
    parts: list[Section | None] = []
    if scored is not None:
        whole = replace(scored, revealed=scored.revealed[:1], hidden=())
        parts = [_reached(whole), score_table(whole), _shown(scored)]
    parts += [_gates(predictor, graph), None if scored is None else sections.calibration(scored, "nodes")]
    parts += [labels_section(graph, split), graph_section(graph), sections.run_card(card)]
    title = f"{graph.name}: {_many(len(graph.tasks.families), 'task')} on {_many(len(graph), 'node')}"
    return page(title, _lead(card, scored), _cards(scored), [part for part in parts if part])


def _many(n: int, thing: str) -> str:
    return f"{n} {thing}{'s' * (n != 1)}"


def _lead(card: Mapping[str, Any], scored: Assessment | None) -> str:
    options, split = card["options"], card["split"]["method"]
    shares = options["--exchange"]["value"]
    model = f"{options['--model']['value']} model" + (f" ({shares})" if shares else "")
    if scored is None:
        return f"A {model}. The split kept no nodes apart, so nothing is known of how good it is."
    what = {"test": "test nodes, whose labels it never saw", "val": "validation nodes, which also chose the model"}
    return f"A {model}, scored on {scored.n_rows} {what.get(scored.part, 'nodes')} ({split} split)."


def _cards(scored: Assessment | None) -> list[tuple[str, str]]:
    if scored is None:
        return []
    shown: list[tuple[str, str]] = []
    scores = scored.revealed[0].scores
    for score in scores.families()[:_MOST_CARDS]:
        first, second = scores.judged_by(score)
        beside = f"{sections.TITLES[second]} {metric_text(second, score.values[second])}"
        shown.append((metric_text(first, score.values[first]), f"{score.task}: {sections.TITLES[first]}; {beside}"))
    return shown


def _reached(scored: Assessment) -> Section:
    """Bars per task of what it is judged by first."""
    return Section("What each task reached", paragraph("One model serves every task.") + _pictures(scored))


def _shown(scored: Assessment) -> Section | None:
    """The same cells with nothing shown of the node and with some of its labels shown; None for other models."""
    relational = sections.pair(scored)[1]
    if relational is None:
        return None
    text = (
        f"Asked for {1 - relational.ratio:.0%} of each node's labels, with the others not known and known. Fewer cells "
        f"than above; averages over {len(relational.masks)} random choices of the labels shown."
    )
    return Section("With some of a node's labels known", paragraph(text) + _pictures(scored))


def _pictures(scored: Assessment) -> str:
    standard, relational = sections.pair(scored)
    told = standard.scores.families()
    first = [standard.scores.judged_by(score)[0] for score in told]
    other = None if relational is None else relational.scores.families()
    pictures = ""
    for metric in dict.fromkeys(first):
        at = [j for j, name in enumerate(first) if name == metric]
        pictures += _bars(metric, [told[j] for j in at], None if other is None else [other[j] for j in at])
    return pictures


def _bars(metric: str, standard: Sequence[TaskScore], relational: Sequence[TaskScore] | None) -> str:
    return figures.bars(
        sections.TITLES[metric],
        [score.task for score in standard],
        [score.values[metric] for score in standard],
        None if relational is None else [score.values[metric] for score in relational],
        sections.CHANCE.get(metric),
        things="nodes",
    )


def _gates(predictor: Predictor, graph: HeteroGraph) -> Section | None:
    """Draw which task takes what from which, for a model with gates; None for others."""
    table = getattr(predictor, "gate_table", None)
    rows = [] if table is None else table(unlabelled(graph))
    if not rows:
        return None
    from weft.report.gates import gates_section

    return gates_section(rows)
