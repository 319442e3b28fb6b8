"""What the server tells of itself: model, card, health, metrics and the description of its API."""

import re

import pytest


def test_the_model_is_told(client, tiny_folder):
    """Protects what the page is built from: tasks with classes, settings, limits."""
    told = client.get("/api/model").json()
    assert (told["name"], told["title"], told["kind"]) == ("tiny", tiny_folder.name, "molecules")
    assert [(t["name"], t["kind"], t["classes"]) for t in told["tasks"]] == [
        ("a", "binary", ["0", "1"]),
        ("b", "binary", ["0", "1"]),
        ("size", "regression", []),
        ("colour", "multiclass", ["blue", "red"]),
    ]
    assert told["reads_labels"]
    assert told["limits"]["smiles_length"] == 1000
    assert told["metrics"] == {"test": {"0": {"tasks": {}}}}


def test_the_card_names_files_but_no_paths(client, graph, tiny_folder):
    """Protects the person's folders: a card may be read by others."""
    for each in (client, graph):
        answer = each.get("/api/card")
        assert answer.status_code == 200
        assert "/tmp" not in answer.text
        assert str(tiny_folder.parent) not in answer.text
    assert client.get("/api/card").json()["fit"]["data"]["file"] == "assays.csv"
    assert "identity" not in client.get("/api/card").json()["fit"]


def test_a_changed_graph_is_told(graph):
    """A graph whose files are others than those of the fit is told of, in the card's notes."""
    assert not any("changed" in note for note in graph.get("/api/card").json()["notes"])
    graph.state.loaded.notes = ("the graph's files have changed since the fit",)
    assert any("changed" in note for note in graph.get("/api/card").json()["notes"])


def test_metrics_are_what_prometheus_reads(client):
    """Every line is a comment or a sample; buckets grow to the count; paths are routes, not what was asked."""
    client.ask("predict", items=[{"smiles": "CC"}])
    client.get("/nowhere/at/all")
    client.get("/api/draw", params={"smiles": "CC"})
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+')
    lines = answer.text.splitlines()
    assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)
    assert 'weft_requests_total{method="POST",path="/api/predict",status="200"} 1' in lines
    assert 'weft_requests_total{method="GET",path="other",status="404"} 1' in lines
    assert "nowhere" not in answer.text
    buckets = [
        int(line.split()[-1]) for line in lines if line.startswith('weft_request_seconds_bucket{path="/api/predict"')
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1
    assert "weft_cached_molecules 1" in lines


def test_the_api_is_described_without_scripts(client):
    """A page of the API that works offline under a strict policy, and the description programs read."""
    text = client.get("/docs").text
    for path in ("/api/predict", "/api/what-if", "/api/table", "/api/node"):
        assert path in text
    assert "<script" not in text
    assert "https://" not in text
    api = client.get("/openapi.json").json()
    assert {"503", "422", "400"} <= api["paths"]["/api/predict"]["post"]["responses"].keys()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/predict", 405), ("GET", "/nope", 404)])
def test_wrong_ways_are_errors_like_others(client, method, path, status):
    """404 and 405 are in the form of every error."""
    answer = client.request(method, path)
    assert (answer.status_code, answer.json().keys()) == (status, {"what", "where", "mend"})
