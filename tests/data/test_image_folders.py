"""Folders of images in every documented layout: rows, classes, parts, pixels, and what is wrong with them."""

from __future__ import annotations

import json
import pickle

import numpy as np
import polars as pl
import pytest

from tests.data.pictures import (
    class_folders,
    coco,
    encoded,
    mini_cache,
    mini_imagenet,
    mini_phases,
    part_folders,
    picture,
    tiered_imagenet,
    write,
)
from weft.data.image_decode import Form
from weft.data.image_folders import layout, list_images
from weft.data.image_table import from_column
from weft.data.tables import read_table
from weft.errors import UserError


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))


def _packed(listing, side=None, workers=1):
    return listing.make(listing.form(side), workers, lambda done, n: None)


def test_class_folders(tmp_path):
    # Protects: a row per image in a fixed order, the class is the folder, small images keep their size.
    listing = list_images(class_folders(tmp_path / "x", each=3))
    frame = listing.table.frame
    assert layout(tmp_path / "x") == "classes"
    assert frame["image"].to_list()[:4] == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/0.png"]
    assert frame["class"].value_counts().sort("class").rows() == [("cat", 3), ("dog", 3), ("owl", 3)]
    assert listing.form(None) == Form(32, 32, 3)
    data, _ = _packed(listing)
    assert np.array_equal(data.pixels.read(np.array([4]))[0], picture(1, 101).transpose(2, 0, 1))


def test_folders_of_parts(tmp_path):
    # Protects: train, val and test become the split column; classes in every part are not disjoint.
    listing = list_images(part_folders(tmp_path / "x", each=2))
    assert sorted(set(listing.table.frame.select("split", "class").rows())) == sorted(
        (part, name) for part in ("train", "val", "test") for name in ("cat", "dog", "owl")
    )
    assert not listing.disjoint


def test_images_without_classes(tmp_path):
    # Protects: a plain folder of images is data to predict, without labels.
    for n in range(3):
        write(tmp_path / "x" / f"{n}.png", encoded(0, n))
    assert list_images(tmp_path / "x").table.frame.columns == ["image"]


@pytest.mark.parametrize("where", ["images", "label", "beside"])
def test_mini_imagenet_of_csv_files(where, tmp_path):
    # Protects: train.csv, val.csv and test.csv of filename and label, images in `images`, by class, or beside.
    folder = mini_imagenet(tmp_path / "x", each=2)
    for file in list((folder / "images").iterdir()) if where != "images" else ():
        target = folder / file.name[:9] / file.name if where == "label" else folder / file.name
        target.parent.mkdir(exist_ok=True)
        file.rename(target)
    listing = list_images(folder)
    assert listing.disjoint
    assert listing.table.frame["split"].to_list() == ["train"] * 8 + ["val"] * 4 + ["test"] * 4
    assert _packed(listing)[0].ok.all()


@pytest.mark.parametrize(
    "make", [tiered_imagenet, mini_cache, mini_phases, lambda path, each: tiered_imagenet(path, each, True)]
)
def test_files_of_arrays(make, tmp_path):
    # Protects: the array layouts of tiered- and mini-ImageNet hold the same images, classes and parts.
    listing = list_images(make(tmp_path / "x", 2))
    frame = listing.table.frame
    assert layout(tmp_path / "x") == "arrays"
    assert frame["split"].to_list() == ["train"] * 8 + ["val"] * 4 + ["test"] * 4
    assert frame["class"].n_unique() == 8
    assert listing.disjoint
    data, _ = _packed(listing)
    for row, (kind, seed) in {0: (0, 0), 7: (3, 307), 15: (7, 703)}.items():
        assert np.array_equal(data.pixels.read(np.array([row]))[0], picture(kind, seed).transpose(2, 0, 1))


def test_an_array_file_alone(tmp_path):
    # Protects: images and labels in one .npz; names of further columns; arrays are not resized in silence.
    x, y = np.stack([picture(k % 2, k)[..., 0] for k in range(6)]), np.arange(6) % 2
    np.savez(tmp_path / "x.npz", images28=x, label=y, zoo=y, zoo_names=np.array(["north", "south"]))
    from weft.data.image_arrays import list_arrays

    listing = list_arrays(tmp_path / "x.npz")
    assert listing.table.frame.columns == ["image", "class", "zoo"]
    assert listing.table.frame["zoo"].to_list() == ["north", "south"] * 3
    assert listing.form(None) == Form(32, 32, 1)
    with pytest.raises(UserError, match="32 x 32"):
        listing.form(84)


def test_coco(tmp_path):
    # Protects: a column of 0 and 1 per category whatever the number of objects, captions joined, two parts.
    listing = list_images(coco(tmp_path / "x"))
    frame = listing.table.frame
    assert frame.columns == ["image", "caption", "cat", "dog", "owl", "split"]
    assert frame["cat"].to_list()[:4] == [0, 1, 0, 1]
    assert frame["owl"].to_list()[:16].count(1) == 8
    assert frame["caption"][3] == "There is a cat and a dog. a cat and a dog"
    assert frame["split"].to_list() == ["train"] * 16 + ["val"] * 16
    assert frame["image"][16] == "val2017/000000001000.jpg"
    assert _packed(listing)[0].ok.all()


def test_coco_images_without_objects_listed_are_unknown(tmp_path):
    # Protects: a set with captions only has no labels, not zeros.
    folder = coco(tmp_path / "x")
    (folder / "annotations" / "instances_val2017.json").unlink()
    frame = list_images(folder).table.frame
    assert frame["cat"].to_list()[16:] == [None] * 16


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda whole: whole["annotations"].append({"image_id": 77_777, "category_id": 1}), "image 77777"),
        (lambda whole: whole["annotations"].append({"image_id": 0, "category_id": 99}), "99"),
        (lambda whole: whole.pop("images"), "images"),
        (lambda whole: whole.update(images={}), "no list"),
    ],
)
def test_annotations_that_point_nowhere_are_told(change, told, tmp_path):
    # Protects: the file is named, and nothing is guessed.
    path = coco(tmp_path / "x") / "annotations" / "instances_train2017.json"
    whole = json.loads(path.read_text())
    change(whole)
    path.write_text(json.dumps(whole))
    with pytest.raises(UserError, match=told) as error:
        list_images(tmp_path / "x")
    assert "instances_train2017" in str(error.value)


def test_bad_images_are_rows_with_a_reason(tmp_path):
    # Protects: zero bytes, a cut file, a text and a missing file are told by row, others keep their places.
    folder = class_folders(tmp_path / "x", each=4, classes=("cat",))
    write(folder / "cat" / "1.png", b"")
    write(folder / "cat" / "2.png", encoded(0, 2)[:150])
    write(folder / "cat" / "3.png", b"text")
    listing = list_images(folder)
    (folder / "cat" / "0.png").unlink()
    data, _ = _packed(listing, side=32)
    assert not data.ok.any()
    assert [word.split(" (")[0] for word in data.status] == [
        "the file cannot be read", "the file is empty", "the image is damaged or cut short",
        "this is no image that can be read",
    ]  # fmt: skip


def test_threads_and_the_cache_give_the_same(tmp_path):
    # Protects: order does not depend on threads; a second reading comes from the cache, a changed file does not.
    folder = class_folders(tmp_path / "x", each=40)
    listing = list_images(folder)
    alone, together = _packed(listing, workers=1)[0], _packed(listing, workers=3)[0]
    assert np.array_equal(alone.pixels.values, together.pixels.values)
    write(folder / "cat" / "0.png", encoded(2, 5, 33))
    changed = _packed(list_images(folder), side=32)[0]
    assert not np.array_equal(alone.pixels.values[0], changed.pixels.values[0])
    assert alone.keys[0] != changed.keys[0]
    assert alone.keys[1:] == changed.keys[1:]


def test_a_table_with_a_column_of_files(tmp_path):
    # Protects: files are named from the table's folder on; a blank is a bad row.
    class_folders(tmp_path / "x", each=2)
    pl.DataFrame({"file": ["cat/0.png", None, "owl/1.png"], "tame": [1, 0, 0]}).write_csv(tmp_path / "x" / "t.csv")
    listing = from_column(read_table(tmp_path / "x" / "t.csv"), "file")
    assert _packed(listing)[0].ok.tolist() == [True, False, True]


def test_other_folders_and_files_are_told(tmp_path):
    # Protects: what is no folder of images names the layouts; a pickle with code names it; wrong columns are named.
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="folder of images per class"):
        list_images(tmp_path / "none")
    bad = tmp_path / "code"
    bad.mkdir()
    (bad / "mini-imagenet-cache-train.pkl").write_bytes(pickle.dumps({"image_data": print}))
    with pytest.raises(UserError, match=r"builtins\.print"):
        list_images(bad)
    named = tmp_path / "csv"
    named.mkdir()
    (named / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="filename and label"):
        list_images(named)
    short = tiered_imagenet(tmp_path / "short", 2)
    (short / "train_labels.pkl").write_bytes(pickle.dumps({"label_specific": [0]}))
    with pytest.raises(UserError, match="1 labels for 8 images"):
        list_images(short)
