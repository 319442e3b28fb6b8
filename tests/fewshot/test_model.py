"""Classes that come and go: added from one example on, given more, dropped; nothing else moves."""

import dataclasses

import numpy as np
import pytest
import torch

import weft
from weft.errors import UserError
from weft.fewshot.bank import MOST, ClassBank
from weft.saved import load

RNG = np.random.default_rng(0)
MIDDLE = 1.5 * RNG.normal(size=(16, 10))
LABEL = np.repeat(np.arange(16), 14)
X = (MIDDLE[LABEL] + 0.5 * RNG.normal(size=(len(LABEL), 10))).astype(np.float32)
KNOWN = LABEL < 12


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    weft.FewShot(epochs=1).fit(X[KNOWN], [f"c{k}" for k in LABEL[KNOWN]]).save(folder)
    return folder


def test_a_class_of_one_example_is_told_from_all_others(saved):
    """The point of it all, on data that were never seen; the old classes keep their answers."""
    model = weft.load(saved)
    before = model.predict_class(X[KNOWN])
    for k in range(12, 16):
        model.add_class(X[k == LABEL][:1], [f"c{k}"])
    assert [task.classes for task in model.tasks_] == [tuple(f"c{k}" for k in range(16))]
    held = (LABEL >= 12) & (np.arange(len(LABEL)) % 14 > 0)
    right = model.predict_class(X[held]) == np.array([f"c{k}" for k in LABEL[held]], object)
    assert right.mean() > 0.9
    assert (model.predict_class(X[KNOWN]) == before).mean() > 0.97


def test_adding_in_turn_or_at_once_and_saving_in_between_are_the_same(saved, tmp_path):
    """Protects the bank: classes keep their order and examples; a saved model takes the next class as the live one."""
    rows = [np.flatnonzero(k == LABEL)[:3] for k in (12, 13)]
    once = weft.load(saved).add_class(X[np.concatenate(rows)], ["a"] * 3 + ["b"] * 3)
    turns = weft.load(saved).add_class(X[rows[0]], ["a"] * 3)
    turns.save(tmp_path)
    again = weft.load(tmp_path).add_class(X[rows[1]], ["b"] * 3)
    turns.add_class(X[rows[1]], ["b"] * 3)
    assert np.array_equal(again.predict_proba(X), turns.predict_proba(X))
    np.testing.assert_allclose(turns.predict_proba(X), once.predict_proba(X), rtol=1e-3, atol=1e-6)


def test_more_examples_of_a_class_are_its_own(saved):
    """Eight examples in two parts are eight examples; and a class is not made twice."""
    rows = np.flatnonzero(LABEL == 14)[:8]
    whole = weft.load(saved).add_class(X[rows], ["n"] * 8)
    parts = weft.load(saved).add_class(X[rows[:5]], ["n"] * 5).add_class(X[rows[5:]], ["n"] * 3)
    np.testing.assert_allclose(parts.predict_proba(X), whole.predict_proba(X), atol=1e-6)


def test_a_class_that_is_dropped_was_never_there(saved):
    predictor = load(saved)
    before = predictor.predict(weft.Vectors(X)).mean
    predictor.add_classes(weft.Vectors(X[LABEL == 13][:4]), ["x"] * 4)
    predictor.drop_classes(["x"])
    assert np.array_equal(predictor.predict(weft.Vectors(X)).mean, before)
    with pytest.raises(UserError, match="classes are left"):
        predictor.drop_classes(predictor.tasks[0].classes[1:])


def test_the_bank_keeps_the_first_examples_of_a_class():
    import torch

    h = torch.arange(float(MOST + 6))[:, None]
    label = np.array([0] * (MOST + 5) + [1])
    bank = ClassBank.of(("a", "b"), h, label)
    assert bank.h[:, 0].tolist() == [*range(MOST), MOST + 5]
    assert bank.known.sum(0).tolist() == [MOST, 1]


def test_what_cannot_be_used_is_refused(saved):
    model = weft.load(saved)
    with pytest.raises(UserError, match="names of classes"):
        model.add_class(X[:2], ["a"])
    with pytest.raises(UserError, match="no example can be used"):
        model.add_class(np.full((1, 10), np.nan), ["a"])
    with pytest.raises(UserError, match="too few"):
        weft.FewShot().fit(X[:20], ["a", "b"] * 10)
    with pytest.raises(UserError, match="two training rows"):
        weft.FewShot(epochs=1).fit(X[::14], [str(k) for k in LABEL[::14]])
    other = weft.MetaLink(encoder="vectors", epochs=1, members=1).fit(X, (LABEL % 2).astype(float))
    with pytest.raises(UserError, match="cannot take new classes"):
        other.add_class(X[:1], ["a"])


def test_images_go_in_as_arrays():
    """Bytes of three or four dimensions are images, and read by Conv-4."""
    rng = np.random.default_rng(1)
    tone = np.kron(rng.integers(0, 255, (6, 2, 2)), np.ones((8, 8)))
    label = np.repeat(np.arange(6), 6)
    images = np.clip(tone[label] + 20 * rng.normal(size=(36, 16, 16)), 0, 255).astype(np.uint8)
    model = weft.FewShot(epochs=1).fit(images[:30], label[:30])
    assert type(model.predictor_.net.encoder).__name__ == "Conv4Encoder"
    model.add_class(images[30:31], ["new"])
    assert (model.predict_class(images[31:]) == "new").mean() >= 0.6


def test_layers_over_the_nodes_are_saved_and_take_new_classes(tmp_path):
    """Protects the model folder: a layer's weights and share come back, and a new class passes through them."""
    model = weft.FewShot(epochs=1, kg_layers=1).fit(X[KNOWN], [f"c{k}" for k in LABEL[KNOWN]])
    layers = model.predictor_.head.layers
    model.predictor_.head.weights = dataclasses.replace(model.predictor_.head.weights, share=0.5)
    for layer in layers.layers:
        torch.nn.init.normal_(layer.to_class.weight, std=0.1)
    model.predictor_._take(model.predictor_.head, model.predictor_.bank)
    model.save(tmp_path)
    again = weft.load(tmp_path)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    for held in (again, model):
        held.add_class(X[LABEL == 13][:3], ["new"] * 3)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert model.predictor_.n_parameters > sum(p.numel() for p in model.predictor_.net.parameters())
