import pytest

from tests.serve.client import values

PAPER = {"type": "paper", "id": "p3"}


def test_nodes_are_looked_up(graph):
    """A node is found by a part of its id, the nearest first; how many there are is told."""
    found = graph.get("/api/nodes", params={"type": "paper", "query": "P1", "limit": 3}).json()
    assert found["total"] == 11
    assert [node["id"] for node in found["nodes"]] == ["p1", "p10", "p11"]
    assert graph.get("/api/nodes", params={"type": "author"}).json()["total"] == 20
    assert graph.get("/api/nodes", params={"type": "tree"}).json()["where"] == "type"


def test_a_node_tells_labels_gates_and_neighbours(graph):
    """A node's page: labels with their part, predictions of its type's tasks, gates that add up, neighbours."""
    found = graph.get("/api/node", params=PAPER).json()
    assert {label["task"] for label in found["labels"]} >= {"topic: nets", "pages"}
    assert {label["part"] for label in found["labels"]} <= {"train", "val", "test"}
    assert [task["task"] for task in found["tasks"]] == ["late", "topic: nets", "topic: trees", "pages"]
    written = next(n for n in found["neighbours"] if n["relation"] == "author__writes__paper")
    assert (written["direction"], written["nodes"]) == ("in", [{"type": "author", "id": "a3"}])
    rows = {(g["layer"], g["relation"], g["task"]) for g in found["gates"]}
    assert rows
    for row in rows:
        shares = [g["weight"] for g in found["gates"] if (g["layer"], g["relation"], g["task"]) == row]
        assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert all(gate["node_type"] == "paper" for gate in found["gates"])
    assert {"topic: nets", "topic: trees"} <= {gate["task"] for gate in found["gates"]}


def test_a_node_is_asked_about_as_a_molecule_is(graph):
    """What-if, explain and measure-next read a node; predictions of other types' tasks are null."""
    told = graph.ask("predict", items=[{"node": PAPER}, {"node": {"type": "author", "id": "a1"}}])["items"]
    assert told[0]["key"] == "paper/p3"
    assert values(told[0]["tasks"])["area"] is None
    assert values(told[1]["tasks"])["late"] is None
    found = graph.ask("what-if", node=PAPER, known={"late": 1}, changes={"late": None, "topic: nets": 1})
    assert values(found["before"])["late"] == values(told[0]["tasks"])["late"]
    effects = graph.ask("explain", node=PAPER, known={"late": 1, "topic: nets": 0}, task="pages")
    assert sum(e["effect"] for e in effects["effects"]) == pytest.approx(effects["full"] - effects["base"], abs=1e-3)
    assert graph.ask("measure-next", node=PAPER, known={"late": 1})["key"] == "paper/p3"


def test_what_is_known_of_one_node_does_not_reach_another(graph):
    """Batch invariance on a graph: each item is asked with its own labels alone."""
    items = [{"node": {"type": "paper", "id": f"p{k}"}, "known": {"late": k % 2}} for k in (3, 23, 4)]
    together = graph.ask("predict", items=items)["items"]
    graph.state.asking.queries.answers.clear()
    alone = [graph.ask("predict", items=[item])["items"][0] for item in items]
    assert together == alone


def test_an_answer_about_a_node_is_kept(graph, monkeypatch):
    """Protects the page of a node: each answer is a pass over the graph, made once."""
    graph.ask("what-if", node=PAPER, known={}, changes={"late": 1})
    monkeypatch.setattr(type(graph.state.loaded.predictor), "predict_encoded", lambda *_: pytest.fail("asked again"))
    graph.ask("what-if", node=PAPER, known={"late": 1}, changes={"late": None})


def test_what_a_graph_cannot_do_is_told(graph):
    """Protects from molecules asked of a graph, and from nodes and types that are not there."""
    assert "reads nodes" in graph.refused("predict", items=[{"smiles": "CC"}])["what"]
    assert "no paper" in graph.refused("what-if", node={"type": "paper", "id": "x"}, changes={"late": 1})["what"]
    assert "no type" in graph.refused("predict", items=[{"node": {"type": "x", "id": "1"}}])["what"]
    assert "new task" in graph.refused("add-task", name="x", items=[{"smiles": "C", "label": 1}])["what"]
    assert "not on this type" in graph.refused("explain", node=PAPER, known={"late": 1}, task="area")["what"]
    assert graph.get("/api/model").json()["node_types"] == {"author": 20, "paper": 40}
    assert graph.get("/api/draw", params={"smiles": "CC", "task": "late"}).status_code == 400
