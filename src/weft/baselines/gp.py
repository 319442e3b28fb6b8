"""Gaussian process regression on labels -1/+1 (or standardised values), out of fold.

All columns and folds are solved at once: a column with missing labels is the system (M K M + s I) a = M y with M
the 0/1 mask of its labels, and conjugate gradients on all systems together need one matrix product per step.
Columns that are cheap enough get exact leave-one-out, y_i - a_i / [(K + s I)^-1]_ii (Sundararajan and Keerthi 2001).
Beyond `most` training data K is replaced by its Nystrom approximation on a random subset of 2048.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weft.baselines.blocks import full, in_threads
from weft.baselines.kernel import F32, Kernel
from weft.baselines.learners import Arrays, Floats, Learner, Targets
from weft.baselines.solve import Product, deflation, solve_masked
from weft.baselines.tabular import Features
from weft.training.run import Run

_EXACT = 3e10  # leave-one-out while the cubes of the systems' sizes sum to less
_SUBSET = 2048
_CHUNK = 1024  # systems solved at once
_BLOCK = 1024  # data compared with all training data at once


class GaussianProcessLearner(Learner):
    """Gaussian process with the similarity of `Kernel` and fixed noise.

    The latent value f of a 0/1 column with share p of ones is read as the logit of its first-order expansion
    around p: logit p + (f - (2p - 1)) / 2p(1 - p), which is unbounded and keeps the order of small values.

    Args:
        noise: variance `s` of the labels around the latent function.
        k: folds for columns that are not left out one by one.
        most: largest training set used whole.
    """

    name = "gp"

    def __init__(self, noise: float = 0.5, k: int = 5, most: int = 8192) -> None:
        self.noise, self.k, self.most = noise, k, most
        self.kernel: Kernel | None = None
        self.weight = np.zeros((0, 0), np.float32)
        self.offset, self.slope = np.zeros(0), np.ones(0)

    def _fit(self, x: Features, targets: Targets, run: Run) -> Floats:
        rng = np.random.default_rng(run.seed)
        self._set_link(targets)
        self.kernel, basis, root = self._basis(x, rng)
        y = np.where(targets.continuous, targets.y, 2 * targets.y - 1) * targets.observed
        latent, alpha = np.empty(y.shape), np.zeros(y.shape, np.float32)
        groups, exact = _groups(targets.observed)
        for at, cheap in zip(groups, exact, strict=True):
            if cheap:
                rows = np.flatnonzero(targets.observed[:, at[0]])
                latent[:, at], alpha[:, at] = self._leave_one_out(basis, root is None, rows, y[:, at])
        rest = np.concatenate([at for at, cheap in zip(groups, exact, strict=True) if not cheap] or [np.zeros(0, int)])
        fold = rng.permutation(len(x)) % self.k
        step = max(1, _CHUNK // (self.k + 1))
        solver = self._solver(basis, root is None, targets.observed[:, rest], rng) if rest.size else None
        for first in range(0, len(rest), step):
            at = rest[first : first + step]
            assert solver is not None
            latent[:, at], alpha[:, at] = self._k_fold(solver, y[:, at], targets.observed[:, at], fold)
            run.report(self.name, min(first + step, len(rest)), len(rest), "")
        self.weight = alpha if root is None else root @ (basis.T @ alpha)
        return self._score(latent)

    def _set_link(self, targets: Targets) -> None:
        p = targets.prior()
        p = np.where(targets.continuous, 0.5, p)
        self.slope = np.where(targets.continuous, 1.0, 0.5 / (p * (1 - p)))
        self.offset = np.where(targets.continuous, 0.0, np.log(p / (1 - p)) - (2 * p - 1) * self.slope)

    def _score(self, latent: Floats) -> Floats:
        return self.offset + self.slope * latent

    def _basis(self, x: Features, rng: np.random.Generator) -> tuple[Kernel, F32, F32 | None]:
        """Return the kernel, and K itself and None, or V with K = V V' and the root that makes V of similarities."""
        kernel = Kernel.fit(x, rng)
        if len(x) <= self.most:
            return kernel, kernel(x), None
        kernel = kernel.restrict(np.sort(rng.permutation(len(x))[:_SUBSET]))
        value, vector = np.linalg.eigh(kernel(kernel.anchors).astype(np.float64))
        keep = value > 1e-4 * value[-1] / len(value)
        root = (vector[:, keep] / np.sqrt(value[keep])).astype(np.float32)
        parts = [kernel(x.take(np.arange(i, min(i + 2048, len(x))))) @ root for i in range(0, len(x), 2048)]
        return kernel, np.concatenate(parts), root

    def _leave_one_out(self, basis: F32, whole: bool, rows: NDArray[np.int64], y: Floats) -> tuple[Floats, F32]:
        """Solve columns that share their labelled `rows` exactly."""
        part = basis[np.ix_(rows, rows)] if whole else basis[rows] @ basis[rows].T
        inverse = np.linalg.inv(part.astype(np.float64) + self.noise * np.eye(len(rows)))
        a = inverse @ y[rows]
        alpha = np.zeros(y.shape, np.float32)
        alpha[rows] = a
        latent = (basis @ alpha if whole else basis @ (basis.T @ alpha)).astype(np.float64)
        latent[rows] = y[rows] - a / np.diag(inverse)[:, None]
        return latent, alpha

    def _solver(self, basis: F32, whole: bool, observed: NDArray[np.bool_], rng: np.random.Generator) -> _Solver:
        product: Product = (lambda v: basis @ v) if whole else (lambda v: basis @ (basis.T @ v))
        density = float(observed.mean()) * (1 - 1 / self.k)
        return _Solver(product, deflation(product, len(basis), self.noise, 256, density, rng), self.noise)

    def _k_fold(
        self, solver: _Solver, y: Floats, observed: NDArray[np.bool_], fold: NDArray[np.int64]
    ) -> tuple[Floats, F32]:
        """Solve columns with and without each fold: latent values out of fold, weights of the whole."""
        masks = [observed & (fold != k)[:, None] for k in range(self.k)] + [observed]
        mask = np.concatenate(masks, 1).astype(np.float32)
        alpha = solver(mask, np.tile(y, (1, len(masks))).astype(np.float32))
        latent = solver.product(alpha).reshape(len(y), len(masks), y.shape[1])
        out = latent[np.arange(len(y)), fold]
        whole = alpha[:, -y.shape[1] :]
        return np.where(observed, out, latent[:, -1]).astype(np.float64), whole

    def _predict(self, x: Features) -> Floats:
        assert self.kernel is not None
        kernel = self.kernel
        kernel(x.take([0]))  # what threads share is made before they start
        blocks, rows = full(len(x), _BLOCK), np.arange(len(x))
        latent = np.concatenate(in_threads(blocks, lambda part: kernel(x.take(rows[part])) @ self.weight))
        return self._score(latent.astype(np.float64))

    def _state(self) -> dict[str, NDArray[Any]]:
        assert self.kernel is not None
        return {**self.kernel.state(), "weight": self.weight, "offset": self.offset, "slope": self.slope}

    def _restore(self, arrays: Arrays) -> None:
        self.kernel = Kernel.restore(arrays)
        self.weight = np.asarray(arrays["weight"], np.float32)
        self.offset, self.slope = np.asarray(arrays["offset"]), np.asarray(arrays["slope"])


class _Solver:
    """Solves masked systems of one kernel matrix."""

    def __init__(self, product: Product, precondition: Product, noise: float) -> None:
        self.product, self.precondition, self.noise = product, precondition, noise

    def __call__(self, mask: F32, b: F32) -> F32:
        return solve_masked(self.product, mask, b, self.noise, self.precondition)


def _groups(observed: NDArray[np.bool_]) -> tuple[list[NDArray[np.int64]], list[bool]]:
    """Group columns by their mask, smallest first, and tell which are few and small enough to solve exactly."""
    _, group = np.unique(np.packbits(observed, axis=0), axis=1, return_inverse=True)
    members = [np.flatnonzero(group.ravel() == g) for g in range(int(group.max()) + 1)]
    members.sort(key=lambda at: (int(observed[:, at[0]].sum()), int(at[0])))
    cost = np.cumsum([float(observed[:, at[0]].sum()) ** 3 for at in members])
    return members, [bool(c < _EXACT) for c in cost]
