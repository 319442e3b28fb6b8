import numpy as np
import pytest

from tests.baselines.problems import auc, features, targets
from weft.baselines import profile as module
from weft.baselines.learners import Targets
from weft.baselines.profile import Profile
from weft.errors import UserError
from weft.training.run import Run


@pytest.fixture(scope="module")
def fitted():
    x = features(200)
    t = targets(x)
    profile = Profile()
    return x, t, profile, profile.fit(x, t, Run(threads=1))


def test_profile_learns_and_is_calibrated(fitted):
    """Out of fold it orders each column, the mean probability is the share of ones, values are standardised."""
    _, t, profile, out = fitted
    for j in range(3):
        rows, y = t.column(j)
        assert auc(y, out[rows, j]) > 0.8
        assert np.mean(1 / (1 + np.exp(-out[rows, j]))) == pytest.approx(y.mean(), abs=0.02)
    rows, y = t.column(3)
    assert profile.centre[3] == pytest.approx(y.mean())
    assert profile.scale[3] == pytest.approx(y.std())
    error = y - (profile.centre[3] + profile.scale[3] * out[rows, 3])
    assert error.std() < 0.7 * y.std()


def test_profile_restores(fitted):
    """Saved and restored it predicts the same, bit for bit, with the same fallbacks."""
    new = features(20, seed=9)
    profile = fitted[2]
    again = Profile.restore(profile.state())
    assert list(again.learners) == list(profile.learners)
    assert np.array_equal(again.predict(new), profile.predict(new))
    assert all(np.array_equal(again.fallback[name], value) for name, value in profile.fallback.items())


def test_a_row_does_not_depend_on_its_neighbours(fitted):
    """Predictions of a datum are the same alone and among others."""
    new = features(20, seed=9)
    profile = fitted[2]
    np.testing.assert_allclose(profile.predict(new.take([3])), profile.predict(new)[[3]], atol=1e-5)


def test_finished_learners_are_not_learnt_again(tmp_path, monkeypatch):
    """A resumed run reads the learners that were done and gives the same profile."""
    x = features(80)
    t = targets(x)
    first = Profile(("et", "gp"))
    out = first.fit(x, t, Run(folder=tmp_path, threads=1))
    (tmp_path / "profile-gp.safetensors").unlink()
    asked = []
    learn = module._learn
    monkeypatch.setattr(module, "_learn", lambda name, *rest: asked.append(name) or learn(name, *rest))
    second = Profile(("et", "gp"))
    assert np.array_equal(second.fit(x, t, Run(folder=tmp_path, threads=1)), out)
    assert asked == ["gp"]
    assert np.array_equal(second.predict(x), first.predict(x))


@pytest.mark.parametrize("n", [1, 3, 16])
def test_one_new_column_with_few_labels(n):
    """A single column of a few labels works, whatever its learners can make of it."""
    x = features(n)
    profile = Profile()
    out = profile.fit(
        x, Targets((np.arange(n)[:, None] % 2).astype(float), np.ones((n, 1), bool), np.zeros(1, bool)), Run(threads=1)
    )
    assert np.isfinite(out).all()
    assert np.isfinite(profile.predict(features(5, seed=1))).all()


def test_learners_that_cannot_learn_do_not_speak():
    """Where one learner falls back to the prior, the profile is that of the others, not dulled by it."""
    x = features(60)
    y = (x.x[:, [24]] > 1.2).astype(float)  # few ones: too few for boosting
    assert 4 <= y.sum() < 8
    t = Targets(y, np.ones(y.shape, bool), np.zeros(1, bool))
    both, alone = Profile(("gp", "lightgbm")), Profile(("gp",))
    assert np.array_equal(both.fit(x, t, Run(threads=1)), alone.fit(x, t, Run(threads=1)))


def test_no_learner_is_an_error():
    """An empty profile is refused with the names to choose from."""
    with pytest.raises(UserError, match="rf, et, lightgbm, gp"):
        Profile(())


def test_large_sets_do_without_extra_trees(monkeypatch):
    """Above the stated size the automatic choice drops them, and a restored profile knows."""
    monkeypatch.setattr(module, "_MANY", 50)
    x = features(60)
    profile = Profile()
    profile.fit(x, targets(x), Run(threads=1))
    assert list(profile.learners) == ["rf", "lightgbm", "gp"]
    assert list(Profile.restore(profile.state()).learners) == ["rf", "lightgbm", "gp"]
