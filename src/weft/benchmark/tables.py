"""Results as a table: mean and standard deviation over seeds, and what a training costs."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from weft.benchmark.results import Result, Results
from weft.benchmark.scores import METRICS
from weft.errors import UserError, nearest

#: With more families than this, a table has one metric of each and their mean.
_FEW = 4
_WORDS = {
    "pr_auc": "AP",
    "roc_auc": "ROC-AUC",
    "macro_f1": "macro-F1",
    "accuracy": "micro-F1",
    "r2": "R²",
    "rmse": "RMSE",
}
_SHARES = ("own", "partner", "opponent")
_BLOCK = re.compile(r"(<!-- table: (?P<name>[\w-]+)(?: (?P<view>\w+))? -->\n).*?(<!-- end of table -->)", re.DOTALL)


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over `n` seeds where a value is defined; `sd` has n - 1 below it, None for one."""

    mean: float
    sd: float | None
    n: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """Return the spread of what is defined, or None."""
        found = [value for value in values if value is not None]
        if not found:
            return None
        sd = statistics.stdev(found) if len(found) > 1 else None
        return cls(statistics.fmean(found), sd, len(found))


@dataclass(frozen=True)
class Grid:
    """A table as text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def parts(self, width: int = 110) -> list[Grid]:
        """Return it cut into tables of at most `width` characters, each with the first column."""
        wide = [max(map(len, column)) + 2 for column in zip(self.header, *self.rows, strict=True)]
        cuts: list[list[int]] = [[]]
        for at, size in list(enumerate(wide))[1:]:
            if cuts[-1] and wide[0] + sum(wide[k] for k in cuts[-1]) + size > width:
                cuts.append([])
            cuts[-1].append(at)
        return [self._columns([0, *columns]) for columns in cuts]

    def _columns(self, kept: Sequence[int]) -> Grid:
        return Grid(tuple(self.header[k] for k in kept), tuple(tuple(row[k] for k in kept) for row in self.rows))

    def markdown(self) -> str:
        """Return it as Markdown."""
        lines = [self.header, ("---", *("---:" for _ in self.header[1:])), *self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def grid(results: Sequence[Result], part: str = "test") -> Grid:
    """Return the table of a suite's results, a line per row in the order they were first run.

    Args:
        results: of one suite.
        part: `test` or `val`.
    """
    columns = _columns(results)
    many = len({family for family, _ in columns}) > _FEW
    header = ["model", "seeds", *(f"{family} {_WORDS[metric]}" for family, metric in columns)]
    header += [*(["mean"] if many else []), "CPU s", "wall s", "parameters"]
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys(result.row for result in results):
        mine = [result for result in results if result.row == name]
        cells = [_cell(metric, spread_of(mine, family, metric, part), len(mine)) for family, metric in columns]
        mean = [_cell("", Spread.of(_mean(result, columns, part) for result in mine), len(mine))] if many else []
        rows.append((_named(name, mine), str(len(mine)), *cells, *mean, *_cost(mine)))
    return Grid(tuple(header), tuple(rows))


def _named(name: str, results: Sequence[Result]) -> str:
    """Return a row's name and, if they are not its model's own, its epochs: rows of other lengths are not alike."""
    epochs = dict.fromkeys(str(result.options.get("epochs", "its own")) for result in results)
    return name if set(epochs) == {"its own"} else f"{name}, {' / '.join(epochs)} epochs"


def _columns(results: Sequence[Result]) -> list[tuple[str, str]]:
    kinds = {family: kind for result in results for family, kind in result.kinds.items()}
    most = 2 if len(kinds) <= _FEW else 1
    return [(family, metric) for family, kind in kinds.items() for metric in METRICS[kind][:most]]


def spread_of(results: Iterable[Result], family: str, metric: str, part: str = "test") -> Spread | None:
    """Return one metric of one family over the seeds in `results`."""
    scores = [result.test if part == "test" else result.val for result in results]
    return Spread.of(held.get(family, {}).get(metric) for held in scores)


def _mean(result: Result, columns: Sequence[tuple[str, str]], part: str) -> float | None:
    """Return the mean over families of their first metrics; None where one is undefined."""
    scores = result.test if part == "test" else result.val
    found = [scores.get(family, {}).get(metric) for family, metric in columns]
    known = [value for value in found if value is not None]
    return statistics.fmean(known) if len(known) == len(found) else None


def _cell(metric: str, spread: Spread | None, n: int) -> str:
    if spread is None:
        return "undefined"
    mean, sd = (_number(metric, value) for value in (spread.mean, spread.sd))
    told = mean if spread.sd is None else f"{mean} ± {sd}"
    return told if spread.n == n else f"{told} ({spread.n})"


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if metric == "rmse" else f"{value:.4f}"


def _cost(results: Sequence[Result]) -> tuple[str, str, str]:
    """Return CPU seconds, seconds by the clock and parameters; of trainings on a card, the time tells little."""
    counts = {result.parameters for result in results if result.parameters is not None}
    told = " / ".join(f"{count:,}" for count in sorted(counts)) or "-"
    times = [(result.cpu_s, result.wall_s) for result in results if result.made.get("device", "cpu") == "cpu"]
    if not times:
        return "on a card", "-", told
    cpu, wall = (statistics.fmean(values) for values in zip(*times, strict=True))
    return _seconds(cpu), _seconds(wall), told


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def gates_grid(results: Sequence[Result]) -> Grid:
    """Return what gates do with what was planted: shares of a task's own expert, its partners' and its opponents'.

    Args:
        results: of a suite whose probe is `planted_shares`; rows without gates are left out.
    """
    held: dict[tuple[str, str, str], list[dict[str, float | None]]] = {}
    for result in results:
        for line in result.probe.get("gates", ()):
            held.setdefault((result.row, line["relation"], line["task"]), []).append(line)
    rows = [
        (*key, *(_cell("", Spread.of(line[who] for line in lines), len(lines)) for who in _SHARES))
        for key, lines in held.items()
    ]
    return Grid(("model", "relation", "task", "its own", "a partner", "an opponent"), tuple(rows))


def further_grid(results: Sequence[Result]) -> Grid:
    """Return the table of what models say of further graphs (`Suite.further`), of rows that were asked."""
    return grid([replace(result, test=result.probe["further"]) for result in results if "further" in result.probe])


#: How results may be shown in a page.
VIEWS = {"test": grid, "gates": gates_grid, "further": further_grid}


def fill_tables(page: str, folder: Path) -> str:
    """Return a page of documentation with its tables made anew from the results in `folder`.

    A table stands between `<!-- table: SUITE -->`, or `<!-- table: SUITE VIEW -->`, and `<!-- end of table -->`; it
    stays as it is when there are no results of the suite.

    Raises:
        UserError: when the page has no such place, or for an unknown view.
    """
    if not _BLOCK.search(page):
        mend = "Write <!-- table: SUITE --> and <!-- end of table --> on lines of their own."
        raise UserError("the page has no place for a table", mend=mend)

    def made(found: re.Match[str]) -> str:
        view, results = found["view"] or "test", Results(folder, found["name"], Result).read()
        if view not in VIEWS:
            raise UserError(f"there is no view {view!r} of a suite", mend=nearest(view, VIEWS))
        return f"{found[1]}{VIEWS[view](results).markdown()}{found[4]}" if results else found[0]

    return _BLOCK.sub(made, page)
