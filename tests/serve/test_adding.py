import pytest

from tests.serve.client import Client
from weft.serve.limits import Limits

ITEMS = [{"smiles": "C" * (k + 1) + ("O" if k % 2 else ""), "label": k % 2} for k in range(10)]


def test_a_task_is_added_to_memory_and_the_folder_stays(real, real_folder):
    """Protects the model's folder: the server learns the task, tells so, and writes nothing."""
    before = {path.name: path.read_bytes() for path in real_folder.iterdir()}
    found = real.ask("add-task", name="alcohol", items=[*ITEMS, {"smiles": "C1CC", "label": 1}])
    assert (found["labels"], found["n_tasks"]) == (10, 11)
    assert found["bad"] == [{"row": 11, "reason": "cannot be parsed: not valid SMILES"}]
    assert "memory" in found["note"]
    told = real.ask("predict", items=[{"smiles": "CCO", "known": {"alcohol": 1}}])["items"][0]["tasks"]
    assert told[-1]["task"] == "alcohol"
    tasks = real.get("/api/model").json()["tasks"]
    assert [task["added"] for task in tasks] == [False] * 10 + [True]
    assert "alcohol" in real.get("/api/card").text
    assert {path.name: path.read_bytes() for path in real_folder.iterdir()} == before


def test_what_was_encoded_before_is_encoded_again(client):
    """Protects from a kept encoding without the new task's column."""
    client.ask("predict", items=[{"smiles": "CCO"}])
    client.ask("add-task", name="x", items=ITEMS)
    assert len(client.ask("predict", items=[{"smiles": "CCO"}])["items"][0]["tasks"]) == 5


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"name": "a", "items": ITEMS}, "has a task 'a' already"),
        ({"name": "x", "items": [{"smiles": "CC", "label": 1}]}, "labels of one class only"),
        (
            {"name": "x", "items": [{"smiles": "C1CC", "label": 1}, {"smiles": "C1", "label": 0}]},
            "no label on a usable row",
        ),
        ({"name": "x", "items": [{"smiles": "CC", "label": "perhaps"}, *ITEMS]}, "is not one of"),
        ({"name": "x", "kind": "regression", "items": [{"smiles": "CC", "label": "big"}]}, "is not a finite number"),
    ],
)
def test_a_task_that_cannot_be_learnt_changes_nothing(client, body, what):
    """Protects the model in memory from a task that came to nothing."""
    told = client.refused("add-task", **body)
    assert what in told["what"]
    assert len(client.get("/api/model").json()["tasks"]) == 4


def test_a_failure_while_learning_changes_nothing(client, monkeypatch):
    """A fault in the middle leaves the model as it was, for the copy alone had learnt."""
    kind = type(client.state.loaded.predictor)
    learn = kind.add_task

    def breaks(self, data, labels, run=None):
        learn(self, data, labels, run)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(kind, "add_task", breaks)
    assert client.post("/api/add-task", json={"name": "x", "items": ITEMS}).status_code == 500
    assert len(client.ask("predict", items=[{"smiles": "CC"}])["items"][0]["tasks"]) == 4


def test_there_is_a_limit(tiny_folder):
    """Protects memory: a server takes so many tasks and no more, however many ask at once."""
    client = Client.of(tiny_folder, Limits(added_tasks=2))
    asked = [("POST", "/api/add-task", {"json": {"name": f"x{k}", "items": ITEMS}}) for k in range(4)]
    assert sorted(answer.status_code for answer in client.together(asked)) == [200, 200, 400, 400]
    client.close()


def test_words_for_classes_and_other_kinds(client):
    """Classes may have names, and tasks may be values or of several classes."""
    words = [{**item, "label": "toxic" if item["label"] else "nontoxic"} for item in ITEMS]
    assert client.ask("add-task", name="w", items=words)["task"]["kind"] == "binary"
    colours = [{**item, "label": ("red", "green", "blue")[k % 3]} for k, item in enumerate(ITEMS)]
    assert len(client.ask("add-task", name="smiles", kind="multiclass", items=colours)["task"]["classes"]) == 3
    assert client.ask("add-task", name="v", kind="regression", items=ITEMS)["task"]["classes"] == []
