import json

import pytest

FIT = ["--model", "tiny", "--split", "column:part", "--tasks", "a,b", "--tasks", "size", "--threads", "1"]


def test_from_a_table_to_predictions(weft, table, tmp_path):
    """Protects the whole way of a user, command by command."""
    model = tmp_path / "model"
    done = weft("validate", table)
    assert done.code == 0
    assert "12 rows, 12 different molecules" in done.out
    done = weft("fit", table, "--out", model, *FIT)
    assert done.code == 0
    assert "2 binary tasks: a, b" in done.err
    assert "over tasks" in done.out
    assert weft("predict", model, table, "--out", tmp_path / "p.csv").code == 0
    assert weft("impute", model, table, "--out", tmp_path / "i.csv").code == 0
    done = weft("evaluate", model, table, "--reveal", "0.5")
    assert done.code == 0
    assert "50% of the known labels shown" in done.out
    (tmp_path / "new.csv").write_text("smiles,fresh\nCCO,1\nCCN,0\n")
    done = weft("add-task", model, tmp_path / "new.csv")
    assert "fresh: added from 2 labels" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "{table}"],
        ["fit", "{table}", "--out", "{tmp}/m", *FIT],
        ["predict", "{model}", "{table}", "--out", "{tmp}/p.csv"],
        ["impute", "{model}", "{table}", "--out", "{tmp}/i.csv"],
        ["evaluate", "{model}", "{table}", "--reveal", "0.5"],
        ["datasets", "list"],
    ],
)
def test_json_is_all_there_is_on_standard_output(weft, model, table, tmp_path, words):
    """Protects scripts that read --json: nothing else is printed there."""
    done = weft(*(word.format(table=table, model=model, tmp=tmp_path) for word in words), "--json")
    assert done.code == 0
    assert json.loads(done.out)


def test_quiet_says_nothing_but_the_result(weft, table, tmp_path):
    """Protects --quiet: no progress, no plan."""
    done = weft("fit", table, "--out", tmp_path / "m", *FIT, "--quiet")
    assert done.err == ""
    assert "Model:" in done.out


def test_no_colour_where_none_is_wanted(weft, table, monkeypatch):
    """Protects NO_COLOR and pipes from escape codes."""
    monkeypatch.setenv("NO_COLOR", "1")
    done = weft("validate", table)
    assert "\x1b[" not in done.out + done.err


def test_notes_tell_what_was_not_used(weft, model, table, tmp_path):
    """Protects from options and labels that are left aside in silence."""
    done = weft("fit", table, "--out", tmp_path / "m", *FIT, "--encoder", "gine")
    assert "--encoder is not used by --model tiny" in done.err
    done = weft("evaluate", model, table)
    assert "8 rows are molecules the model was fitted or chosen on: left out" in done.err


def test_names_with_commas(weft, tmp_path):
    """Protects SIDER's task names, which hold commas."""
    (tmp_path / "t.csv").write_text('smiles,"Neoplasms benign, malignant",b\nCO,1,0\nCCO,0,1\n')
    done = weft("validate", tmp_path / "t.csv", "--tasks", '"Neoplasms benign, malignant"', "--json")
    assert [task["name"] for task in json.loads(done.out)["tasks"]] == ["Neoplasms benign, malignant"]


def test_validate_says_by_its_exit_code_whether_a_fit_would_take_the_file(weft, table, tmp_path):
    """Protects `weft validate FILE && weft fit FILE`: bad rows are told and taken, a task of one class is refused."""
    (tmp_path / "bad.csv").write_text("smiles,a\nC,1\nCC,0\nnone,1\n")
    (tmp_path / "one.csv").write_text("smiles,a,b\nC,1,1\nCC,0,1\n")
    assert weft("validate", table).code == 0
    assert weft("validate", tmp_path / "bad.csv").code == 0
    for more in ((), ("--json",)):
        done = weft("validate", tmp_path / "one.csv", *more)
        assert done.code == 2
        assert done.out
    assert "--exclude b" in weft("validate", tmp_path / "one.csv").err
    assert weft("validate", tmp_path / "one.csv", "--exclude", "b").code == 0


def test_a_data_set_by_name(weft, tmp_path, monkeypatch):
    """Protects WEFT_DATA going first, and --out."""
    (tmp_path / "tox21.csv").write_text("smiles,a\nC,1\n")
    monkeypatch.setenv("WEFT_DATA", str(tmp_path))
    done = weft("datasets", "get", "tox21", "--out", tmp_path / "copy.csv", "-q")
    assert done.out.strip() == str(tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_text() == "smiles,a\nC,1\n"


def test_demo_shows_standard_beside_relational(weft, tmp_path, monkeypatch):
    """Protects what the demo prints: both columns, and where to open the report."""
    from weft.jobs import demo as job
    from weft.jobs.options import FitOptions

    inner = job.demo
    monkeypatch.setattr(job, "demo", lambda out, _, report: inner(out, FitOptions(model="tiny", threads=1), report))
    done = weft("demo", "--out", tmp_path / "d")
    assert done.code == 0
    assert "standard" in done.out
    assert "relational (50% shown)" in done.out
    assert (tmp_path / "d" / "report.html").as_uri() in done.out
