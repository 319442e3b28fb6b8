"""Images, texts and vectors through every job: fit, validate, predict, impute, evaluate, report."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.data.pictures import class_folders, coco, encoded, mini_imagenet, tiered_imagenet, write
from weft.errors import UserError
from weft.files import read_json
from weft.jobs.add_task import add_task
from weft.jobs.evaluate import evaluate
from weft.jobs.explain import ExplainOptions, explain
from weft.jobs.fit import fit
from weft.jobs.options import FitOptions
from weft.jobs.predict import impute, predict
from weft.jobs.report import report
from weft.jobs.subject_validate import validate_subject
from weft.jobs.subjects import Subject, kind_of, subject_of_model, told_kinds

QUICK = FitOptions(epochs=1, members=1, threads=1)


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path_factory.getbasetemp() / "image-cache"))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A model of images in folders of classes, one of which is broken and one of which has a palette."""
    monkey = pytest.MonkeyPatch()
    monkey.setenv("WEFT_CACHE", str(tmp_path_factory.getbasetemp() / "image-cache"))
    root = tmp_path_factory.mktemp("images")
    folder = class_folders(root / "x", each=16)
    write(folder / "dog" / "a.png", b"")
    notes = fit(folder, root / "m", FitOptions(epochs=3, members=1, threads=1)).notes
    monkey.undo()
    return root, folder, notes


@pytest.mark.parametrize("make", [mini_imagenet, tiered_imagenet, coco])
def test_published_folders_start_with_one_command_and_run_an_epoch(make, tmp_path):
    # Protects: mini-ImageNet, tiered-ImageNet and COCO as they are laid out: found, packed, trained, scored, reported.
    done = fit(make(tmp_path / "x"), tmp_path / "m", QUICK)
    scores = done.metrics["test"]["0"]
    assert scores["tasks"]
    assert (tmp_path / "m" / "report.html").is_file()
    assert subject_of_model(tmp_path / "m").form.shape == (3, 32, 32)
    told = [note for note in done.notes if "few-shot" in note]
    assert len(told) == (0 if make is coco else 1)


def test_a_fit_tells_bad_images(fitted):
    # Protects: a broken image is told and its row stays.
    root, _, notes = fitted
    assert any("1 of 49 rows cannot be used" in note and "empty" in note for note in notes)
    assert read_json(root / "m" / "run.json")["data"]["usable_rows"] == 48


def test_predictions_have_a_row_per_image(fitted, tmp_path):
    # Protects: nothing lost, in order; a bad row is blank with its reason; unseen images without classes work.
    root, folder, _ = fitted
    done = predict(root / "m", folder, tmp_path / "p.csv")
    frame = pl.read_csv(tmp_path / "p.csv")
    assert (done.rows, done.bad) == (49, 1)
    assert frame["image"].to_list()[:2] == ["cat/0.png", "cat/1.png"]
    assert frame.filter(pl.col("image") == "dog/a.png").select("class_pred", "status").rows() == [
        (None, "the file is empty")
    ]
    for k in range(3):
        write(tmp_path / "new" / f"{k}.png", encoded(k, 999 + k, side=48))
    predict(root / "m", tmp_path / "new", tmp_path / "q.csv")
    new = pl.read_csv(tmp_path / "q.csv")
    assert new["class_pred"].to_list() == ["cat", "dog", "owl"]


def test_seen_images_are_known_by_their_bytes(fitted, tmp_path):
    # Protects: an image copied elsewhere is still one the model was fitted to; another image is not.
    root, folder, _ = fitted
    for k, name in enumerate(("cat", "dog", "owl")):
        for n in range(4):
            write(tmp_path / "x" / name / f"copy{n}.png", (folder / name / f"{n}.png").read_bytes())
            write(tmp_path / "x" / name / f"new{n}.png", encoded(k, 7000 + 10 * k + n))
    found = evaluate(root / "m", tmp_path / "x")
    assert found.seen > 0
    assert found.assessment.n_rows + found.seen == 24
    assert found.assessment.n_rows >= 12
    assert found.things == "images"


def test_the_report_shows_images(fitted, tmp_path):
    # Protects: the worst images are pictures in the page, which needs no other file.
    root, _, _ = fitted
    done = report(root / "m", None, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert done.ours
    assert "The worst predicted images" in text
    assert 'src="data:image/png;base64,' in text
    assert 'alt="Image ' in text
    assert "molecule" not in text


def test_images_are_validated_without_being_trained_on(fitted):
    # Protects: bad rows, kinds and duplicates are told by file.
    _, folder, _ = fitted
    found = validate_subject(folder, Subject("images"))
    assert (found.rows, found.molecules, found.thing) == (49, 48, "image")
    assert [(bad.smiles, bad.reason) for bad in found.bad_rows] == [("dog/a.png", "the file is empty")]
    assert found.tasks[0].classes == {"cat": 16, "dog": 17, "owl": 16}
    assert found.fit_error is None


@pytest.fixture
def captions(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (120, 2))
    words = [["a sofa", "two chairs"], ["in rain", "in the sun"]]
    texts = [f"{words[0][a]} stands {words[1][b]} {k % 7} {k % 11} {k}" for k, (a, b) in enumerate(truth)]
    table = {
        "caption": [None, *texts[1:]],
        "chairs": truth[:, 0],
        "sunny": truth[:, 1],
        "file": [f"{k}.jpg" for k in range(120)],
    }
    pl.DataFrame(table).write_csv(tmp_path / "c.csv")
    return tmp_path / "c.csv"


def test_texts_are_learnt_and_known_labels_filled_in(captions, tmp_path):
    # Protects: the words encoder through the jobs; names of files are no tasks; a blank text is a bad row.
    options = FitOptions(data="text", encoder="words", epochs=30, members=1, threads=1)
    done = fit(captions, tmp_path / "m", options)
    scores = done.metrics["test"]["0"]["tasks"]
    assert set(scores) == {"chairs", "sunny"}
    assert min(task["roc_auc"] for task in scores.values()) > 0.9
    told = explain(tmp_path / "m", captions, tmp_path / "why", ExplainOptions(rows=(2,), measure_next=True, threads=1))
    assert {"attributions", "measure_next"} <= set(told.found["rows"][0])
    with pytest.raises(UserError, match="only molecules have atoms"):
        explain(tmp_path / "m", captions, tmp_path / "atoms", ExplainOptions(rows=(2,), atoms=True, threads=1))
    frame = pl.read_csv(captions).with_columns(pl.lit(None).alias("sunny"))
    frame.write_csv(tmp_path / "blank.csv")
    filled = impute(tmp_path / "m", tmp_path / "blank.csv", tmp_path / "full.csv")
    assert (filled.rows, filled.bad) == (120, 1)
    assert pl.read_csv(tmp_path / "full.csv")["chairs"].to_list() == frame["chairs"].to_list()


def test_vectors_are_learnt_by_trees_and_by_an_mlp(tmp_path):
    # Protects: models of dense features and networks read columns of a table; other columns are refused at prediction.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 4))
    columns = {f"x{j}": x[:, j] for j in range(4)} | {"up": (x[:, 0] > 0).astype(int), "sum": x.sum(1)}
    pl.DataFrame(columns).write_csv(tmp_path / "t.csv")
    network = FitOptions(data="vectors", encoder="mlp", epochs=12, members=1, threads=1)
    for options in (FitOptions(data="vectors", model="rf", threads=1), network):
        folder = tmp_path / f"m-{options.model}"
        scores = fit(tmp_path / "t.csv", folder, options).metrics["test"]["0"]["tasks"]
        assert scores["up"]["roc_auc"] > 0.8
        pl.DataFrame(columns).drop("x3").write_csv(tmp_path / "less.csv")
        with pytest.raises(UserError, match="x3"):
            predict(folder, tmp_path / "less.csv", tmp_path / "p.csv")


def test_a_new_task_is_learnt_from_texts_without_training(captions, tmp_path):
    # Protects: add-task on data other than molecules: a column the model does not know, from a few rows.
    options = FitOptions(
        data="text", encoder="words", setting="meta", epochs=4, members=1, threads=1, tasks=("chairs",)
    )
    fit(captions, tmp_path / "m", options)
    added = add_task(tmp_path / "m", captions, ["sunny"], threads=1)
    assert (added.tasks, added.n_tasks) == (("sunny",), 2)
    predict(tmp_path / "m", captions, tmp_path / "p.csv")
    assert "sunny_pred" in pl.read_csv(tmp_path / "p.csv").columns


def test_the_published_split_is_kept(tmp_path):
    # Protects: test rows are those the data say; validation is drawn from training rows.
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = (x[:, :2] > 0).astype(np.uint8)
    np.savez(tmp_path / "a.npz", features=x, labels=y, train=np.arange(60) % 3 > 0)
    fit(tmp_path / "a.npz", tmp_path / "m", FitOptions(model="prior"))
    split = pl.read_parquet(tmp_path / "m" / "split.parquet")
    assert set(split.filter(pl.col("part") == "test")["row"]) == set(range(0, 60, 3))
    assert split.filter(pl.col("part") == "val").height == 4


def test_what_the_data_are_is_found(tmp_path):
    # Protects: folders and arrays are told apart; tables are molecules unless said otherwise.
    class_folders(tmp_path / "x", each=1)
    np.savez(tmp_path / "v.npz", features=np.zeros((2, 2)))
    np.savez(tmp_path / "i.npz", images=np.zeros((2, 8, 8), np.uint8))
    np.save(tmp_path / "i.npy", np.zeros((2, 8, 8), np.uint8))
    found = [kind_of(tmp_path / name) for name in ("x", "v.npz", "i.npz", "i.npy", "t.csv", "t.arff")]
    assert found == ["images", "vectors", "images", "images", "molecules", "vectors"]
    assert kind_of(tmp_path / "t.csv", "text") == "text"
    assert told_kinds(["a=binary"]) == (None, ["a=binary"])
    for words in (["pictures"], ["text", "images"]):
        with pytest.raises(UserError, match="data"):
            told_kinds(words)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (FitOptions(model="inline"), "reads graphs"),
        (FitOptions(smiles="x"), "no molecules"),
        (FitOptions(split="scaffold"), "scaffolds"),
        (FitOptions(tasks=("tail",)), "tail"),
        (FitOptions(encoder="dmpnn"), "no graphs"),
    ],
)
def test_options_of_other_data_are_refused(options, told, fitted, tmp_path):
    # Protects: a user error before training, and no model folder.
    with pytest.raises(UserError, match=told):
        fit(fitted[1], tmp_path / "m", options)
    assert not (tmp_path / "m" / "model.json").exists()


def test_a_model_of_images_refuses_molecules(fitted, tmp_path):
    # Protects: a table of SMILES is not taken for names of files in silence.
    (tmp_path / "t.csv").write_text("smiles,class\nCCO,cat\n")
    with pytest.raises(UserError, match="no column"):
        predict(fitted[0] / "m", tmp_path / "t.csv", tmp_path / "p.csv")
