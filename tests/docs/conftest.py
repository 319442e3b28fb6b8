"""One workshop for all pages."""

import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.docs.once import FitOnce, remembered
from tests.docs.shorter import train_shortly
from tests.docs.workshop import Workshop
from weft import estimator
from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.data.splits import Split
from weft.data.synthetic import DEMO
from weft.jobs import demo, demo_graph
from weft.jobs import fit as fitting
from weft.labels import LabelTable
from weft.report import whole
from weft.tasks import Kind, Task, TaskSet


@pytest.fixture(scope="package")
def workshop(tmp_path_factory: pytest.TempPathFactory, cache_of_tests: None):
    """A place to run pages in, each in a folder of its own; data of real sets are not at hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for name, value in {"COLUMNS": "200", "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}.items():
            patch.setenv(name, value)
        train_shortly(patch)
        once = FitOnce(tmp_path_factory.mktemp("fitted"))
        for module in (fitting, demo, demo_graph):
            patch.setattr(module, "fit", once)
        patch.setattr(estimator.MetaLink, "fit", remembered)
        # The reports of fits take half of the time here and have tests of their own; `weft report` makes a whole one.
        patch.setattr(whole, "report_page", lambda facts, *_: f"<!doctype html><title>{facts.name}</title>")
        given = {"README.md": files_of_the_readme}
        yield Workshop(tmp_path_factory.mktemp("pages"), patch, given, {"README.md": names_of_the_readme})


def files_of_the_readme(folder: Path) -> None:
    """Make what the README's commands name, of the table that ships; `assays.csv` is the tutorial's."""
    table = pl.read_csv(DEMO)
    table.head(5).select("smiles", "receptor_binding").write_csv(folder / "new.csv")
    table.tail(100).drop("cell_death").write_csv(folder / "test.csv")
    table.head(80).select("smiles", "cell_death").write_csv(folder / "new_assay.csv")
    (folder / "molecules.smi").write_text("\n".join(table["smiles"].head(24)) + "\n")
    write_graph_tables(tiny_graph(), folder / "graph")
    (folder / "nodes.csv").write_text("node,type\n3,author\n7,paper\n")


def names_of_the_readme() -> dict:
    """Return what the README's Python takes for granted: the molecules of the examples."""
    table = pl.read_csv(DEMO)
    columns = ["receptor_binding", "receptor_agonist", "oxidative_stress"]
    return {
        "smiles": table["smiles"].head(300),
        "y": table.select(columns).head(300),
        "new_smiles": table["smiles"].tail(10),
        "partial": table.select(columns[:1]).tail(10),
        "new_assay": table.select("cell_death").head(300),
    }


def tiny_graph() -> HeteroGraph:
    """Return authors and their papers, with a task on each."""
    rng = np.random.default_rng(0)
    n, m = 40, 60
    tasks = TaskSet((Task("area", Kind.BINARY, (), "author"), Task("venue", Kind.BINARY, (), "paper")))
    row = np.concatenate([np.arange(n), n + np.arange(m)])
    col = np.repeat([0, 1], [n, m])
    labels = LabelTable(tasks, n + m, row, col, np.arange(n + m) % 2.0)
    nodes = {
        kind: NodeTable(k, rng.normal(size=(k, 3)).astype(np.float32)) for kind, k in (("author", n), ("paper", m))
    }
    edges = {Relation("author", "writes", "paper"): np.stack([rng.integers(n, size=m), np.arange(m)])}
    part = rng.permutation(n + m)
    return HeteroGraph(nodes, edges, labels, Split(part[:60], part[60:80], part[80:], "drawn", 0), "tiny")
