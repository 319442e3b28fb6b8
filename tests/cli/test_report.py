"""`weft report` as typed: where it writes, what it says, and what it refuses."""

import json


def test_the_page_goes_into_the_model_or_where_it_is_told(weft, model, tmp_path):
    """Protects the two places, the address to open, and standard output of --json from other words."""
    before = (model / "report.html").stat().st_mtime_ns
    done = weft("report", model, "--quiet")
    assert done.code == 0
    assert (model / "report.html").stat().st_mtime_ns > before
    assert f"Open file://{model}/report.html" in done.out
    done = weft("report", model, "--out", tmp_path / "new" / "r.html", "--json")
    told = json.loads(done.out)
    assert (told["part"], told["rows"], told["data_of_fit"]) == ("test", 4, True)
    assert (tmp_path / "new" / "r.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_what_cannot_be_done_is_said_with_exit_code_2(weft, model, tmp_path):
    """Protects from tracebacks: no model, a folder as file, data that are not there, a folder without a comparison."""
    for words, what in (
        ((tmp_path,), "not a finished weft model"),
        ((model, "--out", tmp_path), "this is a folder"),
        ((model, tmp_path / "no.csv"), "no.csv"),
        ((model, "--compared", tmp_path), "no compare.json"),
        ((model, "--seed", "-1"), "--seed"),
    ):
        done = weft("report", *words, "--quiet")
        assert done.code == 2
        assert what in done.err
        assert "Traceback" not in done.err


def test_an_added_task_is_told_in_metrics_and_report(weft, model, tmp_path):
    """Protects a task that was added from being passed over in silence."""
    lines = ["smiles,fresh"] + [f"{'C' * (k + 2)}N,{k % 2}" for k in range(60)]
    (tmp_path / "fresh.csv").write_text("\n".join(lines) + "\n")
    done = weft("add-task", model, tmp_path / "fresh.csv", "--quiet")
    assert done.code == 0, done.err
    assert "fresh: added from 60 labels; rehearsed on" in done.out
    added = json.loads((model / "metrics.json").read_text())["added"]["0"]
    assert added["tasks"]["fresh"]["n"] >= 20
    page = (model / "report.html").read_text(encoding="utf-8")
    assert "Added tasks" in page
    assert "fresh.csv" in page
    assert "Added tasks" in weft_report(weft, model)


def weft_report(weft, model) -> str:
    assert weft("report", model, "--quiet").code == 0
    return (model / "report.html").read_text(encoding="utf-8")
