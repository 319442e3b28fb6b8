"""Public graphs by name, found in a folder of the user or in the cache; none has one file to fetch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from weft.data.cache import cache_folder
from weft.data.graph_files import is_graph
from weft.errors import UserError, nearest


@dataclass(frozen=True)
class GraphEntry:
    """A graph that is found by its name.

    Attributes:
        name: what a user types.
        title: what it is, in a line.
        nodes: number of nodes.
        edges: number of edges, one direction of each relation.
        n_tasks: number of tasks, a multi-label task being one.
        origin: where its makers put it.
        licence: of the data.
        citation: what to cite.
        folders: names its folder may have besides `name`.
    """

    name: str
    title: str
    nodes: int
    edges: int
    n_tasks: int
    origin: str
    licence: str
    citation: str
    folders: tuple[str, ...] = ()


GRAPHS = (
    GraphEntry(
        "dblp",
        "authors, papers and terms: areas of authors, venues of papers",
        26_108,
        105_455,
        2,
        "DBLP of the Heterogeneous Graph Benchmark (GitHub THUDM/HGB), splits of GitHub fengxyStar/StrucHIS",
        "academic use only, not to be passed on (raw DBLP four-area set)",
        "Ji et al., ECML-PKDD 2010; Lv et al., KDD 2021; Feng et al., KDD 2025",
    ),
    GraphEntry(
        "imdb",
        "movies, directors, actors and keywords: genres, rating, gross and more",
        21_657,
        43_020,
        8,
        "movie_metadata.csv of GitHub cynricfu/MAGNN (IMDB 5000 Movie Dataset)",
        "Open Database License, as listed on Kaggle",
        "IMDB 5000 Movie Dataset; Fu et al., WWW 2020",
    ),
    GraphEntry(
        "aminer",
        "authors, papers and citations: areas of authors, venues and years of papers",
        49_690,
        90_665,
        3,
        "data/academic of GitHub chuxuzhang/KDD2019_HetGNN",
        "not stated",
        "Tang et al., KDD 2008; Zhang et al., KDD 2019",
        ("aminer_hetgnn",),
    ),
)


def graph_entry(name: str) -> GraphEntry | None:
    """Return a graph by its name, without regard to case; None for another name."""
    return next((entry for entry in GRAPHS if entry.name == name.lower()), None)


def locate_graph(wanted: GraphEntry) -> Path | None:
    """Return where a graph is on this machine: in `WEFT_DATA` (or its `hetero`), else in the cache."""
    folder = os.environ.get("WEFT_DATA")
    around = [Path(folder), Path(folder) / "hetero"] if folder else []
    places = [
        place / name for place in [*around, cache_folder() / "datasets"] for name in (wanted.name, *wanted.folders)
    ]
    return next((path for path in places if is_graph(path)), None)


def find_graph(name: str) -> Path:
    """Return the folder of a graph.

    Raises:
        UserError: for an unknown name, or a graph that is not on this machine.
    """
    wanted = graph_entry(name)
    if wanted is None:
        raise UserError(f"there is no graph {name!r}", mend=nearest(name.lower(), [entry.name for entry in GRAPHS]))
    path = locate_graph(wanted)
    if path is None:
        mend = (
            f"Put its folder {wanted.name!r} into a folder and set WEFT_DATA to that; it comes from: {wanted.origin}."
        )
        raise UserError(f"the graph {wanted.name} is not on this machine and cannot be fetched", mend=mend)
    return path
