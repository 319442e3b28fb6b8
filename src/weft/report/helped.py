"""Did knowing other labels help? The same cells asked with nothing shown and with labels shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from weft.report import figures
from weft.report.facts import Facts
from weft.report.forest import forest
from weft.report.measured import Gain, Measured
from weft.report.page import Section, heading, paragraph, table
from weft.report.resampling import LEVEL
from weft.report.titles import CHANCE, apart, between, title
from weft.training.assess import HALF
from weft.words import many

TITLE = "Did knowing other labels help?"
_VERDICTS = ("helped", "hurt", "no difference seen", "too few labels to tell")


def helped_section(facts: Facts, measured: Measured) -> Section:
    """Bars and differences per task, and means over the reveal ratios."""
    ratio = half_of(measured)
    if ratio is None:
        return Section(TITLE, paragraph(_why_not(facts), first=True) + _bars_alone(facts, measured), "helped")
    gains = measured.gains[ratio]
    rows = [row_of(name, measured.metrics[name], gain, "labels shown") for name, gain in gains.items()]
    told = [row for row in rows if row["difference"] is not None]
    body = paragraph(f"{words(measured, ratio, facts.thing)} {_spread(gains)}", first=True) + paragraph(
        f"Every test label is asked twice: with nothing known of the {facts.thing} but what it is, and with "
        f"{ratio:.0%} of its known labels shown. The asked label itself is never shown. "
        f"Averages over {many(len_masks(facts, ratio), 'random choice', mark=',')} of the labels shown."
    )
    body += _bars(facts, measured.metrics, gains, ratio)
    if told:
        basis = f"mean over the choices of labels shown; resampled are {facts.things} and choices"
        axis = f"difference when {ratio:.0%} of the labels are shown (right of 0: knowing them helps)"
        body += forest(told, LEVEL, "gains", axis, "what knowing labels changes", basis)
    return Section(TITLE, body + _by_ratio(facts, measured), "helped")


def half_of(measured: Measured) -> float | None:
    """Return the reveal ratio that is set beside nothing: one half when it was asked; None without any."""
    return HALF if HALF in measured.gains else max(measured.gains, default=None)


def len_masks(facts: Facts, ratio: float) -> int:
    """Return over how many choices of the labels shown was averaged."""
    return 0 if facts.answers is None else len(facts.answers.episodes[ratio])


def row_of(name: str, metric: str, gain: Gain, model: str) -> dict[str, object]:
    """Return a difference as a forest plot reads it."""
    apart_ = gain.difference
    return {
        "family": name, "metric": metric, "model": model, "verdict": gain.verdict,
        "difference": apart_.value, "low": apart_.low, "high": apart_.high,
    }  # fmt: skip


def words(measured: Measured, ratio: float, thing: str) -> str:
    """Say what showing labels changes on average."""
    told: list[str] = []
    for metric, gain in measured.means[ratio].items():
        if gain.hidden.value is None or gain.shown.value is None:
            continue
        way = "rises" if gain.shown.value > gain.hidden.value else "falls"
        told.append(
            f"The mean {title(metric)} {way} from {gain.hidden.value:.3f} to {gain.shown.value:.3f} "
            f"when {ratio:.0%} of a {thing}'s known labels are shown: {apart(gain.difference)}."
        )
    return " ".join(told)


def _spread(gains: Mapping[str, Gain]) -> str:
    """Say on how many tasks it helped, hurt, or cannot be told."""
    verdicts = [gain.verdict for gain in gains.values()]
    counts = {verdict: verdicts.count(verdict) for verdict in _VERDICTS if verdict in verdicts}
    if len(verdicts) == 1:
        return f"On its one task: {verdicts[0]}."
    return f"Of {len(verdicts)} tasks: " + ", ".join(f"{verdict} on {n}" for verdict, n in counts.items()) + "."


def _why_not(facts: Facts) -> str:
    from weft.training.answers import uses_labels

    if not uses_labels(facts.predictor):
        return f"This model does not use known labels of a {facts.thing}, so there is nothing to compare."
    return f"No {facts.thing} that was scored has two labels, so none could be shown beside the one that is asked."


def _bars(facts: Facts, metrics: Mapping[str, str], gains: Mapping[str, Gain], ratio: float) -> str:
    pictures = ""
    for metric in dict.fromkeys(metrics.values()):
        own = {name: gain for name, gain in gains.items() if metrics[name] == metric}
        hidden, shown = [gain.hidden for gain in own.values()], [gain.shown for gain in own.values()]
        what = f"{ratio:.0%} of the known labels shown"
        pictures += figures.bars(title(metric), list(own), hidden, shown, CHANCE.get(metric), what, facts.things)
    return pictures


def _bars_alone(facts: Facts, measured: Measured) -> str:
    pictures = ""
    for metric in dict.fromkeys(measured.metrics.values()):
        own = [name for name, other in measured.metrics.items() if other == metric]
        values = [measured.first[name] for name in own]
        pictures += figures.bars(title(metric), own, values, None, CHANCE.get(metric), things=facts.things)
    return pictures


def _by_ratio(facts: Facts, measured: Measured) -> str:
    if len(measured.means) < 2:
        return ""
    body = heading("By how much is known") + paragraph(
        "At every share, the same cells are asked with and without the labels shown; the rows ask different cells, "
        "so compare within a row."
    )
    for metric in dict.fromkeys(measured.metrics.values()):
        held: Sequence[tuple[float, Gain]] = [(r, m[metric]) for r, m in measured.means.items() if metric in m]
        if len(held) > 2:
            shown, hidden = [gain.shown for _, gain in held], [gain.hidden for _, gain in held]
            body += figures.ratios(title(metric), [r for r, _ in held], shown, hidden, facts.thing)
        rows = [
            [f"{r:.0%}", between(metric, gain.hidden), between(metric, gain.shown), apart(gain.difference)]
            for r, gain in held
            if r > 0
        ]
        caption = f"Mean {title(metric)} over tasks, with 95% intervals"
        body += table(caption, ["labels shown", "nothing shown", "labels shown", "difference"], rows) if rows else ""
    return body
