"""What a suite found, on the screen: tables, and pictures and Markdown on request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli.console import say, say_json
from weft.errors import UserError

if TYPE_CHECKING:
    from weft.benchmark.molecule_page import Section
    from weft.benchmark.results import Result
    from weft.benchmark.runner import Finished
    from weft.benchmark.suite import AnySuite


@dataclass(frozen=True)
class ShowOptions:
    """What is shown of a suite's results.

    Attributes:
        seeds: or splits; None for all that are there.
        rows: names of rows or groups; all by default.
        data: names of data sets; all by default.
        against: rows to compare with; the suite's own by default.
        markdown: where the tables are written to.
        pictures: the folder of the pictures.
    """

    seeds: tuple[int, ...] | None = None
    rows: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    markdown: Path | None = None
    pictures: Path | None = None


def show_suite(suite: AnySuite[Any], out: Path, options: ShowOptions, json: bool) -> None:
    """Print what is in `out` of a suite, draw its pictures, and write Markdown when asked.

    Raises:
        UserError: when nothing of it is there.
    """
    from weft.benchmark.results import Results
    from weft.benchmark.suite import select_rows

    rows = {row.name for row in select_rows(suite, (*options.rows, *options.against) if options.rows else ())}
    select_rows(suite, options.against)
    seeds = options.seeds
    found: list[Any] = [
        result
        for result in Results(out, suite.name, suite.kind).read()
        if result.row in rows
        and (seeds is None or result.key[2] in seeds)
        and (not options.data or result.key[1] in options.data)
    ]
    if not found:
        mend = f"Run it first: weft benchmark {suite.name} --out {out}"
        raise UserError(f"no results of {suite.name} are here", where=str(out), mend=mend)
    _tables(suite, found, json, options.against)
    _files(suite, found, options, json)


def show_finished(suite: AnySuite[Any], finished: Finished[Any], json: bool) -> None:
    """Print the results of a run."""
    if json:
        told = [_told(result) for result in finished.results]
        say_json({"file": str(finished.path), "trained": finished.trained, "results": told})
        return
    if finished.results:
        _tables(suite, finished.results, json=False)
    say(f"{finished.trained} trained now; results: {finished.path}")


def _told(result: Any) -> dict[str, Any]:
    row, data, seed = result.key
    where = {"data": data, "split": seed} if data else {"seed": seed}
    return {"row": row, **where, "test": result.test, "val": result.val}


def _tables(suite: AnySuite[Any], results: Sequence[Any], json: bool, against: tuple[str, ...] = ()) -> None:
    from weft.benchmark.set_suite import SetSuite

    if json:
        say_json({"results": [_told(result) for result in results]})
    elif isinstance(suite, SetSuite):
        _sections(suite.sections(results, against))
    else:
        _graph(suite.title, results)


def _sections(found: Sequence[Section]) -> None:
    from weft.cli.tables import show_table

    for section in found:
        for part in section.grid.parts():
            show_table(section.title, part.header, part.rows)
        say(section.words + "\n")


def _graph(title: str, results: Sequence[Result]) -> None:
    from weft.benchmark.tables import gates_grid, grid
    from weft.cli.tables import show_table

    for part in grid(results).parts():
        show_table(f"{title}: test nodes, mean ± sd over seeds", part.header, part.rows)
    gates = gates_grid(results)
    if gates.rows:
        show_table("What gates take, beside what was planted", gates.header, gates.rows, words=3)


def _files(suite: AnySuite[Any], results: Sequence[Any], options: ShowOptions, json: bool) -> None:
    """Draw and write, and tell where."""
    from weft.benchmark.molecule_page import markdown, write_part
    from weft.benchmark.set_suite import SetSuite
    from weft.benchmark.tables import grid

    page = options.markdown
    if isinstance(suite, SetSuite):
        drawn = suite.draw(results, options.pictures or Path())
        around = Path() if page is None else page.parent
        placed = [(picture, Path(os.path.relpath(picture.path, around)).as_posix()) for picture in drawn]
        text = markdown(suite.sections(results, options.against), placed) if page else ""
    else:
        drawn, text = [], grid(results).markdown()
    if page is not None:
        write_part(page, suite.name, text)
    if not json:
        for path in [*(picture.path for picture in drawn), *([page] if page else [])]:
            say(f"written: {path}")
