"""A model of a graph meets a graph: which one, whether it is of the right form, and what is known on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weft.data.graph_files import read_graph
from weft.data.graph_known import content_hash
from weft.data.hetero import HeteroGraph
from weft.errors import UserError
from weft.files import read_json
from weft.jobs.folder import CARD
from weft.predictor import Predictor


def on_graph(predictor: Predictor) -> bool:
    """Whether a model's tasks are on the nodes of a graph."""
    return any(task.node_type for task in predictor.tasks)


def graph_for(folder: Path, given: Path | None = None) -> tuple[HeteroGraph, bool]:
    """Read the graph to predict on, and tell whether it holds what the model was fitted to.

    Args:
        folder: the model.
        given: the graph's folder; by default the one of the run card.

    Raises:
        UserError: when there is none, or its types, relations or features are not the model's.
    """
    card = _data(folder)
    path = given or Path(str(card.get("path") or card.get("file") or ""))
    if given is None and not path.is_dir():
        what = f"the graph it was fitted to is no longer at {path}" if path.name else "its graph is not known"
        raise UserError(what, where=str(folder), mend="Say where it is with --graph FOLDER.")
    graph = read_graph(path)
    check_form(graph, card.get("schema"), path)
    return graph, content_hash(graph) == card.get("content")


def check_form(graph: HeteroGraph, expected: Any, path: Path) -> None:
    """Refuse a graph of another form than the model's.

    Raises:
        UserError: naming the first type, relation or width of features that differs.
    """
    found = graph.schema()
    if not isinstance(expected, dict) or found == expected:
        return
    mend = "Give a graph of the same types, relations and features, or fit again."
    told = _differences(found, {str(key): value for key, value in expected.items()})
    raise UserError(f"the model was fitted to a graph of another form: {told}", where=str(path), mend=mend)


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> str:
    now, then = found["types"], expected.get("types", {})
    told = [f"no type {kind!r}" for kind in then if kind not in now]
    told += [f"a new type {kind!r}" for kind in now if kind not in then]
    told += [
        f"{kind} has {now[kind][0]} dense and {now[kind][1]} sparse features, not {width[0]} and {width[1]}"
        for kind, width in then.items()
        if kind in now and list(now[kind]) != list(width)
    ]
    edges, before = found["relations"], expected.get("relations", [])
    told += [f"no relation {key}" for key in before if key not in edges]
    told += [f"a new relation {key}" for key in edges if key not in before]
    return "; ".join(told[:3])


def _data(folder: Path) -> dict[str, Any]:
    found: Any = read_json(folder / CARD).get("data") if (folder / CARD).is_file() else None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
