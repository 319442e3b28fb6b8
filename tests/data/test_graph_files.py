"""Finding a graph's layout, hashing its folder, drawing parts, and graphs by name."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data.graphs import arrays, assert_same, write_arrays, write_files, write_hgb
from weft.data.catalogue import entry, find
from weft.data.customers import CustomerConfig, customer_graph
from weft.data.graph_catalogue import GRAPHS, find_graph
from weft.data.graph_files import is_graph, layout, read_graph
from weft.data.graph_splits import random_node_split, with_split
from weft.errors import UserError
from weft.labels import LabelTable


def test_each_layout_is_known_by_its_file(tmp_path):
    """Three layouts, and what is none."""
    for name in ("tables", "npz", "hgb", "none"):
        (tmp_path / name).mkdir()
    write_files(tmp_path / "tables")
    write_arrays(tmp_path / "npz", arrays())
    write_hgb(tmp_path / "hgb")
    assert [layout(tmp_path / name) for name in ("tables", "npz", "hgb", "none")] == ["tables", "npz", "hgb", None]
    assert not is_graph(tmp_path / "tables" / "graph.toml")
    with pytest.raises(UserError, match=r"no graph is in this folder.*graph\.toml.*edges\.npz.*link\.dat"):
        read_graph(tmp_path / "none")
    with pytest.raises(UserError, match="no such folder"):
        read_graph(tmp_path / "nowhere")
    with pytest.raises(UserError, match="this is a file"):
        read_graph(tmp_path / "tables" / "graph.toml")
    with pytest.raises(UserError, match="there is no split 'x'"):
        read_graph(tmp_path / "hgb", "x")


def test_drawn_parts_are_of_labelled_nodes_of_each_type(tmp_path):
    """60/20/20 of each type, every labelled node once, no other; the same for a seed."""
    graph = customer_graph(CustomerConfig(n_customers=500))
    some = replace(graph, labels=graph.labels.on_rows(np.arange(50, 350)), split=None)
    split = random_node_split(some, 3)
    assert list(map(len, split.parts().values())) == [180, 60, 60]
    assert sorted(np.concatenate(list(split.parts().values()))) == list(range(50, 350))
    assert (random_node_split(some, 3).test == split.test).all()
    assert (random_node_split(some, 4).test != split.test).any()
    assert (with_split(some, 3).split.test == split.test).all()
    assert with_split(graph, 3) is graph


def test_too_few_labels_to_draw_parts():
    """Nothing to learn, or too little to set some aside, is told."""
    graph = customer_graph(CustomerConfig(n_customers=200))
    with pytest.raises(UserError, match="2 labelled nodes of customer cannot be split"):
        random_node_split(replace(graph, labels=graph.labels.on_rows([0, 1])), 0)
    with pytest.raises(UserError, match="no label is known"):
        random_node_split(replace(graph, labels=LabelTable.empty(graph.tasks, len(graph))), 0)


def test_graphs_by_name(tmp_path, monkeypatch):
    """WEFT_DATA, its `hetero`, then the cache; a missing graph tells its origin; tables are found as before."""
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WEFT_DATA", str(tmp_path / "mine"))
    with pytest.raises(UserError, match=r"aminer is not on this machine.*WEFT_DATA.*KDD2019_HetGNN"):
        find("AMiner")
    for place in ("cache/datasets/aminer", "mine/hetero/aminer_hetgnn", "mine/aminer"):
        (tmp_path / place).mkdir(parents=True)
        assert_same(read_graph(write_files(tmp_path / place)), read_graph(find("aminer")))
        assert find("aminer") == tmp_path / place
    with pytest.raises(UserError, match="Did you mean imdb"):
        find_graph("imbd")
    with pytest.raises(UserError, match="Did you mean imdb"):
        entry("imbd")
    assert all(item.origin and item.licence and item.citation for item in GRAPHS)
