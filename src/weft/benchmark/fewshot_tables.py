"""Tables of a few-shot suite: accuracy with its interval, differences episode by episode, and costs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from weft.benchmark.fewshot_results import FewShotResult, Share
from weft.benchmark.fewshot_suite import FewShotSuite
from weft.benchmark.molecule_page import Section
from weft.benchmark.tables import Grid

Found = Sequence[FewShotResult]


def fewshot_sections(suite: FewShotSuite, results: Found, against: Sequence[str] = ()) -> list[Section]:
    """Return the tables of a suite, as far as there are results.

    Args:
        suite: which.
        results: of it.
        against: lines to compare with, the first that there are results of; the suite's own by default.
    """
    found: list[Section] = []
    for data in (name for name in suite.data if any(result.data == name for result in results)):
        mine = [result for result in results if result.data == data]
        names = [name for name, _, _ in _lines(suite, mine)]
        base = next((name for name in against or suite.against if name in names), "")
        seeds = len({result.seed for result in mine})
        words = (
            f"Percent right, mean ± half of the 95 % interval over {suite.episodes} test episodes of each seed (up to "
            f"{seeds}); the same episodes for every row. `(...)` are classifiers on that row's embeddings."
        )
        found.append(Section(f"{data}: accuracy on classes never seen", words, accuracy_grid(suite, mine)))
        words = f"Points above {base} on the same episodes, ± half of the 95 % interval of the paired difference."
        found.append(Section(f"{data}: difference to {base}", words, difference_grid(suite, mine, base)))
        words = (
            "Accuracy on the validation classes, which choose the epoch, and what a training costs; means over seeds."
        )
        found.append(Section(f"{data}: validation and cost", words, cost_grid(suite, mine)))
    return [section for section in found if section.grid.rows]


def _lines(suite: FewShotSuite, results: Found) -> list[tuple[str, str, list[FewShotResult]]]:
    """Return name, reading and results, by seed, of every line of a table."""
    found: list[tuple[str, str, list[FewShotResult]]] = []
    for row in suite.rows:
        mine = sorted((r for r in results if r.row == row.name), key=lambda r: r.seed)
        readings = mine[0].right if mine else ()
        found += [(f"{row.name} ({reading})" if reading else row.name, reading, mine) for reading in readings]
    return found


def pooled(shares: Sequence[Share]) -> Share:
    """Return the mean of independent means over seeds, with its interval over episodes."""
    half = math.sqrt(sum(share.half**2 for share in shares)) / len(shares)
    return Share(statistics.fmean(share.mean for share in shares), half)


def accuracy_grid(suite: FewShotSuite, results: Found) -> Grid:
    """Return accuracies, a column per size of episodes."""
    cells = results[0].cells
    rows = [
        (name, str(len(mine)), *(str(pooled([r.accuracy(cell, reading) for r in mine])) for cell in cells))
        for name, reading, mine in _lines(suite, results)
    ]
    return Grid(("model", "seeds", *cells), tuple(rows))


def difference(mine: Found, theirs: Found, cell: str, readings: tuple[str, str] = ("", "")) -> Share | None:
    """Return how much better `mine` are than `theirs` over the seeds of both, episode by episode.

    Args:
        mine: results of a row.
        theirs: of another.
        cell: the size of episodes.
        readings: of each.
    """
    by_seed = {result.seed: result for result in theirs}
    pairs = [(a, by_seed[a.seed]) for a in mine if a.seed in by_seed]
    if not pairs:
        return None
    both = [zip(a.shares(cell, readings[0]), b.shares(cell, readings[1]), strict=True) for a, b in pairs]
    return pooled([Share.of([x - y for x, y in pair]) for pair in both])


def difference_grid(suite: FewShotSuite, results: Found, base: str) -> Grid:
    """Return each line's paired difference to the line `base`, in points."""
    held = _lines(suite, results)
    cells, rows = results[0].cells, list[tuple[str, ...]]()
    other, theirs = next(((reading, found) for name, reading, found in held if name == base), ("", []))
    for name, reading, mine in held:
        found = [difference(mine, theirs, cell, (reading, other)) for cell in cells]
        if name != base and any(found):
            told = ("" if d is None else f"{100 * d.mean:+.2f} ± {100 * d.half:.2f}" for d in found)
            rows.append((name, *told))
    return Grid(("model", *cells), tuple(rows))


def cost_grid(suite: FewShotSuite, results: Found) -> Grid:
    """Return validation accuracy, the chosen epoch and what a training costs."""
    cells, rows = results[0].cells, list[tuple[str, ...]]()
    for name, reading, mine in _lines(suite, results):
        if reading:
            continue
        val = [[r.val[cell] for r in mine if cell in r.val] for cell in cells]
        told = (f"{100 * statistics.fmean(values):.2f}" if values else "" for values in val)
        cpu, ask = (statistics.fmean(values) for values in zip(*((r.cpu_s, r.predict_s) for r in mine), strict=True))
        best = "/".join(str(r.epochs["best"] + 1) for r in mine)
        rows.append((name, *told, best, f"{cpu:.0f}", f"{ask:.1f}", f"{mine[0].parameters:,}", str(mine[0].threads)))
    header = ("model", *cells, "best epoch", "fit CPU s", "ask CPU s", "parameters", "threads")
    return Grid(header, tuple(rows))
