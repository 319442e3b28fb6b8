"""InLINE with scikit-learn's conventions, on whatever a person holds a graph in."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import weft
from tests import toy
from weft.data.graph_pyg import from_hetero_data, to_hetero_data

QUICK = {"epochs": 2, "members": 1, "threads": 1}


@pytest.fixture(scope="module")
def fitted():
    return weft.InLINE(**QUICK).fit(toy.toy())


def test_answers_are_of_the_nodes_of_a_type_in_order(fitted):
    """Protects the shapes: one column per task, none where there is one task; a probability per class."""
    graph = toy.toy()
    area = fitted.predict(graph, "author")
    assert area.shape == (20,)
    assert set(area) <= {0, 1, 2}
    assert fitted.predict(graph, "paper").shape == (40, 4)
    shares = fitted.predict_proba(graph, "author")
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    np.testing.assert_array_equal(shares.argmax(1), area)
    assert [task.name for task in fitted.tasks_on("paper")] == ["late", "topic: nets", "topic: trees", "pages"]


def test_it_is_a_scikit_learn_estimator():
    """Protects clone and get_params, and the error of scikit-learn before fit."""
    model = weft.InLINE(exchange="shared", epochs=3)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.predict(toy.toy(), "author")


def test_a_folder_and_pyg_data_are_graphs_too(fitted, tmp_path):
    """Protects those who hold their graph elsewhere; the same numbers for the same graph."""
    graph = toy.toy()
    folder = toy.write_toy(tmp_path / "g")
    expected = fitted.predict_proba(graph, "author")
    np.testing.assert_array_equal(fitted.predict_proba(folder, "author"), expected)
    data = to_hetero_data(graph)  # nodes have no names there, so that no training label is found again
    np.testing.assert_array_equal(
        fitted.predict_proba(data, "author"), fitted.predict_proba(from_hetero_data(data), "author")
    )
    model = weft.InLINE(**QUICK).fit(data, tasks={"author": {"area": "multiclass"}})
    assert model.predict(data, "author").shape == (20,)
    with pytest.raises(weft.UserError, match="is no graph"):
        fitted.predict([1, 2], "author")
    with pytest.raises(weft.UserError, match="no task is on 'authr'"):
        fitted.predict(graph, "authr")


def test_scores_are_of_the_test_part(fitted):
    """Protects honest scores: as many labels as the part has, and one number that stands for all."""
    graph = toy.toy()
    scores = fitted.scores(graph)
    assert [score.n for score in scores.tasks] == list(graph.labels.on_rows(graph.split.test).counts())
    assert fitted.score(graph) == pytest.approx(scores.headline())
    assert fitted.scores(graph, "train").tasks[0].n == 10


def test_labels_of_val_and_test_nodes_do_not_reach_a_prediction(fitted):
    """No peeking through the graph that is handed over: other labels, the same answers."""
    graph = toy.toy()
    other = toy.changed_labels(graph, np.zeros(len(graph.labels)))
    np.testing.assert_array_equal(fitted.predict_proba(other, "paper"), fitted.predict_proba(graph, "paper"))


def test_a_saved_model_comes_back(fitted, tmp_path):
    """Protects save and load: the same answers from the folder."""
    fitted.save(tmp_path / "m")
    again = weft.load(tmp_path / "m")
    assert isinstance(again, weft.GraphModel)
    graph = toy.toy()
    np.testing.assert_array_equal(again.predict_proba(graph, "paper"), fitted.predict_proba(graph, "paper"))
    rows = again.gate_table(graph)
    assert {row.task for row in rows} == {"area", "late", "topic", "pages"}
