"""The page of a model of images, and of texts: ask, see the picture, say what is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.data.pictures import encoded, picture
from tests.serve.live import served
from tests.serve.models import zipped
from weft.data.image_decode import Form
from weft.data.images import Images
from weft.data.splits import Split
from weft.data.texts import Texts
from weft.jobs.subjects import Subject
from weft.labels import LabelTable
from weft.metalink.model import MetaLinkPredictor
from weft.tasks import TaskSet
from weft.training.run import Run

N = 24
Y = np.stack([np.arange(N) % 2, np.arange(N) // 2 % 2], 1).astype(float)


def _saved(folder, encoder, data, subject):
    rows = np.arange(N)
    model = MetaLinkPredictor(encoder=encoder, epochs=1, members=1, changes={"batch": 8, "dim": 16})
    labels = LabelTable.from_dense(TaskSet.binary(["striped", "light"]), Y)
    model.fit(data, labels, Split(rows[:16], rows[16:], rows[:0], "random"), Run(threads=1))
    model.save(folder)
    (folder / "run.json").write_text(json.dumps({"data": {"subject": subject.card()}, "seed": 0}))
    return folder


@pytest.fixture(scope="module")
def images(browser, tmp_path_factory):
    pixels = np.stack([picture(int(a + b), k) for k, (a, b) in enumerate(Y)])
    data, subject = Images.from_arrays(pixels), Subject("images", column="image", form=Form(32, 32, 3))
    with served(_saved(tmp_path_factory.mktemp("images") / "photos", "conv4", data, subject)) as address:
        yield address


@pytest.fixture(scope="module")
def texts(browser, tmp_path_factory):
    data = Texts([f"{'stripes' if a else 'dots'} and {'light' if b else 'shade'} {k}" for k, (a, b) in enumerate(Y)])
    folder = tmp_path_factory.mktemp("texts") / "captions"
    with served(_saved(folder, "words", data, Subject("text", column="caption"))) as address:
        yield address


def test_an_image_is_shown_with_its_tasks(images, visit, tmp_path):
    # Protects: a file chosen is predicted at once, shown as it is, and its known labels move the other task.
    (tmp_path / "owl.png").write_bytes(encoded(2, 5, 64))
    page = visit(images)
    expect(page.locator("#subtitle")).to_contain_text("images")
    page.get_by_label("An image file").set_input_files(tmp_path / "owl.png")
    expect(page.locator(".row")).to_have_count(2)
    shown = page.get_by_role("img", name="The image owl.png")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 64
    page.locator(".row").first.click()
    page.keyboard.press("y")
    expect(page.locator(".chips")).to_contain_text("striped")
    expect(page.get_by_role("navigation", name="Views").get_by_role("link")).to_have_count(3)


@pytest.mark.refused
def test_what_is_no_image_is_told(images, visit, tmp_path):
    # Protects: a problem beside the form, and the next image works.
    (tmp_path / "note.png").write_text("text")
    page = visit(images)
    page.get_by_label("An image file").set_input_files(tmp_path / "note.png")
    expect(page.get_by_role("alert")).to_contain_text("no image that can be read")


def test_a_text_is_asked_about(texts, visit):
    # Protects: the same view with a field of text.
    page = visit(texts)
    page.get_by_label("A text").fill("dots in the light")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(".known-labels")).to_contain_text("text alone")


def test_many_come_in_a_zip_file_or_a_table(images, texts, visit, tmp_path):
    # Protects: the table's view says what it takes, offers only that, and gives back a row per datum.
    (tmp_path / "photos.zip").write_bytes(zipped({"b.png": encoded(2, 5), "a.png": b"none"}))
    (tmp_path / "mine.csv").write_text("caption\ndots in the light\nstripes\n")
    for address, name, words, told in (
        (images, "photos.zip", "A ZIP file of images", "1 row of 2 predicted."),
        (texts, "mine.csv", "A table with a column of texts", "2 rows of 2 predicted."),
    ):
        page = visit(f"{address}/#/table")
        expect(page.locator(".what")).to_contain_text(words)
        field = page.get_by_label("Choose a file, or drop it here")
        assert Path(name).suffix in field.get_attribute("accept")
        field.set_input_files(tmp_path / name)
        page.get_by_role("button", name="Fill the table").click()
        expect(page.locator(".outcome")).to_contain_text(told)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the filled table").click()
        assert download.value.suggested_filename == f"{Path(name).stem}-filled.csv"
        assert len(download.value.path().read_text().splitlines()) == 3
