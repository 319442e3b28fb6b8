"""`weft doctor` as a person types it: words, JSON and exit codes; and what it says of data."""

import json

from tests import toy
from tests.cli.conftest import weft as weft


def test_words_json_and_exit_code(weft, model, tmp_path):
    done = weft("doctor", model)
    assert done.code == 0
    assert done.out.rstrip().endswith("Nothing is wrong")
    (model / "model.safetensors").unlink()
    done = weft("doctor", model, "--json")
    assert done.code == 2
    found = json.loads(done.out)
    assert not found["well"]
    assert {f["topic"] for f in found["findings"] if f["level"] == "wrong"} == {"model.safetensors"}
    assert weft("doctor", tmp_path / "nothing").code == 2


def test_data(weft, table, tmp_path):
    """Protects from a second language for the same: what it says of data is what weft validate finds."""
    done = weft("doctor", table)
    assert "12 rows" in done.out
    table.write_text("smiles,a\nCCO,1\nC1,0\nCCN,x\n")
    done = weft("doctor", table)
    assert done.code == 2
    assert "1 row cannot be used, first row 2" in done.out
    assert "weft fit will refuse it: row 3" in done.out
    graph = toy.write_toy(tmp_path / "graph")
    assert "60 nodes" in weft("doctor", graph).out
    (graph / "graph.toml").write_text("x = ")
    assert weft("doctor", graph).code == 2
    (tmp_path / "empty").mkdir()
    assert "holds neither a model nor data" in weft("doctor", tmp_path / "empty").out
