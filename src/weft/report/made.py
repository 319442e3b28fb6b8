"""The run card as a part of the report, and the tasks that were added after the fit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from weft.report.page import Section, paragraph, section_html, table
from weft.report.titles import title
from weft.training.metrics import metric_text

_BEGIN, _END = "<!-- added tasks -->", "<!-- end of added tasks -->"
_TOLD = ("roc_auc", "pr_auc", "macro_f1", "accuracy", "r2", "rmse")


def run_card(card: Mapping[str, Any]) -> Section:
    """How the model was made: command, data, versions, and every option with whether it was used."""
    options = [
        [name, _value(o["value"]), "default" if o["default"] else "chosen", "yes" if o["used"] else "not used"]
        for name, o in card["options"].items()
    ]
    data, split = card["data"], card["split"]
    facts = [
        ["command", command(card)],
        ["data", str(data["file"])],
        ["SHA-256 of the data", str(data["sha256"])],
        *([["rows", f"{data['rows']}, usable {data['usable_rows']}"]] if "rows" in data else []),
        ["split", f"{split['method']}: {split['train']} / {split['val']} / {split['test']}"],
        *([["settings", ", ".join(card["settings"])]] if card.get("settings") else []),
        *([["reads which labels are known", _yes(card["reads_pattern"])]] if "reads_pattern" in card else []),
        *([["calibration", str(card["calibration"]["choice"])]] if card.get("calibration") else []),
        *([["trained numbers", f"{card['parameters']:,}"]] if card.get("parameters") else []),
        ["made", f"{card['made']} in {card['seconds']:g} s with weft {card['weft']}"],
        *[[name, str(version)] for name, version in card["versions"].items()],
    ]
    text = "All that is needed to make this model again. The whole configuration stands in run.json."
    return Section(
        "How it was made",
        paragraph(text, first=True)
        + table("The run", ["what", "value"], facts, text=True)
        + table("Every option, whether chosen, and whether the model used it", _OPTIONS, options, text=True),
        "made",
    )


_OPTIONS = ["option", "value", "from", "used"]


def _value(value: Any) -> str:
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _yes(value: bool | None) -> str:
    return "not applicable" if value is None else "yes" if value else "no"


def command(card: Mapping[str, Any]) -> str:
    """Return the command that makes the model again, from the options that were chosen.

    Example:
        >>> options = {"--seed": {"value": 3, "default": False, "used": True}}
        >>> command({"data": {"file": "a b.csv"}, "options": options})
        "weft fit 'a b.csv' --out DIR --seed 3"
    """
    words = ["weft", "fit", str(card["data"]["file"]), "--out", "DIR"]
    for name, option in card["options"].items():
        if not option["default"]:
            words += _flags(name, option["value"])
    return shlex.join(words)


def _flags(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [name if value else name.replace("--", "--no-", 1)]
    if isinstance(value, Mapping):
        return [word for k, v in value.items() for word in (name, f"{k}={v}")]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [name, ",".join(_quoted(str(item)) for item in value)] if value else []
    return [name, str(value)]


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def added_section(card: Mapping[str, Any], scores: Mapping[str, Any] | None) -> Section | None:
    """What was added by `weft add-task`: from how many labels, of which file, and how good it is; None without any.

    Args:
        card: the run card.
        scores: the part `added` of `metrics.json`.
    """
    notes = card.get("added_tasks") or []
    if not notes:
        return None
    tasks = {} if scores is None else scores["0"]["tasks"]
    rows = [
        [name, str(n), str(note["file"]).rsplit("/", 1)[-1], note["when"], _score(tasks.get(name))]
        for note in notes
        for name, n in zip(note["tasks"], note["labels"], strict=True)
    ]
    text = (
        "Learnt after the fit from a table of their own, without training again. Their score is that of a rehearsal: "
        "the task was first added without the labels of some molecules that the model had never seen, and asked for "
        "these with nothing shown; then it was added from all of its labels."
    )
    header = ["task", "labels", "file", "added", "in the rehearsal"]
    body = paragraph(text, first=True) + table("Added tasks", header, rows, text=True)
    return Section("Added tasks", body, "added")


def _score(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not scored: too few labels of molecules that the model had not seen"
    told = [f"{title(m)} {metric_text(m, found[m])}" for m in _TOLD if found.get(m) is not None]
    return f"{', '.join(told) or 'undefined'} (n = {found['n']})"


def added_block(card: Mapping[str, Any], scores: Mapping[str, Any] | None) -> Section:
    """Return the part of a page that `renewed` can replace; empty without added tasks."""
    section = added_section(card, scores)
    return Section("", f"{_BEGIN}{'' if section is None else section_html(section)}{_END}")


def renewed(page: str, card: Mapping[str, Any], scores: Mapping[str, Any] | None) -> str:
    """Return a report with its part on added tasks made anew; a page without the place for it stays as it is."""
    begin, end = page.find(_BEGIN), page.find(_END)
    if begin < 0 or end < begin:
        return page
    return page[:begin] + added_block(card, scores).body + page[end + len(_END) :]
