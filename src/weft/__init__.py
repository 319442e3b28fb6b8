"""weft: relational multi-task learning on graphs.

The public names load when first used, so that the command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from weft.data.graph_files import read_graph
    from weft.data.hetero import HeteroGraph
    from weft.data.molecules import Molecules
    from weft.data.vectors import Vectors
    from weft.errors import UserError, WeftError
    from weft.estimator import MetaLink, Model, load
    from weft.fewshot.estimator import FewShot
    from weft.graph_estimator import GraphModel, InLINE
    from weft.labels import Asked, LabelTable, Shown
    from weft.settings import Setting, reveal
    from weft.tasks import Kind, Task, TaskSet

_HOMES = {
    "Asked": "labels",
    "FewShot": "fewshot.estimator",
    "GraphModel": "graph_estimator",
    "HeteroGraph": "data.hetero",
    "InLINE": "graph_estimator",
    "Kind": "tasks",
    "LabelTable": "labels",
    "MetaLink": "estimator",
    "Model": "estimator",
    "Molecules": "data.molecules",
    "Setting": "settings",
    "Shown": "labels",
    "Task": "tasks",
    "TaskSet": "tasks",
    "UserError": "errors",
    "Vectors": "data.vectors",
    "WeftError": "errors",
    "load": "estimator",
    "read_graph": "data.graph_files",
    "reveal": "settings",
}

__all__ = [
    "Asked",
    "FewShot",
    "GraphModel",
    "HeteroGraph",
    "InLINE",
    "Kind",
    "LabelTable",
    "MetaLink",
    "Model",
    "Molecules",
    "Setting",
    "Shown",
    "Task",
    "TaskSet",
    "UserError",
    "Vectors",
    "WeftError",
    "__version__",
    "load",
    "read_graph",
    "reveal",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'weft' has no attribute {name!r}")
    return getattr(importlib.import_module(f"weft.{_HOMES[name]}"), name)
