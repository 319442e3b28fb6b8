"""Commands that are killed: how each is made ready, what it leaves, and what of it must be the same every time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import toy
from weft.data.synthetic import DEMO
from weft.data.tables import read_table, write_table

#: Files of a model that do not depend on when it was made.
_SAME = ("model.json", "model.safetensors", "metrics.json", "split.parquet", "seen.parquet")
_QUIET = ("--threads", "1", "--quiet")
#: What tells when and how fast a training was.
_TIMES = ("cpu_s", "wall_s", "predict_s", "made", "peak_mb")


@dataclass(frozen=True)
class Scene:
    """A command.

    Attributes:
        words: the command line, from the folder it works in.
        ready: makes that folder ready, given the inputs.
        result: what must be the same whatever happened, once the command has ended well.
        whole: looks at what a killed command left; raises when something half-written would be read as whole.
        done: whether the words need not be said again: what was asked is there.
    """

    words: Callable[[Path, Path], list[str]]
    result: Callable[[Path], Any]
    whole: Callable[[Path, Any], None]
    ready: Callable[[Path, Path], None] = lambda work, inputs: None
    done: Callable[[Path, Any], bool] = lambda work, reference: False


def inputs(folder: Path, model: Callable[[list[str]], object]) -> None:
    """Make what the commands read: tables, a graph, and a model (fitted by `model`, given the words)."""
    frame = read_table(DEMO).frame.select("smiles", "receptor_binding", "oxidative_stress", "cell_death")
    write_table(frame.head(80).drop("cell_death"), folder / "table.csv")
    write_table(frame.tail(150), folder / "new.csv")
    write_table(frame.slice(100, 60).select("smiles", "cell_death"), folder / "assay.csv")
    toy.write_toy(folder / "graph")
    model(["fit", str(folder / "table.csv"), "--out", str(folder / "model"), *_NETWORK, *_QUIET])


_NETWORK = ("--preset", "metalink-paper", "--setting", "relational_meta", "--split", "random", "--epochs", "4")


def _files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in _SAME if (folder / name).is_file()}


def _model_whole(work: Path, reference: Any) -> None:
    """A folder with a card is the finished model, to the byte; without one it does not load."""
    from weft.errors import UserError
    from weft.publish import settle
    from weft.saved import load

    folder = work / "model"
    if not folder.is_dir():
        return
    settle(folder)  # as whoever opens the folder does
    if (folder / "model.json").is_file():
        load(folder)
        assert _files(folder) == reference
        return
    try:
        load(folder)
    except UserError:
        return
    raise AssertionError("a folder without a card was loaded")


def _grown_whole(work: Path, reference: Any) -> None:
    """The folder is the model from before, or the grown one, never a mixture."""
    from weft.saved import load

    tasks = load(work / "model").tasks.names
    found = _files(work / "model")
    assert "cell_death" not in tasks or found == reference
    assert "cell_death" in tasks or found == _files(work / "before")


def _grown_ready(work: Path, inputs: Path) -> None:
    for name in ("model", "before"):
        shutil.copytree(inputs / "model", work / name)


def _output_whole(work: Path, reference: Any) -> None:
    """An output that is there is the whole one."""
    out = work / "out.csv"
    assert not out.exists() or out.read_bytes() == reference


def _lines(work: Path) -> list[Any]:
    """Return what the trainings of a benchmark told, without their times, in the order of their names."""
    path = work / "results" / "mols.jsonl"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = [json.loads(line) for line in text.splitlines() if line]
    kept = [{key: value for key, value in line.items() if key not in _TIMES} for line in found]
    return sorted(kept, key=lambda line: json.dumps([line["row"], line["split"]]))


def _results_whole(work: Path, reference: Any) -> None:
    """Every line that is there is a whole result, and none is twice."""
    found = _lines(work)
    assert all(line in reference for line in found)
    assert len({(line["row"], line["split"]) for line in found}) == len(found)


def _fit(kind: str, *options: str) -> Scene:
    def words(work: Path, inputs: Path) -> list[str]:
        return ["fit", str(inputs / kind), "--out", str(work / "model"), *options, *_QUIET, "--resume"]

    return Scene(words, lambda work: _files(work / "model"), _model_whole)


SCENES = {
    "fit": _fit("table.csv", *_NETWORK),
    "fit graph": _fit("graph", "--epochs", "6", "--members", "2", "--tasks", "area,late"),
    "fit tiny": _fit("table.csv", "--model", "tiny", "--split", "random"),
    "predict": Scene(
        lambda work, inputs: [
            "predict", str(inputs / "model"), str(inputs / "new.csv"),
            "--out", str(work / "out.csv"), "--resume", *_QUIET,
        ],
        lambda work: (work / "out.csv").read_bytes(),
        _output_whole,
    ),
    "add-task": Scene(
        lambda work, inputs: ["add-task", str(work / "model"), str(inputs / "assay.csv"), *_QUIET],
        lambda work: _files(work / "model"),
        _grown_whole,
        _grown_ready,
        lambda work, reference: _files(work / "model") == reference,
    ),
    "benchmark": Scene(
        lambda work, inputs: [
            "benchmark", "mols", "--data", "mols", "--splits", "0-1", "--rows", "guess,blind", "--jobs", "0",
            "--out", str(work / "results"), "--resume", *_QUIET,
        ],
        _lines,
        _results_whole,
    ),
}  # fmt: skip
