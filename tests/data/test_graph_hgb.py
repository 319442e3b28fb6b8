"""HGB's text format: what is read, and every mistake told."""

import contextlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.graphs import HGB, write_hgb
from weft.data.graph_files import read_graph
from weft.data.hetero import Relation
from weft.errors import UserError
from weft.tasks import Kind, Task


def test_everything_is_read_where_it_belongs(tmp_path):
    """Global ids become positions, a relation turned round is dropped, comma lists are several labels."""
    graph = read_graph(write_hgb(tmp_path))
    author, paper = graph.nodes["author"], graph.nodes["paper"]
    assert author.sparse.toarray().tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0.5, 0]]
    assert (author.keys, paper.keys, paper.n) == ((), ("2", "3", "4"), 3)
    assert list(graph.edges) == [Relation("author", "to", "paper"), Relation("paper", "cite", "paper")]
    assert graph.edges[Relation("author", "to", "paper")].tolist() == [[0, 1, 1], [0, 0, 2]]
    assert graph.edges[Relation("paper", "cite", "paper")].tolist() == [[0], [1]]
    assert list(graph.tasks) == [
        Task("paper/label: 0", Kind.BINARY, (), "paper", "paper/label"),
        Task("paper/label: 1", Kind.BINARY, (), "paper", "paper/label"),
        Task("author/label", Kind.MULTICLASS, ("AI", "DB"), "author"),
    ]
    value, known = graph.labels.to_dense()
    assert known.tolist() == [[False, False, True]] * 2 + [[True, True, False]] * 3
    assert value[:2, 2].tolist() == [1, 0]
    assert value[2:, :2].tolist() == [[1, 1], [0, 1], [1, 0]]
    parts = graph.split.parts()
    assert parts["test"].tolist() == [1, 4]
    assert sorted([*parts["train"], *parts["val"]]) == [0, 2, 3]


def test_without_info_everything_is_called_by_its_number(tmp_path):
    """Some of the benchmark's sets have an info.dat that is no JSON."""
    graph = read_graph(write_hgb(tmp_path, {"info.dat": "TYPE\tMEANING\n"}))
    assert [relation.key for relation in graph.edges] == ["type0__r0__type1", "type1__r2__type1"]
    assert graph.tasks[2].classes == ("0", "1")


def test_dense_features_stay_dense_and_names_may_be_anything(tmp_path):
    """A type most of whose values are not 0 is dense; quotes and other alphabets in names do no harm."""
    nodes = HGB["node.dat"].replace("ann\t0\t1,0,0,0,0", "Å\"nn'\t0\t1,2,3,-1e-1,5")
    table = read_graph(write_hgb(tmp_path, {"node.dat": nodes})).nodes["author"]
    assert table.sparse is None
    np.testing.assert_array_equal(table.dense, np.float32([[1, 2, 3, -0.1, 5], [0, 0, 0, 0.5, 0]]))


def test_without_labels_there_are_no_tasks(tmp_path):
    """Nodes and links alone are a graph."""
    graph = read_graph(write_hgb(tmp_path, {"label.dat": None, "label.dat.test": None}))
    assert (len(graph.tasks), graph.split) == (0, None)


def changed(name, old, new):
    assert old in HGB[name]
    return {name: HGB[name].replace(old, new, 1)}


MISTAKES = [
    (changed("node.dat", "4\tr", "3\tr"), "node.dat, row 5: the id 3 stands twice"),
    (changed("node.dat", "4\tr", "x\tr"), "node.dat, line 5: 'x' is no id"),
    (changed("node.dat", "0.5,0", "0.5"), "node.dat, line 2: 4 features where nodes of this type have 5"),
    (changed("node.dat", "0.5,0", "half,0"), "node.dat, line 2: the features are no numbers"),
    (changed("node.dat", "0.5,0", "inf,0"), "node.dat, author.*: a sparse feature is no number"),
    (changed("node.dat", "4\tr\t1", "4 r 1"), "line 5: 1 cells where 3 are expected"),
    (changed("link.dat", "1\t4\t0", "1\t9\t0"), "link.dat, row 3: the target 9 is no node"),
    (changed("link.dat", "1\t4\t0", "1\t-4\t0"), "link.dat, line 3: '-4' is no id"),
    (changed("link.dat", "1\t4\t0", "4\t1\t0"), "link.dat, row 3: relation 0 joins a paper and a author"),
    (changed("label.dat", "3\tq\t1\t1", "8\tq\t1\t1"), "label.dat, row 2: 8 is no node"),
    (changed("label.dat", "3\tq\t1\t1", "3\tq\t1\tx"), "label.dat, line 2: 'x' is no id"),
    (changed("label.dat.test", "4\tr", "3\tr"), "label.dat.test, line 1: node 3 has labels already"),
    (changed("label.dat", "3\tq\t1\t1", "3\tq\t1\t999999999"), "999999999 is no class"),
    ({"node.dat": None}, "node.dat"),
]


@pytest.mark.parametrize(("changes", "told"), MISTAKES)
def test_mistake_is_told_with_file_and_line(tmp_path, changes, told):
    """The first mistake is an error that names file and line."""
    with pytest.raises(UserError, match=told):
        read_graph(write_hgb(tmp_path, changes))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(HGB)),
    at=st.integers(0, 120),
    cut=st.integers(0, 5),
    text=st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.text("0123456789\t,.-\n", max_size=8)
    ),
)
def test_any_damage_is_a_graph_or_a_user_error(tmp_path_factory, name, at, cut, text):
    """A file changed anywhere never ends in a traceback."""
    folder = write_hgb(tmp_path_factory.mktemp("graph"))
    whole = HGB[name]
    (folder / name).write_text(whole[:at] + text + whole[at + cut :], encoding="utf-8", newline="")
    with contextlib.suppress(UserError):
        read_graph(folder)
