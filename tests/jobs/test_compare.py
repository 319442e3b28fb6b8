"""A comparison trains what it says it trains, once, and says plainly what came of it."""

import json

import pytest

from tests.benchmark import planted
from weft.benchmark import training
from weft.errors import UserError
from weft.jobs.compare import compare
from weft.jobs.compare_content import words
from weft.jobs.options import FitOptions

THREE = [["good"], ["bad"], ["same"]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    planted.register(monkeypatch)
    return planted.write(tmp_path / "graph")


@pytest.fixture
def options():
    return FitOptions(threads=1)


def test_planted_harm_is_found_and_said(folder, tmp_path, options):
    """Protects the answer itself: what was planted is what the words say, of both models."""
    found = compare(folder, tmp_path / "out", options).content
    told = {(row["family"], row["model"]): row["verdict"] for row in found["differences"]}
    for model in ("shared", "inline"):
        assert told["good", model] == "sharing helped good"
        assert told["bad", model] == "sharing hurt bad"
        assert told["same", model] == "no difference seen"
    assert found["words"][0].startswith("shared: sharing hurt bad, macro_f1 -0.")
    assert found["words"][-1] == "inline: no difference seen on same"
    row = found["differences"][0]
    assert row["difference"] == pytest.approx(row["other"] - row["single"])
    assert row["seeds_low"] < row["difference"] < row["seeds_high"]
    assert found["families"]["good"]["n"] == 180
    assert len(found["families"]["good"]["scores"]["shared"]) == 3
    assert json.loads((tmp_path / "out" / "compare.json").read_text()) == found


def test_the_same_budget_and_seeds(folder, tmp_path, options):
    """Protects fairness: the same seeds for all, and a model alone for each task, on its labels only."""
    found = compare(folder, tmp_path / "out", options, seeds=2).content
    alone = [("single", seed, names) for seed in (0, 1) for names in THREE]
    whole = [(name, seed, ["good", "bad", "same"]) for name in ("shared", "inline") for seed in (0, 1)]
    assert alone + whole == planted.FITS
    assert found["models"]["single"]["parameters"] == 3000
    assert found["models"]["exchange"] | {"cpu_s": 0, "wall_s": 0} == {
        "name": "inline",
        "cpu_s": 0,
        "wall_s": 0,
        "parameters": 1000,
    }


def test_stopped_and_resumed_trains_what_is_missing(folder, tmp_path, options, monkeypatch):
    """Protects hours of computing: finished trainings are kept, and the result is that of an unstopped run."""
    inner = training.train

    def stop(*args, **more):
        if len(planted.FITS) == 7:  # two seeds alone, and one shared
            raise KeyboardInterrupt
        return inner(*args, **more)

    monkeypatch.setattr(training, "train", stop)
    with pytest.raises(KeyboardInterrupt):
        compare(folder, tmp_path / "out", options, seeds=2)
    assert not (tmp_path / "out" / "compare.json").exists()
    with pytest.raises(UserError, match="--resume"):
        compare(folder, tmp_path / "out", options, seeds=2)
    monkeypatch.setattr(training, "train", inner)
    with pytest.raises(UserError, match="seeds was 2, now 3"):
        compare(folder, tmp_path / "out", options, seeds=3, resume=True)
    planted.FITS.clear()
    resumed = compare(folder, tmp_path / "out", options, seeds=2, resume=True).content
    assert [(name, seed) for name, seed, _ in planted.FITS] == [("shared", 1), ("inline", 0), ("inline", 1)]
    whole = compare(folder, tmp_path / "other", options, seeds=2).content
    assert resumed["differences"] == whole["differences"]
    planted.FITS.clear()
    again = compare(folder, tmp_path / "out", options, seeds=2, resume=True)
    assert (again.again, planted.FITS) == (True, [])
    assert again.content == resumed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["compare.json", "report.html"]


def test_one_other_model_or_none(folder, tmp_path, options):
    """Protects odd wishes: shared as the exchange is one model, single is refused before anything is trained."""
    found = compare(folder, tmp_path / "out", FitOptions(exchange="shared", threads=1), seeds=1).content
    assert list(found["models"]) == ["single", "shared"]
    planted.FITS.clear()
    with pytest.raises(UserError, match="are what the others are compared with"):
        compare(folder, tmp_path / "new", FitOptions(exchange="single", threads=1))
    assert planted.FITS == []
    assert not (tmp_path / "new").exists()


def test_refusals(folder, tmp_path, options):
    """Protects other people's folders and files, and from a comparison without test labels."""
    with pytest.raises(UserError, match="no folder of a graph"):
        compare(folder / "graph.toml", tmp_path / "out", options)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="not empty"):
        compare(folder, tmp_path / "full", options)
    with pytest.raises(UserError, match="Did you mean good"):
        compare(folder, tmp_path / "out", FitOptions(tasks=("goood",), threads=1))


def test_words_put_harm_first():
    """Protects the reader of the first line only."""

    def row(family, model, verdict):
        numbers = {"metric": "r2", "difference": -0.0214, "low": -0.03, "high": None}
        return {"family": family, "model": model, "verdict": verdict, **numbers}

    rows = [
        row("a", "shared", "sharing helped a"),
        row("b", "shared", "sharing hurt b"),
        row("c", "shared", "no difference seen"),
        row("d", "shared", "no difference seen"),
        row("e", "shared", "too few labels to tell"),
    ]
    assert words(rows) == [
        "shared: sharing hurt b, r2 -0.021 (-0.030 to unknown)",
        "shared: sharing helped a, r2 -0.021 (-0.030 to unknown)",
        "shared: no difference seen on c, d",
        "shared: too few labels to tell on e",
    ]
