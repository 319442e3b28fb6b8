"""The report: one page about a fitted model and its data, for molecules and for graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weft.report.curves import curves_section
from weft.report.data import data_section, split_section
from weft.report.facts import Facts
from weft.report.failures import failures_section
from weft.report.helped import half_of, helped_section
from weft.report.made import added_block, run_card
from weft.report.measured import Measured, measure
from weft.report.page import Section, page
from weft.report.per_task import per_task_section
from weft.report.reliability import calibration_section
from weft.report.sharing import sharing_section
from weft.report.tasks_map import map_section
from weft.report.titles import between, title
from weft.words import many

_MOST_CARDS = 6


def report_page(facts: Facts, added: Mapping[str, Any] | None = None, seed: int = 0) -> str:
    """Return the report as one HTML page that needs nothing else.

    Args:
        facts: the model beside its data.
        added: the part `added` of `metrics.json`: scores of tasks added after the fit.
        seed: of resamples.
    """
    parts: list[Section | None] = []
    measured = None
    if facts.answers is not None and len(facts.answers.known):
        measured = measure(facts.answers, facts.judged_by(), seed)
        parts += [helped_section(facts, measured), per_task_section(facts, measured), sharing_section(facts, measured)]
        parts += [calibration_section(facts), failures_section(facts, measured), curves_section(facts, measured)]
    parts += [map_section(facts), _gates(facts), added_block(facts.card, added), data_section(facts)]
    parts += [split_section(facts), run_card(facts.card)]
    tasks = many(len(facts.labels.tasks.families), "task", mark=",")
    told = f"{facts.name}: {tasks} on {many(len(facts.data), facts.thing, mark=',')}"
    return page(told, _lead(facts), _cards(facts, measured), [part for part in parts if part])


def _lead(facts: Facts) -> str:
    options = facts.card["options"]
    shares = options["--exchange"]["value"] if facts.graph is not None else None
    name = str(options["--model"]["value"])
    model = f"{'An' if name[:1] in 'aeiou' else 'A'} {name} model" + (f" ({shares})" if shares else "")
    if facts.answers is None:
        return f"{model}. The split kept no {facts.things} apart, so nothing is known of how good it is."
    n = len(facts.answers.rows)
    what = {
        "test": f"test {facts.thing}{'s' * (n != 1)} whose labels it never saw ({facts.split.method} split)",
        "val": f"validation {facts.thing}{'s' * (n != 1)}, which also chose the model ({facts.split.method} split)",
    }
    return f"{model}, scored on {n:,} {what.get(facts.answers.part, f'{facts.things} of {facts.name}')}."


def _cards(facts: Facts, measured: Measured | None) -> list[tuple[str, str]]:
    if measured is None:
        return []
    if facts.graph is not None:
        named = list(measured.first)[:_MOST_CARDS]
        return [(_number(measured.first[n].value), _card_words(n, measured)) for n in named]
    told: list[tuple[str, str]] = []
    ratio = half_of(measured)
    for metric in dict.fromkeys(measured.metrics.values()):
        n = sum(1 for name, m in measured.metrics.items() if m == metric and measured.first[name].value is not None)
        for at, shown in ((0.0, "nothing shown"), (ratio, f"{ratio or 0:.0%} of the known labels shown")):
            gain = None if at is None else measured.means[at].get(metric)
            if gain is not None:
                what = f"mean {title(metric)} over {many(n, 'task', mark=',')}, {shown}; 95% interval"
                told.append((_number(gain.shown.value), f"{what} {_ends(metric, gain.shown)}"))
    return told


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _card_words(name: str, measured: Measured) -> str:
    first, second = measured.metrics[name], measured.seconds[name]
    ends = _ends(first, measured.first[name])
    return f"{name}: {title(first)} {ends}; {title(second)} {between(second, measured.second[name]).split(' (')[0]}"


def _ends(metric: str, interval: Any) -> str:
    return between(metric, interval).partition(" (")[2].rstrip(")")


def _gates(facts: Facts) -> Section | None:
    """Draw which task takes what from which, for a model with gates; None for others."""
    made = getattr(facts.predictor, "gate_table", None)
    if facts.graph is None or made is None:
        return None
    from weft.data.graph_known import unlabelled
    from weft.report.gates import gates_section

    rows = made(unlabelled(facts.graph))
    return gates_section(rows) if rows else None
