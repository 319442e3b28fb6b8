"""Multi-label tables: what is read of each layout, and rows that are asked the same cells."""

import dataclasses
import gzip

import numpy as np
import pytest

from tests.data.pictures import coco
from weft.benchmark.multilabel import MULTILABEL
from weft.benchmark.multilabel_data import MultilabelSet, find_multilabel, load_multilabel
from weft.benchmark.runner import RunOptions, run_suite
from weft.data.splits import random_split
from weft.data.vectors import Vectors
from weft.errors import UserError
from weft.labels import LabelTable
from weft.tasks import TaskSet

NAMES = np.array(["sky", "sea", "never"])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_DATA", str(tmp_path))
    return tmp_path


def arrays(rows=40):
    rng = np.random.default_rng(0)
    labels = (rng.random((rows, 3)) < 0.5).astype(np.uint8)
    labels[:, 2] = 0
    return rng.random((rows, 5)).astype(np.float32), labels


def test_dense_and_compressed_features_are_the_same(folder):
    """Protects the reading of compressed rows; a label that nothing has, or everything, is no task."""
    x, labels = arrays()
    x[x < 0.5] = 0
    np.savez(folder / "scene.npz", features=x, labels=labels, label_names=NAMES)
    row, column = np.nonzero(x)
    start = np.searchsorted(row, np.arange(len(x) + 1))
    (folder / "multilabel").mkdir()
    np.savez(
        folder / "multilabel" / "corel5k.npz",
        features_csr_data=x[row, column],
        features_csr_indices=column.astype(np.int32),
        features_csr_indptr=start.astype(np.int32),
        features_csr_shape=np.array(x.shape),
        labels=labels,
        label_names=NAMES,
    )
    dense, sparse = load_multilabel("scene"), load_multilabel("corel5k")
    for held in (dense, sparse):
        assert np.array_equal(held.data.dense("vectors"), x)
        assert held.labels.tasks.names == ["sky", "sea"]
        assert np.array_equal(held.labels.to_dense()[0], labels[:, :2])
    assert np.array_equal(dense.split(3).test, random_split(dense.data.ok, 3).test)


def test_captions_are_hashed_words(folder):
    """Protects labels from captions' own columns, and rows of length one that share a column for a shared word."""
    text = "image,caption,dog,horse\n1,A dog on the beach.,1,0\n2,Two horses,0,1\n3,dog dog dog,1,0\n"
    (folder / "coco18_captions.csv.gz").write_bytes(gzip.compress(text.encode()))
    held = load_multilabel("coco-captions")
    x = held.data.dense("vectors")
    np.testing.assert_allclose((x**2).sum(1), 1, rtol=1e-5)
    alike = x @ x.T
    assert alike[0, 2] > 0.5
    assert alike[0, 1] == 0
    assert held.labels.to_dense()[0].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_a_missing_file_is_told(folder):
    with pytest.raises(UserError, match="yeast is not on this machine"):
        load_multilabel("yeast")


def load(name):
    x, labels = arrays(150)
    y = labels.astype(float)
    y[:, 2] = np.arange(150) % 2
    return MultilabelSet(name, Vectors(x), LabelTable.from_dense(TaskSet.binary(NAMES), y), "sha")


def test_rows_are_asked_the_same_cells_and_told_by_three_metrics(tmp_path):
    """Protects paired differences and the metrics of a mask; known labels reach the rows that read them."""
    small = dataclasses.replace(MULTILABEL, data=("made",), load=load, find=None)
    rows = ("network/1", "path-off/0", "binary-relevance/lr", "chain/lr", "chains/rf", "powerset-knn")
    found = {r.row: r for r in run_suite(small, tmp_path, RunOptions((0,), rows, changed={"epochs": 2})).results}
    assert set(found) == set(rows)
    for ratio in (0.0, 0.2, 0.5, 0.8):
        assert len({result.cells(ratio) for result in found.values()}) == 1
    mask = found["chain/lr"].masks(0.5)[0]
    assert {"roc_auc", "pr_auc", "f1"} < set(mask)
    assert set(found["chain/lr"].test[0]["tasks"]) == {"roc_auc", "pr_auc", "f1"}


@pytest.mark.parametrize("name", ["coco", "coco-text"])
def test_coco_starts_with_one_command_and_runs_an_epoch(name, folder, tmp_path, monkeypatch):
    """Protects the suite on COCO's own folder: its images or captions, val2017 for test, an encoder of their kind."""
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    coco(folder / "coco", each=40)
    held = load_multilabel(name)
    split = held.split(0)
    assert held.labels.tasks.names == ["cat", "dog", "owl"]
    assert sorted(split.test) == list(range(40, 80))
    assert sorted([*split.train, *split.val]) == list(range(40))
    assert len(split.val) == 4
    rows = ("network/1", "chains/lr-plugged", *(["default/relational"] if name == "coco" else []))
    done = run_suite(MULTILABEL, tmp_path / "out", RunOptions((0,), rows, (name,), changed={"epochs": 1}))
    found = {result.row: result for result in done.results}
    assert set(found) == set(rows)
    assert found["network/1"].options["encoder"] == {"coco": "resnet-small", "coco-text": "words"}[name]
    assert found["network/1"].options["epochs"] == 1
    assert len({result.cells(0.5) for result in found.values()}) == 1
    assert set(run_suite(MULTILABEL, tmp_path / "out", RunOptions((0,), ("powerset-knn",))).absent) == set(
        MULTILABEL.data
    ) - {"coco", "coco-text"}


def test_a_folder_without_instances_is_told(folder):
    coco(folder / "coco", each=4)
    for file in (folder / "coco" / "annotations").glob("instances_*"):
        file.unlink()
    with pytest.raises(UserError, match="instances"):
        load_multilabel("coco")
    with pytest.raises(UserError, match="cocodataset"):
        find_multilabel("coco") if (folder / "coco").rename(folder / "elsewhere") else None
