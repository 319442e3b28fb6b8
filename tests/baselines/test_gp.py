import numpy as np
import pytest

from tests.baselines.problems import features, targets
from weft.baselines import gp
from weft.baselines.gp import GaussianProcessLearner
from weft.baselines.kernel import Kernel
from weft.baselines.learners import Targets
from weft.baselines.tabular import Features
from weft.training.run import Run


def test_kernel_is_what_it_says():
    """Half Tanimoto of counts, half Gaussian of standardised descriptors, plus one; against two plain loops."""
    x, new = features(30), features(7, seed=1)
    kernel = Kernel.fit(x, np.random.default_rng(0))
    u, v = kernel.scaler.apply(new.x[:, 24:]), kernel.scaler.apply(x.x[:, 24:])
    for i in range(7):
        for j in range(30):
            a, b = new.x[i, :24], x.x[j, :24]
            tanimoto = np.minimum(a, b).sum() / np.maximum(a, b).sum()
            gauss = np.exp(-((u[i] - v[j]) ** 2).sum() / (2 * kernel.length**2))
            assert kernel(new)[i, j] == pytest.approx(1 + (tanimoto + gauss) / 2, rel=1e-5)


def test_kernel_of_one_kind_only():
    """Without fingerprints, or without descriptors, the other takes the whole weight; no bit at all is like itself."""
    x = features(20)
    bits, rest = Features(x.x[:, :24].copy(), 24), Features(x.x[:, 24:], 0)
    bits.x[0] = 0
    for part in (bits, rest):
        np.testing.assert_allclose(np.diag(Kernel.fit(part, np.random.default_rng(0))(part)), 2, rtol=1e-4)


def exact(x: Features, t: Targets, noise: float, train: np.ndarray, j: int) -> np.ndarray:
    """Predict column j of all rows from the rows `train`, by a plain solve."""
    k = Kernel.fit(x, np.random.default_rng(0))(x).astype(float)
    y = t.y[:, j] if t.continuous[j] else 2 * t.y[:, j] - 1
    return k[:, train] @ np.linalg.solve(k[np.ix_(train, train)] + noise * np.eye(len(train)), y[train])


def latent(learner, score):
    return (score - learner.offset) / learner.slope


def test_leave_one_out_is_exact():
    """The closed form equals leaving each datum out and solving again."""
    x = features(40)
    t = targets(x)
    learner = GaussianProcessLearner()
    got = latent(learner, learner.fit(x, t, Run()))
    for j in (0, 3):
        rows, _ = t.column(j)
        for i in rows[:5]:
            assert got[i, j] == pytest.approx(exact(x, t, 0.5, rows[rows != i], j)[i], abs=1e-4)
        unknown = np.flatnonzero(~t.observed[:, j])
        np.testing.assert_allclose(got[unknown, j], exact(x, t, 0.5, rows, j)[unknown], atol=1e-4)


def test_folds_solve_what_they_say(monkeypatch):
    """Conjugate gradients on all masks at once equal one plain solve per column and fold."""
    monkeypatch.setattr(gp, "_EXACT", 0)
    x = features(60)
    t = targets(x)
    learner = GaussianProcessLearner()
    got = latent(learner, learner.fit(x, t, Run(seed=3)))
    rng = np.random.default_rng(3)
    Kernel.fit(x, rng)
    fold = rng.permutation(60) % 5
    for j in range(4):
        rows, _ = t.column(j)
        for k in range(5):
            held = rows[fold[rows] == k]
            want = exact(x, t, 0.5, rows[fold[rows] != k], j)[held]
            np.testing.assert_allclose(got[held, j], want, atol=0.05 * np.abs(want).max())
    np.testing.assert_allclose(latent(learner, learner.predict(x))[:, 0], exact(x, t, 0.5, t.column(0)[0], 0), atol=0.1)


def test_large_sets_use_a_subset():
    """Beyond `most` the approximation, here with all anchors kept, gives the exact answer."""
    x = features(80)
    t = targets(x)
    whole, part = GaussianProcessLearner(), GaussianProcessLearner(most=50)
    np.testing.assert_allclose(whole.fit(x, t, Run()), part.fit(x, t, Run()), atol=0.05)
    np.testing.assert_allclose(whole.predict(x), part.predict(x), atol=0.05)
