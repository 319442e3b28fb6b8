"""The Python estimator: scikit-learn's conventions, partial labels, saving and loading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import weft
from weft.convert import to_data, to_known, to_labels
from weft.errors import UserError


def problem(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(n, 1))
    y = (z + 0.3 * rng.normal(size=(n, 4)) > 0).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return z + 2 * rng.normal(size=(n, 3)), y


@pytest.fixture(scope="module")
def model() -> weft.MetaLink:
    return weft.MetaLink(encoder="vectors", epochs=12, members=1, setting="relational_meta").fit(*problem())


def test_params_clone_and_not_fitted() -> None:
    estimator = weft.MetaLink(encoder="gine", epochs=3)
    assert clone(estimator).get_params() == estimator.get_params()
    assert estimator.set_params(seed=4).seed == 4
    with pytest.raises(NotFittedError, match="fit"):
        estimator.predict([[0.0]])


def test_double_precision_is_an_option() -> None:
    """And gives nearly what float32 does."""
    X, y = problem()
    narrow, wide = (
        weft.MetaLink(encoder="vectors", epochs=2, members=1, precision=word).fit(X, y) for word in (None, "float64")
    )
    assert wide.predictor_.config.loop.precision == "float64"
    np.testing.assert_allclose(wide.predict_proba(X), narrow.predict_proba(X), atol=1e-3)


def test_known_labels_move_the_answer_as_matrix_frame_or_table(model: weft.MetaLink) -> None:
    X, _ = problem()
    matrix = np.full((5, 4), np.nan)
    matrix[:, 1] = 1
    frame = pl.DataFrame({"task1": [1.0] * 5})
    answers = [model.predict_proba(X[:5], known) for known in (matrix, frame, to_known(frame, model.tasks_, 5))]
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    others = [0, 2, 3]
    assert (answers[0][:, others] > model.predict_proba(X[:5])[:, others]).all()
    assert set(np.unique(model.predict(X[:5], matrix))) <= {0.0, 1.0}


def test_a_bad_row_is_nan_and_shifts_nothing(model: weft.MetaLink) -> None:
    """Nothing lost, invariant 3. Seen to catch: bad rows dropped before prediction."""
    X, _ = problem()
    broken = X[:3].copy()
    broken[1] = np.nan
    found = model.predict_proba(broken)
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2]], model.predict_proba(X[[0, 2]]), atol=1e-6)
    assert np.isnan(model.predict(broken)[1]).all()


def test_save_load_and_add_task(model: weft.MetaLink, tmp_path: Path) -> None:
    X, y = problem()
    model.save(tmp_path)
    again = weft.load(tmp_path)
    assert np.array_equal(again.predict_proba(X[:9]), model.predict_proba(X[:9]))
    again.add_task(X, pl.DataFrame({"new": y[:, 0]}))
    assert again.tasks_.names == [*model.tasks_.names, "new"]
    again.add_task(X, y[:, 1]).add_task(X, pl.Series("named", y[:, 2]))  # seen to catch: the name task0 once more
    assert again.tasks_.names[-2:] == ["task5", "named"]
    with pytest.raises(UserError, match="no such folder"):
        weft.load(tmp_path / "nowhere")


def test_smiles_in_lists_and_series() -> None:
    smiles = ["CCO", None, "c1ccccc1", "C(("]
    for given in (smiles, np.array(smiles, object), pl.Series(smiles), pl.DataFrame({"s": smiles})):
        assert to_data(given).ok.tolist() == [True, False, True, False]
    with pytest.raises(UserError, match="Give SMILES"):
        to_data(np.zeros((2, 2, 2)))


def test_kinds_are_guessed_and_may_be_told() -> None:
    y = pl.DataFrame({"b": [0, 1, None], "m": [0, 2, 1], "r": [0.5, 1.0, 3.0]})
    assert [str(task.kind) for task in to_labels(y, 3).tasks] == ["binary", "multiclass", "regression"]
    assert str(to_labels(y, 3, {"m": "regression"}).tasks[1].kind) == "regression"
    with pytest.raises(UserError, match="no task 'x'"):
        to_labels(y, 3, {"x": "binary"})
    with pytest.raises(UserError, match="not numbers"):
        to_labels(pl.DataFrame({"b": ["yes", "no"]}), 2)
    with pytest.raises(UserError, match="3 rows of data and 2 rows of labels"):
        to_labels([[1.0], [0.0]], 3)
    with pytest.raises(UserError, match="no task 'z'"):
        to_known(pl.DataFrame({"z": [1.0]}), weft.TaskSet.binary(["a"]), 1)


def test_every_public_name_is_there() -> None:
    assert all(getattr(weft, name) is not None for name in weft.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = weft.nothing


@pytest.mark.parametrize("options", [{"setting": "x"}, {"seed": -1}, {"split": "column:part"}, {"precision": "16"}])
def test_options_that_cannot_be_used_are_named(options: dict[str, object]) -> None:
    """Protects from an error of the enum or of NumPy in place of one that tells the mend."""
    with pytest.raises(UserError, match=r"Known|Use"):
        weft.MetaLink(encoder="vectors", epochs=1, **options).fit(np.zeros((9, 2)), np.arange(9) % 2)


def test_an_unknown_kind_is_named() -> None:
    """Protects from the enum's own error."""
    with pytest.raises(UserError, match="no kind of task 'foo'"):
        weft.MetaLink(encoder="vectors", epochs=1).fit(np.zeros((9, 2)), np.arange(9) % 2, kinds={"task0": "foo"})
