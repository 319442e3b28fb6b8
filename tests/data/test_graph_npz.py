"""The npz layout: what is read from a small folder and from the real ones, and every mistake told."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.graphs import META, arrays, write_arrays
from weft.data.graph_files import read_graph
from weft.data.hetero import Relation
from weft.errors import UserError
from weft.tasks import Kind

REAL = Path(__file__).parents[3] / "shared" / "data" / "hetero"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real graphs are not on this machine")


def test_everything_is_read_where_it_belongs(tmp_path):
    """Blocks side by side, sparse kept sparse, edges once, labels of each kind, masks of one task for another."""
    graph = read_graph(write_arrays(tmp_path, arrays()))
    author, paper = graph.nodes["author"], graph.nodes["paper"]
    np.testing.assert_array_equal(author.dense, np.float32([[1, np.nan, 5], [0, 2, 6]]))
    assert (author.sparse, paper.dense) == (None, None)
    assert paper.sparse.toarray().tolist() == [[0, 3, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert graph.edges[Relation("author", "writes", "paper")].tolist() == [[0, 1, 1], [0, 0, 2]]
    assert graph.edges[Relation("paper", "cites", "paper")].tolist() == [[1, 2], [1, 0]]
    assert graph.tasks.names == ["area", "topics: nets", "topics: trees", "year"]
    assert graph.tasks.families == {"area": [0], "topics": [1, 2], "year": [3]}
    assert graph.tasks[0].classes == ("AI", "DB")
    value, known = graph.labels.to_dense()
    assert known.sum(0).tolist() == [1, 3, 3, 2]
    assert value[2:, 1:].tolist() == [[1, 0, 1.5], [0, 1, 0], [1, 1, 3]]
    assert [rows.tolist() for rows in graph.split.parts().values()] == [[0, 2], [3], [1, 4]]


def test_named_split_replaces_the_usual_one_where_it_speaks(tmp_path):
    """`other` tells of papers only: authors keep their parts; an unknown name is told."""
    write_arrays(tmp_path, arrays())
    graph = read_graph(tmp_path, "other")
    assert [rows.tolist() for rows in graph.split.parts().values()] == [[0, 3], [2], [1, 4]]
    assert graph.split.method == "published:other"
    with pytest.raises(UserError, match=r"no split 'othr'.*Did you mean other"):
        read_graph(tmp_path, "othr")


def test_split_without_validation_gives_up_a_fifth(tmp_path):
    """Train and test only, as many sets come: training nodes are held out, the same each time, test nodes never."""
    n = 50
    files = {
        "edges": {"a__to__a": np.zeros((2, 0), np.int64)},
        "labels": {"a__t": np.arange(n) % 2},
        "splits": {"a__ALL__train": np.arange(n) < 40, "a__ALL__test": np.arange(n) >= 40},
    }
    split = read_graph(write_arrays(tmp_path, files, {"num_nodes": {"a": n}})).split
    assert (len(split.train), len(split.val)) == (32, 8)
    assert split.test.tolist() == list(range(40, 50))
    assert split.val.tolist() == read_graph(tmp_path).split.val.tolist()


def test_without_meta_and_masks_the_arrays_tell(tmp_path):
    """Kinds by the arrays' form, sizes by features and labels; no masks, no split."""
    files = arrays() | {"splits": {}}
    write_arrays(tmp_path, files)
    (tmp_path / "meta.json").unlink()
    graph = read_graph(tmp_path)
    assert {kind: table.n for kind, table in graph.nodes.items()} == {"author": 2, "paper": 3}
    assert [task.kind for task in graph.tasks] == [Kind.MULTICLASS, Kind.BINARY, Kind.BINARY, Kind.REGRESSION]
    assert graph.split is None


def test_one_task_name_on_two_types_is_told_apart(tmp_path):
    """`year` of authors and of papers are two tasks."""
    files = arrays()
    files["labels"]["author__year"] = np.float32([1, 2])
    assert read_graph(write_arrays(tmp_path, files)).tasks.names[-2:] == ["paper/year", "author/year"]


def test_block_belongs_to_the_longest_type_that_fits(tmp_path):
    """`author_extra_more` is a block of `author_extra` where that is a type, not of `author`."""
    meta = {"num_nodes": {"author": 2, "author_extra": 3}}
    files = {"edges": {}, "features": {"author_extra_more__dense": np.ones((3, 1)), "author_x__dense": np.ones((2, 4))}}
    graph = read_graph(write_arrays(tmp_path, files, meta))
    assert [table.dense.shape for table in graph.nodes.values()] == [(2, 4), (3, 1)]


MISTAKES = [
    ("edges", "author__writes__papr", np.zeros((2, 1), int), "names no type of node: 'papr'.*Did you mean paper"),
    ("edges", "author_writes", np.zeros((2, 1), int), "'author_writes' names no relation"),
    ("edges", "author__has__paper", np.array([[0, 1], [0, 3]]), "author__has__paper, row 2: target 3 is no paper"),
    ("edges", "author__has__paper", np.array([[-1], [0]]), "row 1: source -1 is no author"),
    ("edges", "author__has__paper", np.zeros((2, 1)), r"author__has__paper: edges are float64 \[2, 1\]"),
    ("features", "paper__dense", np.array([[1], [np.inf], [0]]), "features.npz, paper, node 1, feature 0: .*infinite"),
    ("features", "paper__dense", np.zeros((2, 2)), r"features are float64 \[2, 2\] for 3 nodes"),
    ("features", "paper__csr_indices", np.array([9, 0]), "paper: no CSR matrix"),
    ("features", "term__dense", np.zeros((2, 2)), "'term' is no type of node"),
    ("features", "paper__bag", np.zeros((2, 2)), "what the array 'paper__bag' is"),
    ("labels", "papr__x", np.zeros(3, int), "labels.npz, papr__x: 'papr' is no type"),
    ("labels", "author__area", np.array([2, 0]), "author__area: node 0 has the label 2 of 'area'.*0..1, or -1"),
    ("labels", "author__area", np.array([0.5, 0]), "node 0 has the label 0.5"),
    ("labels", "paper__year", np.array([0.5, 0, np.inf]), "node 2 has the label inf"),
    ("labels", "paper__topics", np.zeros((3, 3), int), r"multi-label labels are \[3, 3\] for 2 class names"),
    ("labels", "paper__year", np.zeros(2), r"labels are float64 \[2\] for 3 nodes of paper"),
    ("splits", "paper__topics__val", np.array([True, True, False]), "paper 0 is in train for topics and in val for"),
    (
        "splits",
        "paper__year__test",
        np.array([True, False, False]),
        "paper 0 is in train for topics and in test for year",
    ),
    ("splits", "paper__topics__val", np.array([0, 1]), r"the mask is int64 \[2\] for 3 nodes of paper"),
]


@pytest.mark.parametrize(("file", "key", "array", "told"), MISTAKES)
def test_mistake_is_told_with_file_and_array(tmp_path, file, key, array, told):
    """The first mistake is an error that names file and array."""
    files = arrays()
    files[file][key] = array
    with pytest.raises(UserError, match=told) as caught:
        read_graph(write_arrays(tmp_path, files))
    assert tmp_path.name in str(caught.value)


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        (META | {"num_nodes": {"author": 2, "paper": 3, "ghost": 0}}, "on 'ghost', of which there are no nodes"),
        (META | {"num_nodes": {"author": "2"}}, "num_nodes must hold whole numbers"),
        (META | {"tasks": {"author__area": {"kind": "bin"}}}, "task author__area: there is no kind of task 'bin'"),
    ],
)
def test_mistake_in_meta_is_told(tmp_path, meta, told):
    """A task on a type without nodes, a size that is no number, a kind that is none."""
    files = arrays()
    files["labels"]["ghost__x"] = np.zeros(0, np.int64)
    if "ghost" not in meta["num_nodes"]:
        files = files | {"labels": {"author__area": np.zeros(2, int)}}
    with pytest.raises(UserError, match=told):
        read_graph(write_arrays(tmp_path, files, meta))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(arrays())), at=st.integers(0, 3000), data=st.binary(max_size=20), cut=st.integers(0, 50)
)
def test_any_damage_is_a_graph_or_a_user_error(tmp_path_factory, name, at, data, cut):
    """A file changed or cut anywhere never ends in a traceback."""
    folder = write_arrays(tmp_path_factory.mktemp("graph"), arrays())
    whole = (folder / f"{name}.npz").read_bytes()
    (folder / f"{name}.npz").write_bytes(whole[:at] + data + whole[at + cut :])
    with contextlib.suppress(UserError):
        read_graph(folder)


def test_object_arrays_are_refused(tmp_path):
    """Nothing in a file is ever run: pickles are no arrays."""
    write_arrays(tmp_path, arrays())
    buffer = io.BytesIO()
    np.savez(buffer, author__dense=np.array([{}, None], object))
    (tmp_path / "features.npz").write_bytes(buffer.getvalue())
    with pytest.raises(UserError, match="no object arrays"):
        read_graph(tmp_path)


@real
@pytest.mark.parametrize(
    ("name", "nodes", "edges", "labels", "parts"),
    [
        ("dblp", 26108, 105455, [4057, 14328], (974 + 8596, 243 + 2866, 2840 + 2866)),
        ("imdb", 21657, 43020, [4919] * 21 + [4278, 4914, 4905, 4919, 4056, 4813, 4904], (2951, 984, 984)),
        ("aminer_hetgnn", 49690, 90665, [11360, 21044, 21044], (6816 + 12626, 2272 + 4209, 2272 + 4209)),
    ],
)
def test_real_graphs_have_their_counts(name, nodes, edges, labels, parts):
    """Every node, edge, label and part of the published sets is there."""
    graph = read_graph(REAL / name)
    assert (len(graph), sum(edge.shape[1] for edge in graph.edges.values())) == (nodes, edges)
    assert graph.labels.counts().tolist() == labels
    assert tuple(map(len, graph.split.parts().values())) == parts


@real
def test_further_split_of_dblp():
    """HeCo's 20 authors per class are for training, the papers' parts as usual."""
    graph = read_graph(REAL / "dblp", "heco20")
    assert len(graph.labels.on_rows(graph.split.train).take_tasks(["area"])) == 80
    assert tuple(map(len, graph.split.parts().values())) == (80 + 8596, 1000 + 2866, 1000 + 2866)
