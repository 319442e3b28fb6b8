import polars as pl
import pytest

from tests.serve.client import values
from weft.jobs.predict import PredictOptions, predict

ETHANOL = "CCO"


def test_it_says_what_weft_predict_says(real, real_folder, tmp_path):
    """Protects one truth: the server and the command line answer alike, known labels and sets included."""
    rows = ["CCO", "c1ccccc1O", "CC(=O)Nc1ccccc1", "C1CC"]
    (tmp_path / "t.csv").write_text("smiles,enzyme_induction\n" + "\n".join(f"{s},{k % 2}" for k, s in enumerate(rows)))
    predict(real_folder, tmp_path / "t.csv", tmp_path / "p.csv", PredictOptions(threads=1, coverage=0.9))
    told = pl.read_csv(tmp_path / "p.csv", infer_schema=False)
    items = [{"smiles": s, "known": {"enzyme_induction": k % 2}} for k, s in enumerate(rows)]
    found = real.ask("predict", items=items, coverage=0.9)["items"]
    assert [item["status"] for item in found] == told["status"].to_list()
    for at, item in enumerate(found[:3]):
        for task in item["tasks"]:
            assert float(told[f"{task['task']}_pred"][at]) == pytest.approx(task["value"], rel=1e-4, abs=1e-6)
            if task["kind"] == "binary":
                assert told[f"{task['task']}_set"][at] == "{" + ",".join(task["set"]) + "}"
            elif task["low"] is not None:
                assert float(told[f"{task['task']}_low"][at]) == pytest.approx(task["low"], rel=1e-4)


def test_a_bad_molecule_stays_in_its_place(client):
    """Nothing lost: a bad item has a reason and no numbers, the others are answered."""
    items = [{"smiles": ETHANOL}, {"smiles": "C1CC"}, {"smiles": "CCCO"}]
    found = client.ask("predict", items=items)["items"]
    assert [item["status"] for item in found] == ["ok", "cannot be parsed: not valid SMILES", "ok"]
    assert found[1]["tasks"] == []
    assert found[1]["key"] is None


def test_others_in_the_request_change_nothing(real):
    """Batch invariance: an item's answer does not depend on its neighbours, known labels or not."""
    items = [{"smiles": "CCO", "known": {"dna_damage": 1}}, {"smiles": "CCN"}, {"smiles": "c1ccccc1"}]
    together = real.ask("predict", items=items)["items"]
    real.state.asking.queries.recent.clear()
    alone = [real.ask("predict", items=[item])["items"][0] for item in items]
    for a, b in zip(together, alone, strict=True):
        assert values(a["tasks"]) == pytest.approx(values(b["tasks"]), rel=1e-4, abs=1e-5)


def test_a_known_task_is_predicted_without_its_own_label(client):
    """No peeking: the prediction beside a known label was made without it, and the others saw it."""
    nothing = values(client.ask("predict", items=[{"smiles": ETHANOL}])["items"][0]["tasks"])
    for label in (0, 1):
        told = client.ask("predict", items=[{"smiles": ETHANOL, "known": {"a": label}}])["items"][0]["tasks"]
        assert values(told)["a"] == nothing["a"]
        assert values(told)["b"] != nothing["b"]
        assert told[0]["known"] == str(label)


def test_many_known_labels_are_hidden_by_fifths(client, monkeypatch):
    """Protects wide tables from a pass per known label; still no label reaches its own prediction."""
    known = {"a": 1, "b": 0, "size": 3.5, "colour": "red"}
    few = client.ask("predict", items=[{"smiles": ETHANOL, "known": known}])["items"][0]["tasks"]
    monkeypatch.setattr("weft.serve.asking._FEW", 0)
    many = client.ask("predict", items=[{"smiles": ETHANOL, "known": known}, {"smiles": "CC"}])["items"][0]["tasks"]
    assert values(many) == pytest.approx(values(few))  # four tasks: each fifth holds one


@pytest.mark.parametrize(
    ("known", "what"),
    [
        ({"a": 2}, "label '2' is not one of 0, 1"),
        ({"a": "maybe"}, "label 'maybe' is not one of 0, 1"),
        ({"a": "nan"}, "label 'nan' is not one of 0, 1"),
        ({"size": "big"}, "'big' is not a finite number"),
        ({"size": "inf"}, "'inf' is not a finite number"),
        ({"colour": "green"}, "label 'green' is not one of blue, red"),
        ({"aa": 1}, "the model has no task 'aa'"),
        ({"../../etc/passwd": 1}, "the model has no task '../../etc/passwd'"),
    ],
)
def test_a_label_that_does_not_fit_is_told(client, known, what):
    """Protects from a label that is dropped in silence: which, where, and what to send instead."""
    told = client.refused("predict", items=[{"smiles": ETHANOL}, {"smiles": ETHANOL, "known": known}])
    assert what in told["what"]
    assert told["where"].startswith("items[1].known")
    assert told["mend"]


@pytest.mark.parametrize("label", [1, 1.0, True, "1", "active", "Yes"])
def test_labels_may_be_written_as_in_a_table(client, label):
    """Protects the words for yes and no that tables may use."""
    told = client.ask("predict", items=[{"smiles": ETHANOL, "known": {"a": label, "b": None}}])["items"][0]["tasks"]
    assert [task["known"] for task in told] == ["1", None, None, None]


def test_nan_is_refused_with_its_place(client):
    """A NaN label is no label: 422 naming it, although Python's JSON would let it pass."""
    body = b'{"items":[{"smiles":"CC","known":{"a":NaN}}]}'
    answer = client.post("/api/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["what"] == "a label is NaN or infinite"
    assert answer.json()["where"] == "items[0].known.a"


def test_what_if_is_the_difference_of_two_predictions(real):
    """Protects what-if: before and after are what predict says, and moves are their difference."""
    known, changes = {"dna_damage": 1, "cell_death": 0}, {"cell_death": None, "oxidative_stress": 1}
    found = real.ask("what-if", smiles=ETHANOL, known=known, changes=changes)
    items = [{"smiles": ETHANOL, "known": k} for k in (known, {"dna_damage": 1, "oxidative_stress": 1})]
    before, after = (item["tasks"] for item in real.ask("predict", items=items)["items"])
    assert values(found["before"]) == pytest.approx(values(before), abs=1e-6)
    assert values(found["after"]) == pytest.approx(values(after), abs=1e-6)
    for move in found["moves"]:
        expected = values(after)[move["task"]] - values(before)[move["task"]]
        assert move["difference"] == pytest.approx(expected, abs=1e-5)
    assert any(abs(move["difference"]) > 1e-3 for move in found["moves"])


def test_the_second_question_about_a_molecule_encodes_nothing(real, monkeypatch):
    """Protects the speed of what-if: a molecule is encoded once, however often it is asked about."""
    real.ask("predict", items=[{"smiles": ETHANOL}])
    monkeypatch.setattr(type(real.state.loaded.predictor), "encode", lambda *_: pytest.fail("encoded again"))
    real.ask("what-if", smiles=ETHANOL, known={}, changes={"dna_damage": 1})
    real.ask("explain", smiles=ETHANOL, known={"dna_damage": 1}, task="cell_death")
    real.ask("measure-next", smiles=ETHANOL)


def test_a_model_of_molecules_is_asked_about_molecules(client):
    """Protects from questions of the other kind of model."""
    told = client.refused("predict", items=[{"node": {"type": "paper", "id": "p1"}}])
    assert "reads molecules" in told["what"]
    assert client.get("/api/nodes", params={"type": "paper"}).status_code == 400
    assert (
        client.refused("predict", 422, items=[{"smiles": "CC", "node": {"type": "a", "id": "b"}}])["where"]
        == "items[0]"
    )
    assert "SMILES" in client.refused("what-if", smiles="C1CC", changes={"a": 1})["what"]


def test_sets_need_a_calibrated_model(client):
    """Protects from sets without validation labels to make them from."""
    assert client.get("/api/model").json()["can_cover"] == (client.state.loaded.predictor.calibrator is not None)
    client.state.loaded.predictor.calibrator = None
    assert client.refused("predict", items=[{"smiles": "CC"}], coverage=0.9)["where"] == "coverage"
