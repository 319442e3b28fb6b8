import json
import subprocess
import sys

import pytest

from weft.data.validate import BadCell, BadRow, validate
from weft.errors import UserError

ROWS = """name,smiles,tox,single,empty,logd,stray
a,CCO,0,1,,1.0,0
b,OCC,1,1,,1.1,1
c,c1ccccc1,1,,NA,5.0,1
d,C1=CC=CC=C1,1,,,9.0,2
e,not a molecule,0,,,2.0,0
f,,1,,,,0
g,C(C)(C)(C)(C)C,,,,3.0,1
h,[Na+].[Cl-],0,,,2.5,0
i,C,,,,,x
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("v") / "a.csv"
    path.write_text(ROWS)
    return validate(path)


def test_rows_and_molecules_are_counted(found):
    """Every row counts; a molecule written in two ways is one; salts and single atoms can be used."""
    assert (found.rows, found.molecules, found.smiles, found.other) == (9, 4, "smiles", ("name",))


def test_bad_rows_have_number_and_reason(found):
    """Each row that cannot be used is listed with its row number, text and reason."""
    assert [(bad.row, bad.smiles) for bad in found.bad_rows] == [(5, "not a molecule"), (6, ""), (7, "C(C)(C)(C)(C)C")]
    assert found.bad_rows[1] == BadRow(6, "", "empty SMILES")
    assert all(bad.reason.startswith("cannot be parsed") for bad in (found.bad_rows[0], found.bad_rows[2]))


def test_tasks_are_summed_up(found):
    """Per task: labels, density, balance or mean and sd, and what is odd about it."""
    tasks = {task.name: task for task in found.tasks}
    assert list(tasks) == ["tox", "single", "empty", "logd", "stray"]
    assert tasks["tox"].classes == {"0": 3, "1": 4}
    assert tasks["tox"].density == pytest.approx(7 / 9)
    assert (tasks["single"].labels, tasks["single"].notes) == (2, ("one value only",))
    assert (tasks["empty"].labels, tasks["empty"].notes) == (0, ("no labels",))
    assert tasks["logd"].kind == "regression"
    assert tasks["logd"].mean == pytest.approx(23.6 / 7)
    assert tasks["logd"].sd == pytest.approx(2.8253, abs=1e-3)
    assert tasks["tox"].notes == tasks["logd"].notes == ()


def test_duplicates_and_conflicts(found):
    """The same canonical SMILES is a duplicate; labels that contradict each other are named by task and rows."""
    assert found.duplicates == ((1, 2), (3, 4))
    assert found.conflicts == (("tox", (1, 2)), ("logd", (3, 4)), ("stray", (1, 2)))
    assert {task.name: task.conflicts for task in found.tasks}["logd"] == 1


def test_bad_cells_are_all_listed(found):
    """Unlike fit, which stops at the first, validate names every cell that is no label."""
    assert [(cell.row, cell.column) for cell in found.bad_cells] == [(4, "stray"), (9, "stray")]
    assert found.bad_cells[1] == BadCell(9, "stray", "label 'x' is not one of 0, 1 in a binary task")
    assert found.fit_error == "row 4, column stray: label '2' is not one of 0, 1 in a binary task"


def test_result_is_json(found):
    """What validate finds can be written as JSON, without NaN."""
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert told["tasks"][1]["notes"] == ["one value only"]
    assert told["fit_error"] == found.fit_error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("smiles,tox\nC,1\nCC,0\n", None),
        ("smiles,tox\nC,1\nCC,1\n", None),
        ("smiles,tox,b\nC,,1\nCC,,0\n", None),
        ("smiles,tox\nC,\nCC,\n", "no label is known in any task"),
        ("smiles,name\nC,x\nCC,y\n", "there is no task column"),
        ("smiles,tox\nxx,1\nyy,0\n", "no molecule can be used"),
    ],
)
def test_what_keeps_fit_from_starting(tmp_path, text, error):
    """All-missing and one-class tasks are notes; an error is only what leaves nothing to learn."""
    (tmp_path / "a.csv").write_text(text)
    assert validate(tmp_path / "a.csv").fit_error == error


def test_long_nonsense_is_one_bad_row(tmp_path):
    """A nonsense molecule of 100 000 atoms is a row with a reason, shown short, and the others stay usable."""
    (tmp_path / "a.csv").write_text(f"smiles,tox\n{'C' * 100_000},1\nCC,0\n")
    found = validate(tmp_path / "a.csv", workers=0)
    assert [bad.row for bad in found.bad_rows] == [1]
    assert len(found.bad_rows[0].smiles) == 100
    assert found.molecules == 1


def test_broken_blocks_of_sdf_keep_their_reason(tmp_path):
    """The reason of a row is what broke in the file, not the empty SMILES that came of it."""
    (tmp_path / "a.sdf").write_text("\n  bad\n\n  1  0\nnonsense\nM  END\n> <tox>\n1\n\n$$$$\n")
    assert validate(tmp_path / "a.sdf").bad_rows == (BadRow(1, "", "the mol block cannot be read"),)


def test_options_are_those_of_fit(tmp_path):
    """Names and kinds can be given, and a wrong name is an error."""
    (tmp_path / "a.csv").write_text("s1,s2,x,y\nC,CC,0,1\nCC,CCC,1,2\n")
    found = validate(tmp_path / "a.csv", smiles="s2", kinds={"y": "multiclass"}, exclude=["x"])
    assert (found.smiles, [(task.name, task.kind) for task in found.tasks]) == ("s2", [("y", "multiclass")])
    with pytest.raises(UserError, match="no column 'z'"):
        validate(tmp_path / "a.csv", tasks=["z"])


def test_validate_does_not_import_torch(tmp_path):
    """Looking at a table starts fast: no torch, no scikit-learn."""
    (tmp_path / "a.csv").write_text("smiles,tox\nC,1\nCC,0\n")
    code = (
        "import sys; from weft.data.validate import validate; validate(sys.argv[1]);"
        "print([name for name in ('torch', 'sklearn', 'torch_geometric', 'lightgbm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.csv"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
