import numpy as np

from weft.baselines.solve import deflation, solve_masked


def problem(n=80, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, 20)) * np.logspace(1, -2, 20)
    mask = (rng.random((n, 6)) < 0.7).astype(np.float32)
    mask[:, 5] = 0
    return (a @ a.T).astype(np.float32), mask, rng.normal(size=(n, 6)).astype(np.float32)


def test_every_masked_system_is_solved():
    """Each column's answer solves its own part of the matrix; an empty mask gives zeros."""
    k, mask, b = problem()
    product = lambda v: k @ v  # noqa: E731
    got = solve_masked(product, mask, b, 0.5, deflation(product, 80, 0.5, 10, 0.7, np.random.default_rng(0)), tol=1e-5)
    for c in range(6):
        on = np.flatnonzero(mask[:, c])
        want = np.linalg.solve(k[np.ix_(on, on)].astype(float) + 0.5 * np.eye(len(on)), b[on, c])
        np.testing.assert_allclose(got[on, c], want, atol=2e-3)
        assert not got[mask[:, c] == 0, c].any()


def test_deflation_saves_steps():
    """With the large eigenvalues known, a few steps do what many do without."""
    k, mask, b = problem()
    product = lambda v: k @ v  # noqa: E731
    known = deflation(product, 80, 0.5, 20, 0.7, np.random.default_rng(0))
    best = solve_masked(product, mask, b, 0.5, known, tol=1e-6)
    quick = solve_masked(product, mask, b, 0.5, known, tol=1e-6, most=12)
    plain = solve_masked(product, mask, b, 0.5, lambda v: v, tol=1e-6, most=12)
    assert np.abs(quick - best).max() < 0.1 * np.abs(plain - best).max()
