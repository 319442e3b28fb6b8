"""The tables of a suite of molecules with words around them: for the screen, and as a part of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.benchmark.molecule_suite import MoleculeSuite
from weft.benchmark.molecule_tables import Found, cost_grid, paired_grid, published_grid, score_grid
from weft.benchmark.pictures import Picture
from weft.benchmark.published import SOURCE
from weft.benchmark.tables import Grid
from weft.files import atomic, disk_errors

_PROTOCOL = (
    "weft: mean ± sd in percent (number of splits); † marks a mean outside of the published mean ± 2 sd. `(batches)` "
    "is evaluated as in the released code, where molecules of a batch see each other's shown labels; `(own labels)` "
    "shows labels of new tasks only. A task with one class among the asked labels is left out of the mean, as there; "
    "over how many tasks a mean then is stands behind it."
)
NAMES = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC (average precision)", "f1": "F1 at 0.5"}


@dataclass(frozen=True)
class Section:
    """A table, its title and what must be known to read it."""

    title: str
    words: str
    grid: Grid


def sections(suite: MoleculeSuite, results: Found, against: Sequence[str] = ()) -> list[Section]:
    """Return the tables of a suite, as far as there are results.

    Args:
        suite: which.
        results: of it.
        against: rows to compare with in pairs; the suite's own by default.
    """
    found: list[Section] = []
    if any(row.published for row in suite.rows):
        words = f"Published: {SOURCE} {_PROTOCOL}"
        found.append(Section("ROC-AUC beside the published figures", words, published_grid(suite, results)))
    for data in (name for name in suite.data if any(result.data == name for result in results)):
        found += _of_data(suite, [result for result in results if result.data == data], data, against)
    return [section for section in found if section.grid.rows]


def _of_data(suite: MoleculeSuite, results: Found, data: str, against: Sequence[str]) -> list[Section]:
    some = results[0]
    head = f"{some.n_tasks} tasks{_drawn(data)}, {suite.splits} {_ranges([r.split for r in results])}. "
    words = (
        f"{head}Mean over tasks and masks, then mean ± sd over splits; compare within a column.{_notes(suite, results)}"
    )
    found = [Section(f"{data}: {NAMES[m]}", words, score_grid(suite, results, data, m)) for m in suite.metrics]
    base = " or ".join(against or suite.against)
    words = (
        f"Mean difference to {base} on the same cells of the same splits, [95 % interval over splits, corrected for "
        "their shared training data], splits won/all."
    )
    for metric in suite.metrics:
        grid = paired_grid(suite, results, data, metric, against)
        found.append(Section(f"{data}: {NAMES[metric]}, difference to {base}", words, grid))
    words = "Mean over splits; peak memory is that of the training's own process, libraries and data included."
    return [*found, Section(f"{data}: cost of a training", words, cost_grid(suite, results, data))]


def _notes(suite: MoleculeSuite, results: Found) -> str:
    """Say which of the rows that are shown were run on less, and on what."""
    there = {(result.row, result.data) for result in results}
    rows = [row for row in suite.rows for data in row.splits if row.note and (row.name, data) in there]
    told = {note: [row.name for row in rows if row.note == note] for note in dict.fromkeys(row.note for row in rows)}
    return "".join(f" {', '.join(names)}: {note}." for note, names in told.items())


def _drawn(data: str) -> str:
    from weft.benchmark.molecule_data import parsed

    name, count = parsed(data)
    return "" if count is None else f" drawn at random (seed 0) from {name}"


def _ranges(numbers: Sequence[int]) -> str:
    """Say sorted numbers with runs as ranges.

    Example:
        >>> _ranges([3, 0, 1, 2, 7])
        '0-3, 7'
    """
    told: list[list[int]] = []
    for number in sorted(set(numbers)):
        if told and told[-1][-1] == number - 1:
            told[-1].append(number)
        else:
            told.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in told)


def markdown(found: Sequence[Section], pictures: Sequence[tuple[Picture, str]] = ()) -> str:
    """Return tables and pictures as Markdown.

    Args:
        found: the tables.
        pictures: each with the address that the page gives.
    """
    parts = [f"### {section.title}\n\n{section.words}\n\n{section.grid.markdown()}" for section in found]
    parts += [f"![{picture.alt}]({address})\n\n{picture.caption}\n" for picture, address in pictures]
    return "\n".join(parts)


def write_part(path: Path, suite: str, text: str) -> None:
    """Write a suite's part of a page.

    In a page that has `<!-- benchmark: SUITE -->` and `<!-- end of benchmark -->` what stands between is replaced; any
    other file is written anew.
    """
    with disk_errors(path):
        page = path.read_text(encoding="utf-8") if path.is_file() else ""
    begin, end = f"<!-- benchmark: {suite} -->\n", "<!-- end of benchmark -->"
    block = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    new = block.sub(lambda _: f"{begin}\n{text}\n{end}", page) if block.search(page) else text
    with atomic(path) as temporary:
        temporary.write_text(new, encoding="utf-8")
