"""Servers of models of images, texts and vectors."""

from __future__ import annotations

import base64
import json

import numpy as np
import polars as pl
import pytest

from tests.data.pictures import encoded, picture
from tests.serve.client import Client, values
from tests.serve.models import split, zipped
from weft.data.image_decode import Form
from weft.data.images import Images
from weft.data.texts import Texts
from weft.data.vector_table import vectors
from weft.jobs.subjects import Subject
from weft.labels import LabelTable
from weft.metalink.model import MetaLinkPredictor
from weft.tasks import TaskSet
from weft.training.calibrator import calibrate
from weft.training.run import Run

N = 36
Y = np.stack([np.arange(N) % 2, np.arange(N) // 2 % 2], 1).astype(float)
TEXTS = [f"{'a cat' if a else 'a dog'} in {'the rain' if b else 'the sun'} {k % 5}" for k, (a, b) in enumerate(Y)]
X = Y @ np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]) + np.random.default_rng(0).normal(size=(N, 3)) / 5
MADE = {
    "images": (
        "conv4",
        Subject("images", column="image", form=Form(32, 32, 3)),
        lambda: Images.from_arrays(np.stack([picture(int(a + b), k) for k, (a, b) in enumerate(Y)])),
    ),
    "text": ("words", Subject("text", column="caption"), lambda: Texts(TEXTS)),
    "vectors": ("mlp", Subject("vectors", features=("u", "v", "w")), lambda: vectors(X)),
}
ASKED = {
    "images": [base64.b64encode(encoded(1, 5)).decode(), base64.b64encode(encoded(2, 900, 40, "JPEG")).decode()],
    "text": ["A CAT in the sun", "a dog"],
    "vectors": [[1.0, 0.0, 2.0], [0.1, 0.9, -1.0]],
}
FIELD = {"images": "image", "text": "text", "vectors": "vector"}


@pytest.fixture(scope="module", params=list(MADE))
def served(request, tmp_path_factory):
    kind = request.param
    encoder, subject, make = MADE[kind]
    data, labels = make(), LabelTable.from_dense(TaskSet.binary(["first", "second"]), Y)
    model = MetaLinkPredictor(encoder=encoder, epochs=2, members=1, changes={"batch": 8, "dim": 16})
    model.fit(data, labels, split(N), Run(threads=1))
    model.calibrator = calibrate(model, data, labels, split(N).val)
    folder = tmp_path_factory.mktemp(kind) / "model"
    model.save(folder)
    (folder / "run.json").write_text(json.dumps({"data": {"subject": subject.card()}, "seed": 0}))
    client = Client.of(folder)
    yield kind, client, model
    client.close()


def _item(kind, at, **more):
    return {FIELD[kind]: ASKED[kind][at], **more}


def test_answers_are_those_of_the_predictor(served):
    # Protects: what a client sends becomes the same data that a file would, one by one and together.
    kind, client, model = served
    both = client.ask("predict", items=[_item(kind, 0), _item(kind, 1)])["items"]
    alone = client.ask("predict", items=[_item(kind, 1)])["items"]
    assert values(both[1]["tasks"]) == pytest.approx(values(alone[0]["tasks"]), abs=1e-6)
    if kind == "images":
        return  # decoding is tested with the decoder
    make = Texts if kind == "text" else lambda x: vectors(np.array(x))
    direct = model.predict(make(ASKED[kind])).mean
    assert np.allclose([list(values(item["tasks"]).values()) for item in both], direct, atol=1e-5)


def test_known_labels_and_what_ifs_work_alike(served):
    # Protects: the label side of the API is the same as for molecules.
    kind, client, _ = served
    told = client.ask("what-if", **_item(kind, 0), known={"first": 1}, changes={"first": 0})
    assert {move["task"] for move in told["moves"]} == {"first", "second"}
    explained = client.ask("explain", **_item(kind, 0), known={"first": 1}, task="second")
    assert [effect["task"] for effect in explained["effects"]] == ["first"]
    assert client.ask("measure-next", **_item(kind, 0), known={"first": 1})["candidates"] is not None


def test_the_model_says_what_it_takes(served):
    # Protects: a client can tell, and no view of molecules is offered.
    kind, client, _ = served
    told = client.get("/api/model").json()
    assert told["kind"] == kind
    assert told["features"] == (["u", "v", "w"] if kind == "vectors" else [])
    assert not told["can_add_task"]


def _table(kind):
    """The data of `ASKED` with a note each, and a label of one task for the first."""
    if kind == "images":
        files = {f"photos/{at}.png": base64.b64decode(each) for at, each in enumerate(ASKED[kind])}
        return zipped(files | {"list.csv": b"image,note,first\nphotos/0.png,x,1\nphotos/1.png,y,\n"}), "t.zip"
    columns = {"caption": ASKED[kind]} if kind == "text" else dict(zip("uvw", np.transpose(ASKED[kind]), strict=True))
    return pl.DataFrame(columns | {"note": ["x", "y"], "first": [1, None]}).write_csv(), "t.csv"


def test_a_table_comes_back_filled(served):
    # Protects: a table says the same as the questions one by one, and keeps its own columns.
    kind, client, _ = served
    answer = client.upload(*_table(kind), mode="predict")
    assert answer.status_code == 200, answer.text
    out = pl.read_csv(answer.content)
    assert out["note"].to_list() == ["x", "y"]
    assert out["status"].to_list() == ["ok", "ok"]
    asked = client.ask("predict", items=[_item(kind, 0, known={"first": 1}), _item(kind, 1)])["items"]
    for task in ("first", "second"):
        one_by_one = [values(item["tasks"])[task] for item in asked]
        assert out[f"{task}_pred"].to_list() == pytest.approx(one_by_one, abs=1e-4)
    assert json.loads(answer.headers["x-weft-report"])["known"] == 1
    assert answer.headers["content-disposition"].endswith("filled-t.csv")


def test_options_of_another_kind_are_refused(served):
    # Protects: an option that says nothing is told, not passed over in silence.
    kind, client, _ = served
    for name in ("smiles", "type", "column"):
        answer = client.upload(*_table(kind), **{name: "nowhere"})
        assert answer.status_code == 400
        assert kind == "vectors" or name != "column" or "nowhere" in answer.json()["what"]
        assert "--" not in answer.json()["mend"]


def test_data_of_another_kind_are_refused(served):
    # Protects: a problem with a mend, in the form that every error has.
    kind, client, _ = served
    assert f'"{FIELD[kind]}"' in client.refused("predict", items=[{"smiles": "CCO"}])["mend"]
    client.refused("predict", status=422, items=[{"smiles": "CCO", **_item(kind, 0)}])
    client.refused("add-task", name="x", items=[{"smiles": "CCO", "label": 1}])
    assert client.upload("a,b\n1,2\n").status_code == 400
    bad = {
        "images": [{"image": "not base64!"}],
        "text": [{"text": ""}],
        "vectors": [{"vector": [1.0]}, {"vector": [1, 2, "x"]}],
    }[kind]
    for item in bad:
        answer = client.post("/api/predict", json={"items": [item]})
        assert answer.status_code in (400, 422)
        assert answer.json().keys() == {"what", "where", "mend"}


def test_a_datum_that_cannot_be_read_is_a_status(served):
    # Protects: one broken image or empty text does not fail the others.
    kind, client, _ = served
    broken = {"images": base64.b64encode(b"no image").decode(), "text": "...", "vectors": [1e300, 0.0, 0.0]}[kind]
    items = client.ask("predict", items=[{FIELD[kind]: broken}, _item(kind, 0)])["items"]
    assert items[0]["status"] != "ok"
    assert items[0]["tasks"] == []
    assert items[1]["status"] == "ok"
    assert client.refused("explain", **{FIELD[kind]: broken}, task="first")["where"] == FIELD[kind]
