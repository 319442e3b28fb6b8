"""The few-shot suite on made images: every row trains and is asked the same episodes; tables by hand."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.data.pictures import (
    class_folders,
    disjoint_folders,
    mini_cache,
    mini_imagenet,
    mini_phases,
    part_folders,
    tiered_imagenet,
)
from weft.benchmark.attempt import with_changes
from weft.benchmark.fewshot import FEWSHOT
from weft.benchmark.fewshot_data import ClassSet, load_classes, photographs, with_turns
from weft.benchmark.fewshot_results import FewShotResult, Share
from weft.benchmark.fewshot_tables import accuracy_grid, difference_grid, fewshot_sections
from weft.benchmark.results import Results
from weft.benchmark.runner import RunOptions, run_suite
from weft.cli.benchmark_show import ShowOptions, show_suite
from weft.data.images import Images
from weft.errors import UserError


def load(name):
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(70), 20)
    tone = np.kron(rng.integers(0, 255, (70, 4, 4))[label], np.ones((4, 4))) + 60 * rng.normal(size=(1400, 16, 16))
    return ClassSet(name, Images.from_arrays(np.clip(tone, 0, 255).astype(np.uint8)), label, label // 12, drawings=True)


SMALL = {"steps": 1, "judged": 2, "ways": 5}
ROWS = tuple(dataclasses.replace(row, options={**row.options, **SMALL}) for row in FEWSHOT.rows)
NAMES = ("prototype", "metalink/0", "metalink/1", "joint/1", "tuned")
SUITE = dataclasses.replace(FEWSHOT, data=("omniglot-small",), load=load, find=None, episodes=4, rows=ROWS)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    run_suite(SUITE, folder, RunOptions((0,), NAMES, changed={"epochs": 1}))
    return folder


def test_rows_are_comparable(out):
    """Protects the comparison: with no layer the trained head is the prototypical network, answer for answer."""
    options = RunOptions((0,), NAMES, changed={"epochs": 1})
    found = {r.row: r for r in run_suite(SUITE, out, options).results}
    assert set(found) == set(NAMES)
    assert set(found["metalink/0"].right) == {"", "learnt", "centroid", "logistic"}
    assert set(found["metalink/1"].right) == {""}
    assert set(found["joint/1"].right) == {"", "learnt"}
    assert found["metalink/0"].right["learnt"] == found["prototype"].right[""]
    for result in found.values():
        assert {len(right) for cells in result.right.values() for right in cells.values()} == {4}
        assert result.sizes["train"] == 4 * (70 - result.sizes["val"] - result.sizes["test"])
        assert min(result.sizes["val"], result.sizes["test"]) >= 20
        assert result.epochs == {"trained": 1, "best": 0}
    assert found["metalink/0"].weights["ridge"] in (0.1, 0.3, 1.0)


def test_rows_of_one_encoder_share_it_through_the_shelf(out, tmp_path):
    """Protects what is found there: the same answers as trained anew, and its time counts as if it had been."""
    options = {"changed": {"epochs": 1}, "shelf": tmp_path / "shelf"}
    done = run_suite(SUITE, tmp_path / "out", RunOptions((0,), ("metalink/0", "metalink/1"), **options))
    found = {r.row: r for r in done.results}
    alone = {r.row: r for r in Results(out, SUITE.name, SUITE.kind).read()}
    assert len(list((tmp_path / "shelf").glob("*.safetensors"))) == 1
    for row, result in found.items():
        assert result.right == alone[row].right
        assert result.weights == alone[row].weights
    (kept,) = (load_file(path) for path in (tmp_path / "shelf").glob("*.safetensors"))
    assert found["metalink/1"].cpu_s > float(kept["shelf.cpu_s"][0])


def test_it_is_shown_and_written(out, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n<!-- benchmark: metalink-fewshot -->\n<!-- end of benchmark -->\n")
    show_suite(SUITE, out, ShowOptions(markdown=page, pictures=tmp_path), json=False)
    told = capsys.readouterr().out
    assert "joint/1 (learnt)" in told
    assert "difference to prototype" in page.read_text()


def result(row, right, seed=0, readings=None):
    cells = {"2-way 1-shot": right}
    others = {name: {"2-way 1-shot": values} for name, values in (readings or {}).items()}
    return FewShotResult(
        "s", row, "omniglot-small", seed, "graph", {}, ["2-way 1-shot"], {"2-way 1-shot": 10}, {"": cells, **others},
        {"2-way 1-shot": 0.5}, {"train": 3}, {"best": 1}, 1.0, 2.0, 0.5, 100,
    )  # fmt: skip


def test_accuracy_and_paired_difference_by_hand():
    """Protects every number: mean and interval over episodes, differences episode by episode, seeds pooled."""
    found = [
        result("prototype", [4, 6, 8], readings={"centroid": [5, 5, 5]}),
        result("metalink/0", [6, 8, 10]),
        result("metalink/0", [7, 7, 7], seed=1),
    ]
    half = 196 * 0.2 / 3**0.5
    rows = accuracy_grid(FEWSHOT, found).rows
    assert rows[0] == ("prototype", "1", f"60.00 ± {half:.2f}")
    assert rows[2] == ("metalink/0", "2", f"75.00 ± {half / 2:.2f}")
    assert difference_grid(FEWSHOT, found, "prototype").rows == (
        ("prototype (centroid)", f"-10.00 ± {half:.2f}"),
        ("metalink/0", "+20.00 ± 0.00"),
    )
    assert len(fewshot_sections(FEWSHOT, found)) == 3
    assert str(Share.of([0.5, 0.7])) == "60.00 ± 19.60"


def test_turned_images_are_classes_of_their_own():
    """Protects the training classes: other rows are not turned, and a turned class has its own number and pixels."""
    held = load("x")
    rows = np.flatnonzero(held.label < 3)
    data, label, train = with_turns(held, rows)
    assert len(data) == 1400 + 3 * len(rows)
    assert np.array_equal(label[:1400], held.label)
    assert sorted(set(label[train])) == [0, 1, 2, 70, 71, 72, 140, 141, 142, 210, 211, 212]
    pixels = data.images().read(slice(0, len(data)))
    at = int(np.flatnonzero(label == 140)[0])
    assert np.array_equal(pixels[at, 0], np.rot90(pixels[int(np.flatnonzero(label == 0)[0]), 0], 2))


def test_a_missing_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_DATA", str(tmp_path))
    with pytest.raises(UserError, match="not on this machine"):
        load_classes("omniglot-small")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return an empty folder in which data sets are looked for."""
    monkeypatch.setenv("WEFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("mini-imagenet", mini_imagenet),
        ("mini-imagenet", disjoint_folders),
        ("mini-imagenet", mini_cache),
        ("mini-imagenet", mini_phases),
        ("tiered-imagenet", disjoint_folders),
        ("tiered-imagenet", lambda path, each, parts: tiered_imagenet(path, each, False, parts)),
        ("tiered-imagenet", lambda path, each, parts: tiered_imagenet(path, each, True, parts)),
    ],
)
def test_published_folders_start_with_one_command_and_run_an_epoch(name, make, here, tmp_path):
    """Protects the suite on photographs: found by name, classes and parts as published, an epoch of every layout."""
    make(here / name, 20, (6, 5, 5))
    held = load_classes(name)
    assert not held.drawings
    parts = held.split(0)
    assert [len(np.unique(held.label[rows])) for rows in parts] == [6, 5, 5]
    assert [len(rows) for rows in parts] == [120, 100, 100]
    assert all(np.array_equal(a, b) for a, b in zip(parts, held.split(1), strict=True))
    few = {"steps": 1, "judged": 2, "ways": 5, "encoder_options": {"hidden": 8}}
    rows = tuple(dataclasses.replace(r, instead={n: {**o, **few} for n, o in r.instead.items()}) for r in FEWSHOT.rows)
    suite = dataclasses.replace(FEWSHOT, rows=rows, episodes=3)
    found = run_suite(suite, tmp_path / "out", RunOptions((0,), ("metalink/0",), changed={"epochs": 1}))
    (result,) = found.results
    assert result.key == ("metalink/0", name, 0)
    assert result.cells == ["5-way 1-shot", "5-way 5-shot"]  # five test classes allow no more
    assert result.sizes == {"train": 6, "val": 5, "test": 5}
    assert result.epochs["trained"] == 1
    assert set(found.absent) == set(FEWSHOT.data) - {name}
    assert run_suite(suite, tmp_path / "out", RunOptions((0,), ("metalink/0",), changed={"epochs": 1})).trained == 0


def test_options_of_photographs_are_their_own():
    """Protects comparability: drawings keep their budget, photographs have the papers' encoder, epochs change both."""
    row = with_changes(next(row for row in FEWSHOT.rows if row.name == "metalink/1"), {"epochs": 3})
    drawn, photo = (row.on(name).config() for name in ("omniglot-small", "mini-imagenet"))
    assert (drawn.encoder_options["hidden"], photo.encoder_options) == (32, {})
    assert (drawn.layers, photo.layers, drawn.exact_layers, photo.exact_layers) == (0, 0, 1, 1)
    assert (drawn.loop.epochs, photo.loop.epochs) == (3, 3)


def test_images_that_cannot_be_used_are_in_no_part(here):
    """Protects a folder with a broken image: it is left out, and all others keep their places."""
    mini_imagenet(here / "mini-imagenet", 3)
    (here / "mini-imagenet" / "images" / "n0000000000000001.jpg").write_bytes(b"")
    held = load_classes("mini-imagenet")
    assert len(held.data) == 24
    assert [len(rows) for rows in held.split(0)] == [11, 6, 6]


def test_folders_that_cannot_be_used_are_told(here, tmp_path):
    """Protects the first minute: what is absent is told with its address before anything is trained, and so is what
    has no split of classes, classes in two parts, or too few test classes."""
    with pytest.raises(UserError, match="meta-learning-lstm"):
        run_suite(FEWSHOT, tmp_path / "out", RunOptions((0,), data=("mini-imagenet",)))
    with pytest.raises(UserError, match="omniglot"):
        run_suite(FEWSHOT, tmp_path / "out", RunOptions((0,)))
    class_folders(here / "mini-imagenet", each=2)
    part_folders(here / "tiered-imagenet", each=2)
    for name in ("mini-imagenet", "tiered-imagenet"):
        with pytest.raises(UserError, match="no class in common"):
            load_classes(name)
    mini_imagenet(tmp_path / "few" / "mini-imagenet", 3)
    with pytest.raises(UserError, match="2 test classes"):
        run_suite(
            dataclasses.replace(FEWSHOT, load=lambda name: photographs(name, tmp_path / "few" / name), find=None),
            tmp_path / "out",
            RunOptions((0,), ("prototype",), ("mini-imagenet",)),
        )
