import numpy as np
import pytest

from weft.training.calibration import Calibration, line, logit, platt, sigmoid


def test_platt_finds_slope_and_shift():
    """Scores made too bold and shifted are brought back."""
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1.5, 20000)
    y = (rng.random(20000) < sigmoid(true)).astype(float)
    slope, shift = platt(3 * true + 2, y)
    assert slope == pytest.approx(1 / 3, abs=0.02)
    assert shift == pytest.approx(-2 / 3, abs=0.07)


def test_calibrated_probabilities_are_those_seen():
    """Within each tenth of the calibrated probability the share of ones agrees."""
    rng = np.random.default_rng(1)
    true = rng.normal(-1, 1.5, 50000)
    y = (rng.random(50000) < sigmoid(true)).astype(float)
    slope, shift = platt(0.4 * true - 1, y)
    p = sigmoid(slope * (0.4 * true - 1) + shift)
    for low in np.arange(0, 0.9, 0.1):
        part = (p >= low) & (p < low + 0.1)
        assert abs(y[part].mean() - p[part].mean()) < 0.03


def test_few_labels_change_little():
    """No label changes nothing; two labels little, even when perfectly separated."""
    assert platt(np.zeros(0), np.zeros(0)) == (1, 0)
    slope, shift = platt(np.array([-1.0, 1.0]), np.array([0.0, 1.0]))
    assert 1 < slope < 1.5
    assert shift == pytest.approx(0, abs=1e-6)


def test_separable_and_extreme_scores_stay_finite():
    """Newton's steps neither diverge on separable labels nor overflow on huge scores."""
    y = (np.arange(100) > 50).astype(float)
    for score in (np.linspace(-1, 1, 100), np.linspace(-1e4, 1e4, 100), np.zeros(100)):
        assert np.isfinite(platt(score, y)).all()


def test_scores_against_the_labels_are_flattened_not_turned():
    """A slope is never negative: what runs against the labels out of fold is noise."""
    score = np.linspace(-2, 2, 400)
    slope, shift = platt(score, (score < 0).astype(float))
    assert 0 < slope < 0.05
    assert abs(shift) < 0.3
    assert 0 < line(score, -score)[0] < 0.05


def test_line_fits_values():
    """Values get the least-squares line; one value none."""
    x = np.linspace(0, 4, 200)
    assert line(x, 0.5 * x + 1) == (pytest.approx(0.5, abs=0.05), pytest.approx(1, abs=0.1))
    assert line(np.array([2.0]), np.array([7.0])) == (1, 0)


def test_columns_are_fitted_apart_on_observed_cells():
    """Unknown cells, even NaN, do not matter; saved and restored it is the same."""
    rng = np.random.default_rng(0)
    score = rng.normal(size=(300, 2))
    y = np.stack([rng.random(300) < sigmoid(2 * score[:, 0]), 3 * score[:, 1] + 1], 1).astype(float)
    observed = rng.random((300, 2)) < 0.7
    y[~observed] = np.nan
    fit = Calibration.fit(score, y, observed, np.array([False, True]))
    assert fit.slope[1] == pytest.approx(3, abs=0.5)
    assert np.array_equal(Calibration.restore(fit.state()).apply(score), fit.apply(score))


def test_logit_and_sigmoid_invert():
    """They undo each other and bear 0, 1 and huge numbers."""
    p = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(sigmoid(logit(p)), p)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert sigmoid(np.array([-1e5, 1e5])).tolist() == [0, 1]
