import lightgbm
import numpy as np
import pytest

from tests.baselines.problems import features
from weft.baselines.gradient import from_lightgbm
from weft.baselines.trees import Forest


@pytest.mark.parametrize("holes", [False, True])
def test_parsed_text_answers_as_lightgbm(holes):
    """The trees read from LightGBM's text give its raw scores, missing values included."""
    rng = np.random.default_rng(0)
    x = features(400).x.astype(np.float64)
    if holes:
        x[rng.random(x.shape) < 0.2] = np.nan
    y = (np.nan_to_num(x[:, 24]) + rng.normal(size=400) > 0).astype(float)
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0, "min_data_in_leaf": 5}
    booster = lightgbm.train(settings, lightgbm.Dataset(x, y), 12)
    parsed = from_lightgbm(booster.model_to_string())
    assert len(parsed) == 12
    small = x.astype(np.float32)
    if not holes:
        small[0, 24] = np.nan  # never seen in training: LightGBM reads it as 0
    got = Forest.of(parsed, [0] * 12, 1).moments(small)[0][:, 0]
    np.testing.assert_allclose(got, booster.predict(small, raw_score=True), atol=1e-5)


def test_a_tree_without_split():
    """A constant booster parses to single leaves."""
    data = lightgbm.Dataset(np.zeros((30, 2)), np.arange(30) % 2, params={"verbosity": -1})
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, 2)
    assert Forest.of(from_lightgbm(booster.model_to_string()), [0] * booster.num_trees(), 1).moments(
        np.ones((3, 2), np.float32)
    )[0].shape == (3, 1)
