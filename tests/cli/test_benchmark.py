"""`weft benchmark` as a person meets it: the list, a run, a run again, and a misspelt name."""

import json

import pytest

from tests.benchmark.small import SUITE
from weft.benchmark import suite as suites


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(suites.REGISTRY, "small", "tests.benchmark.small:SUITE")


def test_lists_the_suites(weft):
    """Protects finding what there is to run."""
    done = weft("benchmark")
    assert done.code == 0
    for name in ("inline-dblp", "inline-imdb", "inline-customers", "guess/one"):
        assert name in done.out
    assert {"name": "small", "title": SUITE.title, "rows": ["guess/one", "guess/two"]} in json.loads(
        weft("benchmark", "--json").out
    )


def test_runs_and_does_not_repeat(weft, tmp_path):
    """Protects the table on screen, and the second run that only shows it."""
    done = weft("benchmark", "small", "--seeds", "2", "--out", tmp_path, "--rows", "guess/one")
    assert done.code == 0
    assert "area macro-F1" in done.out
    assert "2 trained now" in done.out
    assert "guess/two" not in done.out
    again = weft("benchmark", "small", "--seeds", "2", "--out", tmp_path, "--rows", "guess", "--json")
    told = json.loads(again.out)
    assert (told["trained"], len(told["results"])) == (2, 4)


def test_misspelt(weft, tmp_path):
    """Protects from a traceback and from work for nothing: the nearest name, nothing written."""
    done = weft("benchmark", "inline-dlbp", "--out", tmp_path / "o")
    assert (done.code, "Did you mean inline-dblp" in done.err) == (2, True)
    done = weft("benchmark", "small", "--rows", "guess/on", "--out", tmp_path / "o")
    assert (done.code, "Did you mean guess/one" in done.err) == (2, True)
    assert not (tmp_path / "o").exists()
