"""Did sharing help? The model against models of one task each, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from weft.labels import Asked, Floats, Shown
from weft.predictor import Predictions
from weft.report.compare import compared_section
from weft.report.facts import Alone, Facts
from weft.report.forest import forest
from weft.report.helped import row_of
from weft.report.measured import Gain, Measured
from weft.report.page import Section, paragraph, table
from weft.report.resampling import LEAST, LEVEL, Interval, Look, bootstrap, draws_for, nanmean
from weft.report.titles import apart, between, title
from weft.training.answers import Answers

TITLE = "Did sharing help?"
Versus = Mapping[str, Mapping[str, Gain]]


def sharing_section(facts: Facts, measured: Measured) -> Section | None:
    """Differences to single-task models per task, or how to get them; the comparison of a graph when there is one."""
    body = "" if facts.compared is None else compared_section(facts.compared)
    alone = facts.alone or own_single_tasks(facts)
    if facts.answers is None or len(facts.labels.tasks.families) < 2:
        return None
    if alone is None:
        return Section(TITLE, body or paragraph(_how(facts), first=True), "sharing")
    versus = against(facts.answers, alone.predictions, measured)
    if not versus:
        return None
    return Section(TITLE, body + _told(facts, alone, versus, measured), "sharing")


def _how(facts: Facts) -> str:
    command = "'weft report MODEL --compare' trains one model for every task, with the same options and split"
    if facts.graph is not None:
        command += ", and 'weft compare GRAPH --out MODEL/compare' does so over several seeds"
    return f"Not measured: {command}; the differences then stand here."


def own_single_tasks(facts: Facts) -> Alone | None:
    """Return what the model's own single-task learners say: the profile of the default model; None for others."""
    answers = facts.answers
    engine: Any = getattr(facts.predictor, "engine", None)
    if answers is None or not hasattr(engine, "profile"):
        return None
    from weft.metalink.answers import to_predictions

    scores, ok = answers.encoded
    words = (
        "the model's own learners of one task each (random forests, boosting and a Gaussian process on the same "
        "features), before any task's label or answer reaches another"
    )
    return Alone(to_predictions(engine.layout, [scores], ok), words)


def against(answers: Answers, alone: Predictions, measured: Measured) -> Versus:
    """Return how the model differs from models alone: with nothing shown, and with all other known labels shown.

    Args:
        answers: of the model.
        alone: predictions of the single-task models for the same rows.
        measured: metrics of the families.

    Returns:
        what the model is shown -> family (or `mean METRIC`) -> the difference, paired over data.
    """
    asked = Asked(answers.known)
    looks = {"nothing shown": answers.told_nothing()}
    if len(answers.ratios) > 1:
        looks["all other labels shown"] = leave_one_out(answers)
    told = [Look.of(found, asked) for found in (alone, *looks.values())]
    values = bootstrap(told, measured.metrics, len(answers.rows), draws_for(told))
    return {name: _gains(values, at, measured) for at, name in enumerate(looks, 1)}


def _gains(values: Mapping[str, Floats], at: int, measured: Measured) -> dict[str, Gain]:
    """Compare look `at` with look 0, per family and on average."""
    own = {
        family: Gain(*(_interval(v, measured, family) for v in (held[0], held[at], held[at] - held[0])))
        for family, held in values.items()
    }
    for metric in dict.fromkeys(measured.metrics.values()):
        each = [v for f, v in values.items() if measured.metrics[f] == metric and np.isfinite(v[:, 0]).all()]
        if len(each) > 1:
            alone, sharing = (nanmean(np.stack([v[side] for v in each])) for side in (0, at))
            own[f"Mean {title(metric)}"] = Gain(*map(Interval.of, (alone, sharing, sharing - alone)))
    return own


def _interval(values: Floats, measured: Measured, family: str) -> Interval:
    return Interval.of(values, measured.counts[family][1] >= LEAST)


def leave_one_out(answers: Answers, most: int = 12) -> Predictions:
    """Return predictions of every cell with the datum's other labels shown, never its own.

    Cells are hidden by groups of tasks, at most `most` of them: a task's own group is hidden when it is asked.
    """
    known, tasks = answers.known, answers.known.tasks
    families = list(tasks.families.values())
    parts = min(most, len(families))
    mean, std = np.empty_like(answers.nothing.mean), np.empty_like(answers.nothing.std)
    for k in range(parts):
        members = [j for group in families[k::parts] for j in group]
        found = answers.predictor.calibrated(answers.ask(Shown(known.where(~np.isin(known.col, members)))))
        for j in members:
            first, last = tasks.offsets[j : j + 2]
            mean[:, first:last], std[:, first:last] = found.mean[:, first:last], found.std[:, first:last]
    return Predictions(tasks, mean, std, answers.nothing.ok)


def _told(facts: Facts, alone: Alone, versus: Versus, measured: Measured) -> str:
    rows = [
        {**row_of(family, measured.metrics[family], gain, shown)}
        for shown, gains in versus.items()
        for family, gain in gains.items()
        if family in measured.metrics and gain.difference.value is not None
    ]
    body = paragraph(_words(versus), first=True) + paragraph(
        f"Compared with {alone.words}; both on the same {facts.things} and features. One training of each: the "
        f"intervals say what other {facts.things} would change, not what another training would."
    )
    if rows:
        axis, what = (
            "difference to single-task models (right of 0: sharing is better)",
            "differences to single-task models",
        )
        basis = f"difference on these {facts.things}"
        body += forest(rows, LEVEL, "sharing-forest", axis, what, basis)
    families = next(iter(versus.values()))
    names = list(dict.fromkeys(title(metric) for metric in measured.metrics.values()))
    header = ["task", "alone", *(word for shown in versus for word in (shown, "difference"))]
    cells = [[_name(family, measured, len(names) > 1), *_cells(family, versus, measured)] for family in families]
    caption = f"{' or '.join(names)} alone and sharing, with 95% intervals of the differences to alone"
    return body + table(caption, header, cells)


def _name(family: str, measured: Measured, several: bool) -> str:
    """Return a row's name, with its metric where there are several."""
    return f"{family} ({title(measured.metrics[family])})" if several and family in measured.metrics else family


def _cells(family: str, versus: Versus, measured: Measured) -> list[str]:
    metric = measured.metrics.get(family, "roc_auc")
    first = next(iter(versus.values()))[family]
    plain = [between(metric, Interval(first.hidden.value))]
    for gains in versus.values():
        plain += [between(metric, Interval(gains[family].shown.value)), apart(gains[family].difference)]
    return plain


def _words(versus: Versus) -> str:
    told: list[str] = []
    for shown, gains in versus.items():
        verdicts = [gain.verdict for name, gain in gains.items() if not name.startswith("Mean ")]
        helped, hurt = verdicts.count("helped"), verdicts.count("hurt")
        rest = verdicts.count("no difference seen")
        few = len(verdicts) - helped - hurt - rest
        told.append(
            f"With {shown}, sharing helped {helped} of {len(verdicts)} tasks, hurt {hurt}, and on {rest} no "
            f"difference is seen{f'; on {few} too few labels tell' if few else ''}."
        )
    return " ".join(told)
