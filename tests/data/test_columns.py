from pathlib import Path

import polars as pl
import pytest

from weft.data.columns import plan_columns
from weft.data.tables import Table
from weft.errors import UserError
from weft.tasks import Kind, Task

SMILES = ["CCO", "c1ccccc1", "CC(=O)O", "CCN", "C1CC1O", "CCCl"]


def frame(**columns) -> pl.DataFrame:
    n = max(len(column) for column in columns.values())
    return pl.DataFrame({"smiles": (SMILES * n)[:n]} | columns)


def kind_of(values) -> Task | None:
    tasks = plan_columns(frame(x=values)).tasks
    return tasks[0] if len(tasks) else None


BINARY = {
    "0 1 and blanks": ["0", "1", None, "0", "1", "NA"],
    "numbers": [0, 1, None, 1, 0, 1],
    "numbers with a fraction": ["0.0", "1.0", "", "1", "0", "?"],
    "one class": ["0", "0", None, None, None, "0"],
    "no value at all": [None, "", "nan", "N/A", "null", None],
    "a stray 2": ["0", "1", "0", "2", "1", "1"],
    "a stray word": ["0", "1", "0", "x", "1", "1"],
}


@pytest.mark.parametrize("case", BINARY)
def test_binary_columns(case):
    """Columns of 0 and 1 are binary tasks, also when empty or when a few cells are wrong: reading names those."""
    assert kind_of(BINARY[case]) == Task("x")


def test_binary_words_keep_their_meaning():
    """Of a pair of words, the one that says yes is class 1, whatever the alphabet says."""
    assert kind_of(["Active", "inactive", None, "active", "Active", "n/a"]).classes == ("inactive", "active")
    assert kind_of([True, False, None, True, True, True]).classes == ("false", "true")
    assert kind_of(["toxic", "toxic", None, "toxic", "toxic", "toxic"]).classes[1] == "toxic"


@pytest.mark.parametrize("values", [[0.5, 1.2, None, 3, 4, 5], ["-1", "2", "7", "7", "1e3", "9"], [2, 3, 2, 3, 3, 2]])
def test_other_numbers_are_regression(values):
    """Numbers that are not 0 and 1 are regression: few whole numbers are classes only when asked."""
    assert kind_of(values) == Task("x", Kind.REGRESSION)


def test_repeating_text_is_multiclass():
    """Text of a few values that repeat is a multiclass task with the classes in alphabetical order."""
    task = kind_of(["low", "high", "mid"] * 10)
    assert task == Task("x", Kind.MULTICLASS, ("high", "low", "mid"))


OTHER = {
    "names": [f"compound {i}" for i in range(30)],
    "constant text": ["mg/l"] * 30,
    "constant number": [7.0] * 30,
    "counting up": list(range(1, 31)),
    "a split": ["train", "val", "test"] * 10,
    "more SMILES": [f"C{'C' * i}O" for i in range(30)],
    "two unknown words": ["m", "f"] * 15,
    "nested": [[1, 2]] * 30,
    "nested and empty": pl.Series([None] * 30, dtype=pl.List(pl.Int64)),
    "dates": pl.Series(range(30)).cast(pl.Date),
}


@pytest.mark.parametrize("case", OTHER)
def test_columns_that_are_no_tasks(case):
    """Ids, names, notes and splits are left alone."""
    plan = plan_columns(frame(x=OTHER[case]))
    assert plan.other == ("x",)
    assert plan.smiles == "smiles"


@pytest.mark.parametrize("name", ["id", "mol_id", "CAS", "Unnamed: 0", "", "fold", "row", "compound.index"])
def test_names_of_ids_are_no_tasks(name):
    """A column named as an id is left alone though its numbers would do."""
    assert plan_columns(frame(**{name: ["0", "1"] * 5})).other == (name,)


def test_smiles_by_name_then_by_content():
    """A name decides when its cells parse; otherwise the column that parses; among names the better one."""
    assert plan_columns(pl.DataFrame({"id": ["a1", "b2"], "SMILES ": SMILES[:2], "x": ["1", "0"]})).smiles == "SMILES "
    assert plan_columns(pl.DataFrame({"name": ["ethanol", "benzene"], "structure": SMILES[:2]})).smiles == "structure"
    both = pl.DataFrame({"mol": ["first", "second"], "canonical_smiles": SMILES[:2], "smiles": [None, None]})
    assert plan_columns(both).smiles == "canonical_smiles"
    assert plan_columns(pl.DataFrame({"mol": SMILES, "Class": ["1", "0"] * 3})).smiles == "mol"


def test_smiles_column_of_bad_rows_only_is_still_found():
    """A file to predict of which no row can be used gives rows with reasons, not an error about columns."""
    assert plan_columns(pl.DataFrame({"smiles": ["not a molecule", None]})).smiles == "smiles"


def test_elements_and_codes_are_not_taken_for_smiles():
    """Letters that happen to parse (C, N, O) do not make a SMILES column."""
    with pytest.raises(UserError, match="no column looks like SMILES"):
        plan_columns(pl.DataFrame({"grade": ["C", "N", "O"] * 10, "x": ["0", "1", "1"] * 10}))


def test_no_smiles_names_the_file_and_the_option():
    """The message says which file, which option, and which columns there are."""
    table = Table(Path("a.csv"), pl.DataFrame({"name": ["x"], "tox": ["1"]}))
    with pytest.raises(UserError, match=r"^a\.csv: no column looks like SMILES. Name it with --smiles.*name, tox"):
        plan_columns(table)


@pytest.mark.parametrize(
    "asked", [{"smiles": "smile"}, {"tasks": ["smile"]}, {"kinds": {"smile": "binary"}}, {"exclude": ["smile"]}]
)
def test_an_unknown_column_hints_at_the_nearest(asked):
    """Wherever a name is given, a misspelt one says what was meant and in which file."""
    with pytest.raises(UserError, match=r"^a\.csv: there is no column 'smile'. Did you mean smiles"):
        plan_columns(Table(Path("a.csv"), frame(x=["0", "1"])), **asked)


def test_an_unknown_kind_lists_the_kinds():
    """A misspelt kind says what was meant."""
    with pytest.raises(UserError, match=r"task x: there is no kind of task 'bin'.*binary"):
        plan_columns(frame(x=["0", "1"]), kinds={"x": "bin"})


def test_a_column_has_one_role():
    """The SMILES cannot be a task, and a kind is given to tasks only."""
    with pytest.raises(UserError, match="'smiles' is both the SMILES and a task"):
        plan_columns(frame(x=["0", "1"]), tasks=["smiles"])
    with pytest.raises(UserError, match="'x' has a kind but is not among the tasks"):
        plan_columns(frame(x=["0", "1"], y=["0", "1"]), tasks=["y"], kinds={"x": "binary"})
    with pytest.raises(UserError, match="two tasks are named 'x'"):
        plan_columns(frame(x=["0", "1"]), tasks=["x", "x"])


def test_tasks_asked_for_are_taken_in_that_order_and_alone():
    """What a person names wins over every guess: ids and counting numbers become tasks, the rest is left."""
    plan = plan_columns(frame(a=["0", "1"], id=["1", "2"], c=["x", "y"]), tasks=["id", "a"])
    assert plan.tasks.names == ["id", "a"]
    assert plan.tasks[0].kind is Kind.REGRESSION
    assert plan.other == ("c",)
    assert len(plan_columns(frame(a=["0", "1"]), tasks=[]).tasks) == 0


def test_excluded_columns_are_no_tasks():
    """A column of labels can be left out by name."""
    assert plan_columns(frame(a=["0", "1"], b=["0", "1"]), exclude=["a"]).tasks.names == ["b"]


KINDS = {
    "whole numbers as classes": (["2", "10", "1"], "multiclass", Task("x", Kind.MULTICLASS, ("1", "2", "10"))),
    "1 and 1.0 are one class": (["1", "1.0", "2"], "multiclass", Task("x", Kind.MULTICLASS, ("1", "2"))),
    "0 and 1 as numbers": (["0", "1", "1"], "regression", Task("x", Kind.REGRESSION)),
    "two words": (["m", "f", "m"], "binary", Task("x", Kind.BINARY, ("f", "m"))),
    "text as classes": (["b", "a", "C"], "multiclass", Task("x", Kind.MULTICLASS, ("a", "b", "C"))),
    "2 is never a class of a binary task": (["0", "2", "2"], "binary", Task("x")),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds_asked_for(case):
    """A given kind decides, and the classes come from the cells."""
    values, kind, task = KINDS[case]
    assert plan_columns(frame(x=values), kinds={"x": kind}).tasks[0] == task


def test_describe_tells_every_column():
    """A person sees the SMILES, the tasks by kind and what is left alone, long lists cut short."""
    columns = {f"t{i}": ["0", "1"] for i in range(12)} | {"y": [0.5, 2.5], "name": ["a", "b"]}
    assert plan_columns(frame(**columns)).describe(most=2) == [
        "SMILES: smiles",
        "12 binary tasks: t0, t1, ... and 10 more",
        "1 regression task: y",
        "left alone: name",
    ]
    assert plan_columns(frame(name=["a", "b"])).describe()[1] == "no task columns"
