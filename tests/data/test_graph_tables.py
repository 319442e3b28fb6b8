"""Tables with a graph.toml: what is read, and that every mistake is told with its place and mend."""

import contextlib
import gzip

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, save_npz

from tests.data.graphs import FILES, assert_same, changed, graphs, write_files
from weft.data.graph_files import read_graph
from weft.data.graph_tables import read_graph_tables
from weft.data.graph_tables_write import write_graph_tables
from weft.data.hetero import HeteroGraph, NodeTable, Relation
from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import Kind, Task, TaskSet

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_everything_is_read_where_it_belongs(tmp_path):
    """Keys, features with holes, words, edges once each, labels of each kind, and parts."""
    graph = read_graph(write_files(tmp_path))
    customer, account = graph.nodes["customer"], graph.nodes["account"]
    assert (graph.name, customer.keys, account.keys) == ("shop", ("ann", "bob", "eve", "dan"), ("A", "B", "C"))
    np.testing.assert_array_equal(customer.dense, np.float32([[30, 1.5], [np.nan, 2], [50, -1], [20, 0]]))
    assert customer.sparse.toarray().tolist() == [[1, 0], [0, 1], [0, 0], [0, 1]]  # new, old
    assert (account.dense, account.sparse) == (None, None)
    assert graph.edges[Relation("customer", "owns", "account")].tolist() == [[0, 0, 1], [0, 1, 1]]
    assert graph.tasks == TaskSet(
        (
            Task("churn", Kind.BINARY, (), "customer"),
            Task("plan", Kind.MULTICLASS, ("big", "small"), "customer"),
            Task("likes: tea", Kind.BINARY, (), "customer", "likes"),
            Task("likes: coffee", Kind.BINARY, (), "customer", "likes"),
            Task("value", Kind.REGRESSION, (), "account"),
        )
    )
    value, known = graph.labels.to_dense()
    assert known.astype(int).tolist() == [
        [1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
    ]
    assert value[0].tolist() == [1, 0, 1, 0, 0]
    assert value[[4, 6], 4].tolist() == [1.5, -2]
    assert [rows.tolist() for rows in graph.split.parts().values()] == [[0], [1], [2]]


def test_parquet_and_gzip_are_tables_too(tmp_path):
    """Numbers as Parquet has them are keys and features; a compressed table is read as it stands."""
    toml = FILES["graph.toml"].replace("accounts.tsv", "a.parquet").replace("owns.csv", "o.csv.gz")
    write_files(tmp_path, {"graph.toml": toml})
    pl.DataFrame({"iban": [7, 8, 9], "value": [1.5, None, -2.0]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "o.csv.gz").write_bytes(gzip.compress(b"who,what\nann,9\n"))
    graph = read_graph(tmp_path)
    assert graph.nodes["account"].keys == ("7", "8", "9")
    assert graph.edges[Relation("customer", "owns", "account")].tolist() == [[0], [2]]


def test_listed_categories_keep_their_columns(tmp_path):
    """With the words listed, a table that lacks one has the same features: a model can be used on it."""
    toml = FILES["graph.toml"].replace('categorical = ["segment"]', 'categorical = {segment = ["old", "lost", "new"]}')
    graph = read_graph(write_files(tmp_path, {"graph.toml": toml}))
    assert graph.nodes["customer"].sparse.toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_sparse_matrix_stands_beside_the_words(tmp_path):
    """`sparse` names a matrix of scipy; categories come first."""
    toml = FILES["graph.toml"].replace('split = "part"', 'split = "part"\nsparse = "w.npz"')
    write_files(tmp_path, {"graph.toml": toml})
    save_npz(tmp_path / "w.npz", csr_array(np.eye(4, 3)))
    found = read_graph(tmp_path).nodes["customer"].sparse
    assert found.dtype == np.float32
    assert found.toarray()[1].tolist() == [0, 1, 0, 1, 0]
    save_npz(tmp_path / "w.npz", csr_array(np.eye(3)))
    with pytest.raises(UserError, match=r"w\.npz.*3.* for 4 nodes"):
        read_graph(tmp_path)


def test_empty_relation_and_type_without_nodes_are_allowed(tmp_path):
    """A header alone is an empty table, not a mistake."""
    toml = FILES["graph.toml"].split("[tasks.value]")[0]
    changes = {"graph.toml": toml, "accounts.tsv": "iban\n", "owns.csv": "who,what\n"}
    graph = read_graph(write_files(tmp_path, changes))
    assert graph.nodes["account"].n == 0
    assert graph.edges[Relation("customer", "owns", "account")].shape == (2, 0)


MISTAKES = [
    # a relation that names no type
    (
        changed("graph.toml", ('target = "account"', 'target = "acount"')),
        "edges.owns: .*'acount'.*Did you mean account",
    ),
    # ids out of range: keys of nobody, and none
    (changed("owns.csv", ("ann,B", "anna,B")), r"owns.csv, column who, row 3: there is no customer 'anna'"),
    (changed("owns.csv", ("ann,B", "ann,")), r"owns.csv, column what, row 3: the cell is empty"),
    # duplicate ids
    (changed("customers.csv", ("eve,", "ann,")), r"customers.csv, column id, row 3: the key 'ann' stands twice"),
    (changed("customers.csv", ("eve,", ",")), r"column id, row 3: a node has no key"),
    # features that are no numbers
    (changed("customers.csv", (",50,", ",fifty,")), r"column age, row 3: 'fifty' is no number.*categorical"),
    (changed("customers.csv", (",50,", ",inf,")), r"column age, row 3: inf is infinite"),
    (changed("customers.csv", (",50,", ",1e40,")), r"column age, row 3: 1e40 is infinite or too large"),
    # a task on a type without nodes, or on no type
    ({"accounts.tsv": "iban\tvalue\n", "owns.csv": "who,what\n"}, "tasks.value: .*of which there are no nodes"),
    (changed("graph.toml", ('node = "account"', 'node = "acc"')), "tasks.value: it is on no type of node: 'acc'"),
    # labels and parts
    (changed("customers.csv", ("train,yes", "train,maybe")), r"column churn, row 1: 'maybe' is no label of 'churn'"),
    (changed("customers.csv", ("new,train", "new,first")), r"column part, row 1: 'first' stands where train"),
    (changed("graph.toml", ('column = "tariff"', 'column = "tarif"')), "no column 'tarif'.*Did you mean tariff"),
    (changed("customers.csv", ("small", "big")), "column tariff: a multiclass column has 1 classes"),
    # the description itself
    (changed("graph.toml", ("source_key", "sorce_key")), "edges.owns: there is no key 'sorce_key'.*source_key"),
    (changed("graph.toml", ('file = "owns.csv"\n', "")), "edges.owns: file is missing"),
    (changed("graph.toml", ('features = ["age", "spent"]', 'features = "age"')), "features must be a list of texts"),
    (changed("graph.toml", ("[edges.owns]", "[edgs.owns]")), "graph.toml: there is no key 'edgs'.*edges"),
    (changed("graph.toml", ("regression", "regresion")), "tasks.value: there is no kind 'regresion'.*regression"),
    (changed("graph.toml", ('"owns.csv"', '"../owns.csv"')), "outside the folder"),
    (changed("graph.toml", ('name = "shop"', "name = shop")), "not valid TOML"),
    ({"graph.toml": 'name = "empty"\n'}, "there are no nodes"),
    ({"owns.csv": None}, "owns.csv: there is no such file"),
    (changed("graph.toml", ('columns = ["tea", "coffee"]', "")), "tasks.likes: a multilabel task needs columns"),
]


@pytest.mark.parametrize(("changes", "told"), MISTAKES)
def test_mistake_is_told_with_place_and_mend(tmp_path, changes, told):
    """The first mistake is an error that a person can act on."""
    with pytest.raises(UserError, match=told) as caught:
        read_graph(write_files(tmp_path, changes))
    assert caught.value.mend


@SOME
@given(graph=graphs(), extension=st.sampled_from([".csv", ".tsv.gz", ".parquet"]))
def test_any_graph_comes_back_from_tables(tmp_path_factory, graph, extension):
    """Write, then read: types, features, edges, tasks, labels and parts are the same."""
    folder = tmp_path_factory.mktemp("graph")
    write_graph_tables(graph, folder, extension)
    assert_same(graph, read_graph_tables(folder))


@SOME
@given(
    name=st.sampled_from(list(FILES)),
    at=st.integers(0, 400),
    cut=st.integers(0, 6),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
@example(name="graph.toml", at=0, cut=400, text="nodes = 1")
@example(name="graph.toml", at=0, cut=400, text="[nodes]\na = 2")
@example(name="graph.toml", at=0, cut=400, text='nodes = [{file = "a"}]')
def test_any_damage_is_a_graph_or_a_user_error(tmp_path_factory, name, at, cut, text):
    """A file changed anywhere never ends in a traceback."""
    folder = write_files(tmp_path_factory.mktemp("graph"))
    whole = FILES[name]
    (folder / name).write_text(whole[:at] + text + whole[at + cut :], encoding="utf-8", newline="")
    with contextlib.suppress(UserError):
        read_graph(folder)


def test_class_that_no_cell_can_tell_is_refused(tmp_path):
    """A class called `NA` would be read as unknown: better not written."""
    tasks = TaskSet((Task("t", Kind.MULTICLASS, ("a", "NA"), "n"),))
    graph = HeteroGraph({"n": NodeTable(2)}, {}, LabelTable.from_dense(tasks, [[0], [1]]))
    with pytest.raises(UserError, match="task t: a cell cannot tell the class 'NA'"):
        write_graph_tables(graph, tmp_path)
