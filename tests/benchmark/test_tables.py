"""The numbers of a table are the means and standard deviations of its rows, and the documentation's are the table's."""

from pathlib import Path

import pytest

from weft.benchmark.results import Result, Results
from weft.benchmark.tables import Spread, fill_tables, gates_grid, grid
from weft.errors import UserError

DOCS = Path(__file__).parents[2] / "docs"


def result(row, seed, area, year, options=None, **more):
    test = {"area": {"macro_f1": area, "accuracy": area + 0.1}, "year": {"r2": year, "rmse": 1234.5}}
    kinds = {"area": "multiclass", "year": "regression"}
    return Result("small", row, seed, "tiny", options or {}, kinds, {}, test, **{"cpu_s": 10.0, "wall_s": 20.0, **more})


ROWS = [
    result("a", 0, 0.80, 0.5, cpu_s=4.0),
    result("b", 0, 0.10, 0.5, parameters=1234567),
    result("a", 1, 0.82, None, cpu_s=5.0),
    result("a", 2, 0.87, 0.7, cpu_s=6.0),
]


def test_means_and_sds_by_hand():
    """Protects every number: 0.80, 0.82, 0.87 have the mean 0.83 and the sample sd 0.0360555."""
    made = grid(ROWS)
    head = ("model", "seeds", "area macro-F1", "area micro-F1", "year R²", "year RMSE", "CPU s", "wall s", "parameters")
    assert made.header == head
    first = ("a", "3", "0.8300 ± 0.0361", "0.9300 ± 0.0361", "0.6000 ± 0.1414 (2)", "1234 ± 0", "5.0", "20", "-")
    assert made.rows == (first, ("b", "1", "0.1000", "0.2000", "0.5000", "1234", "10", "20", "1,234,567"))


def test_time_on_a_card_is_no_cpu_time():
    """Protects the cost columns: rows of both kinds tell that of the processor, rows of a card alone tell none."""
    card = {"made": {"device": "cuda"}, "cpu_s": 1.0, "wall_s": 1.0}
    mixed = [result("a", 0, 0.8, 0.5), result("a", 1, 0.8, 0.5, **card)]
    assert grid(mixed).rows[0][-3:] == ("10", "20", "-")
    assert grid([result("a", 0, 0.8, 0.5, **card)]).rows[0][-3:] == ("on a card", "-", "-")


def test_rows_of_other_lengths_say_so():
    """Protects a comparison: a row that was trained for longer than its neighbours, or in part, is told."""
    short = {"options": {"epochs": 60}}
    assert grid([result("a", 0, 0.8, 0.5)]).rows[0][0] == "a"
    assert grid([result("a", 0, 0.8, 0.5, **short)]).rows[0][0] == "a, 60 epochs"
    mixed = [result("a", 0, 0.8, 0.5, **short), result("a", 1, 0.8, 0.5)]
    assert grid(mixed).rows[0][0] == "a, 60 / its own epochs"


def test_many_families_have_one_metric_each_and_a_mean():
    """Protects a table of eight tasks from sixteen columns; the mean is over families, per seed, all or nothing."""
    kinds = dict.fromkeys("abcde", "binary")
    rows = [
        Result("s", "m", seed, "tiny", {}, kinds, {}, {k: {"pr_auc": x + at} for at, k in enumerate("abcde")}, 1, 1)
        for seed, x in enumerate((0.1, 0.3))
    ]
    made = grid(rows)
    assert made.header[2:8] == ("a AP", "b AP", "c AP", "d AP", "e AP", "mean")
    assert made.rows[0][7] == "2.2000 ± 0.1414"
    rows[0].test["c"]["pr_auc"] = None
    assert grid(rows).rows[0][7] == "2.3000 (1)"


def test_a_wide_table_is_cut():
    """Protects a terminal: parts fit, each names its rows, and no column is lost or doubled."""
    made = grid(ROWS)
    parts = made.parts(60)
    assert len(parts) > 1
    assert [name for part in parts for name in part.header[1:]] == list(made.header[1:])
    for part in parts:
        assert part.header[0] == "model"
        assert [row[0] for row in part.rows] == ["a", "b"]
        assert sum(max(map(len, column)) + 2 for column in zip(part.header, *part.rows, strict=True)) <= 60
    assert made.parts(1000) == [made]


def test_nothing_defined_is_said():
    """Protects from a zero where there is no value."""
    assert Spread.of([None, None]) is None
    assert grid([result("a", 0, 0.5, None)]).rows[0][4] == "undefined"


def test_a_page_gets_its_tables(tmp_path):
    """Protects the documentation: what stands there is made of the rows; without rows it stays."""
    page = "before\n<!-- table: small -->\nold\n<!-- end of table -->\nafter\n"
    assert fill_tables(page, tmp_path) == page
    for row in ROWS:
        Results(tmp_path, "small", Result).add(row)
    made = fill_tables(page, tmp_path)
    assert made == page.replace("old\n", grid(ROWS).markdown())
    assert fill_tables(made, tmp_path) == made
    assert "| a | 3 | 0.8300 ± 0.0361 |" in made
    with pytest.raises(UserError, match="no place"):
        fill_tables("no table", tmp_path)


def test_gates_beside_what_was_planted(tmp_path):
    """Protects the table of gates: means over seeds per relation and task, and its place in a page."""

    def line(own, opponent):
        return {"relation": "owns", "task": "t", "own": own, "partner": None, "opponent": opponent}

    rows = [result("a", seed, 0.5, 0.5, probe={"gates": [line(own, 0.1)]}) for seed, own in enumerate((0.4, 0.5, 0.6))]
    made = gates_grid([*rows, result("b", 0, 0.5, 0.5)])
    assert made.rows == (("a", "owns", "t", "0.5000 ± 0.1000", "undefined", "0.1000 ± 0.0000"),)
    for row in rows:
        Results(tmp_path, "small", Result).add(row)
    page = "<!-- table: small gates -->\n<!-- end of table -->\n"
    assert gates_grid(rows).markdown() in fill_tables(page, tmp_path)
    with pytest.raises(UserError, match="no view 'gate'"):
        fill_tables(page.replace("gates", "gate"), tmp_path)


def test_the_documentation_is_made_of_the_rows():
    """Protects docs/inline.md from figures that no kept row has."""
    page = (DOCS / "inline.md").read_text(encoding="utf-8")
    assert fill_tables(page, DOCS / "results") == page
