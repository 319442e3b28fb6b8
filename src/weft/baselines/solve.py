"""Conjugate gradients for many masked systems that share one kernel matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Product = Callable[[F32], F32]


def solve_masked(
    product: Product, mask: F32, b: F32, noise: float, precondition: Product, tol: float = 1e-2, most: int = 100
) -> F32:
    """Solve (M_c K M_c + noise I) a_c = M_c b_c for every column c, by preconditioned conjugate gradients.

    Columns that have converged leave the matrix product.

    Args:
        product: multiplies by the symmetric positive semidefinite K, `[n, C]` to `[n, C]`.
        mask: float32 0/1 `[n, C]`, the diagonals of M.
        b: float32 `[n, C]`.
        noise: positive.
        precondition: multiplies by an approximate inverse of K + noise I, symmetric and positive definite.
        tol: residual at which a column stops, relative to its right side.
        most: steps after which all stop.

    Returns:
        float32 `[n, C]`, zero where the mask is.
    """
    a = np.zeros_like(b)
    r = b * mask
    limit = tol * np.sqrt((r * r).sum(0))
    open_ = np.flatnonzero(limit > 0)
    m, r = mask[:, open_], r[:, open_]
    z = precondition(r) * m
    p, rz = z, (r * z).sum(0)
    for _ in range(most):
        if not open_.size:
            break
        q = product(p) * m + noise * p
        step = rz / (p * q).sum(0)
        a[:, open_] += step * p
        r -= step * q
        go = (r * r).sum(0) > limit[open_] ** 2
        if not go.all():
            open_, m, r, p, rz = open_[go], m[:, go], r[:, go], p[:, go], rz[go]
        z = precondition(r) * m
        last, rz = rz, (r * z).sum(0)
        p = z + (rz / last) * p
    return a


def deflation(product: Product, n: int, noise: float, rank: int, density: float, rng: np.random.Generator) -> Product:
    """Return a preconditioner that knows the `rank` largest eigenvalues of K (Halko et al. 2011).

    Args:
        product: multiplies by K.
        n: size of K.
        noise: as for the systems.
        rank: eigenvectors to find.
        density: mean share of ones in the masks, by which they shrink K's eigenvalues.
        rng: draws the probes.
    """
    rank = min(rank, n)
    probe, _ = np.linalg.qr(product(rng.standard_normal((n, rank), np.float32)))
    small = probe.T @ product(probe)
    value, vector = np.linalg.eigh((small + small.T).astype(np.float64) / 2)
    basis = (probe @ vector).astype(np.float32)
    value = density * np.maximum(value, 0)
    floor = noise + float(value[0])
    gain = (1 - floor / np.maximum(value + noise, floor)).astype(np.float32)[:, None]

    def precondition(v: F32) -> F32:
        return ((v - basis @ (gain * (basis.T @ v))) / floor).astype(np.float32)

    return precondition
