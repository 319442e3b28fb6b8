"""`weft tune` as a person meets it, and `weft fit --config` with what it found."""

import json

from tests.tuning.table import write


def test_from_a_table_to_a_model(weft, tmp_path):
    """Protects a first try: the trials told, files named, and the same model from best.json."""
    table = write(tmp_path / "table.csv")
    (tmp_path / "space.json").write_text(json.dumps({"dim": [16, 32], "loop.lr": {"low": 0.001, "high": 0.1}}))
    words = ["--encoder", "fingerprint", "--epochs", "2", "--split", "column:part", "--threads", "1", "-q"]
    out = tmp_path / "out"
    done = weft("tune", table, "--out", out, "--trials", "2", "--space", tmp_path / "space.json", *words)
    assert (done.code, done.err) == (0, "")
    assert "2 trials (2 complete)" in done.out
    assert "the preset's own" in done.out
    assert "test part" in done.out
    assert str(out / "best.json") in done.out
    again = weft("fit", table, "--out", tmp_path / "again", "--config", out / "best.json", *words[4:])
    assert again.code == 0
    made = [(folder / "model.safetensors").read_bytes() for folder in (out / "model", tmp_path / "again")]
    assert made[0] == made[1]
    told = weft("tune", table, "--out", out, "--trials", "2", "--space", tmp_path / "space.json", *words, "--resume")
    assert "finished before" in told.err


def test_refusals_have_no_traceback(weft, tmp_path):
    """Protects a person with a wrong engine, space or configuration."""
    table = write(tmp_path / "table.csv")
    (tmp_path / "bad.json").write_text(json.dumps({"dim": 3}))
    for words, told in (
        (["--engine", "rai"], "Did you mean ray"),
        (["--space", tmp_path / "bad.json"], "dim: 3 is no list"),
        (["--config", tmp_path / "bad.json"], "there is no option 'dim'"),
        (["--trials", "0"], "0 trials"),
    ):
        done = weft("tune", table, "--out", tmp_path / "out", *words)
        assert (done.code, told in done.err) == (2, True), done.err
        assert not (tmp_path / "out").exists()
