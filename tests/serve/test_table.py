import gzip
import io
import json

import polars as pl
import pytest

from tests.serve.client import Client
from weft.jobs.predict import PredictOptions, impute, predict
from weft.serve.limits import Limits

TABLE = "id,smiles,a,note\n007,CCO,1,x\n008,C1CC,,y\n009,CCCO,,\n010,,0,z\n"


def test_a_table_comes_back_as_weft_impute_writes_it(client, tiny_folder, tmp_path):
    """Protects one truth, and every row, order and column of the person's table."""
    (tmp_path / "t.csv").write_text(TABLE)
    impute(tiny_folder, tmp_path / "t.csv", tmp_path / "o.csv", PredictOptions(threads=1))
    answer = client.upload(TABLE)
    assert answer.status_code == 200
    assert answer.content == (tmp_path / "o.csv").read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")


def test_predictions_beside_the_labels_as_weft_predict_writes_them(real, real_folder, tmp_path):
    """The same for added columns, sets and intervals of a real model, whose rows are predicted in parts."""
    text = "smiles,cell_death\n" + "".join(f"{'C' * (k % 7 + 1)}O,{k % 2}\n" for k in range(150))
    (tmp_path / "t.csv").write_text(text)
    predict(real_folder, tmp_path / "t.csv", tmp_path / "o.csv", PredictOptions(threads=1, coverage=0.9))
    answer = real.upload(text, mode="predict", coverage=0.9)
    ours, theirs = pl.read_csv(answer.content), pl.read_csv(tmp_path / "o.csv")
    assert ours.columns == theirs.columns
    for name in ours.columns:
        if ours[name].dtype.is_float():
            assert ours[name].to_list() == pytest.approx(theirs[name].to_list(), rel=2e-4, abs=1e-5), name
        else:
            assert ours[name].to_list() == theirs[name].to_list(), name


def test_bad_rows_are_told_by_number_and_kept(client):
    """Nothing lost: bad rows stand in the table with blanks and a reason, and their numbers in the header."""
    answer = client.upload(TABLE)
    report = json.loads(answer.headers["x-weft-report"])
    assert (report["rows"], report["bad_rows"], report["known"]) == (4, 2, 2)
    assert report["bad"] == [
        {"row": 2, "reason": "cannot be parsed: not valid SMILES"},
        {"row": 4, "reason": "empty SMILES"},
    ]
    status = pl.read_csv(answer.content)["status"].to_list()
    assert status == ["ok", "cannot be parsed: not valid SMILES", "ok", "empty SMILES"]


def test_a_very_long_smiles_is_a_bad_row(client):
    """Protects the process: what may hurt the chemistry library is not read, and the row says so."""
    answer = client.upload("smiles\nCCO\n" + "C" * 1_000_000 + "\n")
    report = json.loads(answer.headers["x-weft-report"])
    assert report["bad"] == [{"row": 2, "reason": "SMILES longer than 1000 characters"}]


def test_the_report_fits_into_a_header(client):
    """A thousand bad rows do not make a header that clients refuse; all are in the table."""
    answer = client.upload("smiles\nCCO\n" + "äöü€\n" * 999)
    assert answer.status_code == 200
    assert len(answer.headers["x-weft-report"]) < 4000
    assert json.loads(answer.headers["x-weft-report"])["bad_rows"] == 999


@pytest.mark.parametrize(
    ("text", "name", "what", "where"),
    [
        ("a,b\n1,2\n", "x.csv", "no column looks like SMILES", "x.csv"),
        ("", "x.csv", "the file is empty", "x.csv"),
        ("smiles,a\nCC,7\n", "x.csv", "label '7' is not one of 0, 1", "x.csv, row 1, column a"),
        ("smiles\nCC\n", "x.xlsx", "the extension '.xlsx' cannot be uploaded", "x.xlsx"),
        ("smiles\nCC\n", "../../etc/passwd", "the name has no extension", "passwd"),
        ("smiles,a_known\nCC,1\n", "x.csv", "the input already has a column named a_known", None),
        (b"\xff\xfe\x00", "x.csv", "not UTF-8", "x.csv, line 1"),
        (b"no gzip", "x.csv.gz", "the gzip data is broken", "x.csv.gz"),
        (
            "smiles," + ",".join(f"c{k}" for k in range(10_000)) + "\nCC" + "," * 10_000,
            "x.csv",
            "10001 columns",
            "x.csv",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_told(client, text, name, what, where):
    """Protects from a stack trace, and from paths of the server: what, where in the person's file, and the mend."""
    answer = client.upload(text, name)
    assert answer.status_code == 400, answer.text
    assert what in answer.json()["what"]
    assert answer.json()["where"] == where
    assert str(client.state.scratch) not in answer.text


def test_limits_of_rows_and_of_what_gzip_hides(tiny_folder):
    """Protects memory: a small upload may not unpack to a large one."""
    client = Client.of(tiny_folder, Limits(body_bytes=100_000, table_rows=10))
    assert "more than 10 rows" in client.upload("smiles\n" + "CC\n" * 11).json()["what"]
    bomb = gzip.compress(b"smiles\n" + b"C" * 3_000_000)
    assert len(bomb) < 100_000
    assert "unpacks to more than" in client.upload(bomb, "b.csv.gz").json()["what"]
    assert client.upload(gzip.compress(b"smiles\nCC\n"), "b.csv.gz").status_code == 200
    assert list(client.state.scratch.iterdir()) == []
    client.close()


def test_a_table_lets_others_have_their_turn(client):
    """Protects a person at the page from waiting for a table: it is predicted in parts."""
    asked = [("POST", "/api/table", {"files": {"file": ("t.csv", "smiles\n" + "CCO\n" * 400)}})]
    asked += [("POST", "/api/what-if", {"json": {"smiles": "CC", "changes": {"a": 1}}})] * 3
    assert [answer.status_code for answer in client.together(asked)] == [200] * 4


def test_a_table_of_nodes(graph):
    """A graph's nodes in a table: unknown ones stay, with a reason."""
    answer = graph.upload("type,node\npaper,p3\nauthor,a1\npaper,p99\n")
    out = pl.read_csv(io.BytesIO(answer.content))
    assert out["status"].to_list() == ["ok", "ok", "the graph has no paper 'p99'"]
    assert out["late"][0] is not None
    assert out["late"][1] is None
    assert graph.upload("node\np1\n", type="paper").status_code == 200
    assert graph.upload("node\np1\n", smiles="x").json()["where"] == "smiles"
