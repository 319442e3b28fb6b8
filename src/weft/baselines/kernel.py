"""The similarity of molecules that the Gaussian process uses.

k(a, b) = w T(a, b) + (1 - w) exp(-|u_a - u_b|^2 / 2 l^2) + 1, where T is the Tanimoto (min-max) similarity of
fingerprint counts (Ralaivola et al. 2005), u the robustly standardised descriptors, l their median distance
and the 1 an unknown constant. w is one half, or 0 or 1 where only one of the two is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import Arrays
from weft.baselines.tabular import MAX_COUNT, Features, Scaler

F32 = NDArray[np.float32]

_LEVELS = 8  # counts above are compared as this


@dataclass(frozen=True, eq=False)
class Kernel:
    """Similarity to fixed anchor data.

    Attributes:
        anchors: features of the anchors, uint8-valued counts first.
        scaler: of the descriptors.
        length: the length scale `l`.
    """

    anchors: Features
    scaler: Scaler
    length: float
    _cache: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @classmethod
    def fit(cls, x: Features, rng: np.random.Generator) -> Self:
        """Scale descriptors on the training data `x` and make all of them anchors."""
        scaler = Scaler.fit(x.x[:, x.counts :])
        some = scaler.apply(x.x[rng.permutation(len(x))[:500], x.counts :])
        square = _squares(some, some)
        length = float(np.sqrt(np.median(square[np.triu_indices(len(some), 1)]))) if len(some) > 1 else 1.0
        return cls(x, scaler, max(length, 1e-3))

    def restrict(self, rows: NDArray[np.int64]) -> Kernel:
        """Keep only the anchors at `rows`."""
        return Kernel(self.anchors.take(rows), self.scaler, self.length)

    def __call__(self, x: Features) -> F32:
        """Return the similarity of `x` to the anchors, float32 `[N, A]`."""
        c = x.counts
        weight = 1.0 if c == x.x.shape[1] else 0.5 if c else 0.0
        out = np.zeros((len(x), len(self.anchors)), np.float32)
        if weight < 1:
            out = _squares(self.scaler.apply(x.x[:, c:]), self._anchor("scaled"))
            out *= -0.5 / self.length**2
            np.exp(out, out=out)
            out *= 1 - weight
        if weight > 0:
            out += weight * self._tanimoto(np.minimum(x.x[:, :c], _LEVELS))
        out += 1
        return out

    def _tanimoto(self, counts: F32) -> F32:
        """Return sum min / sum max; a pair without any bit is 1."""
        from scipy.sparse import csr_array

        levels = self._anchor("levels")
        anchors = self._anchor("unary")
        least = np.asarray(csr_array(_unary(counts, levels)) @ anchors, np.float32)
        size, sizes = counts.sum(1), self._anchor("sizes")
        most = size[:, None] + sizes[None]
        most -= least
        least[np.ix_(size == 0, sizes == 0)] = 1
        most[np.ix_(size == 0, sizes == 0)] = 1
        return np.divide(least, most, out=least)

    def _anchor(self, name: str) -> Any:
        if name not in self._cache:
            c = self.anchors.counts
            if name == "scaled":
                self._cache[name] = self.scaler.apply(self.anchors.x[:, c:])
            else:
                counts = np.minimum(self.anchors.x[:, :c], _LEVELS)
                levels = [np.flatnonzero((counts >= level).any(0)) for level in range(1, _LEVELS + 1)]
                self._cache.update({"levels": levels, "unary": _unary(counts, levels).T.copy(), "sizes": counts.sum(1)})
        return self._cache[name]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for `restore`; counts as bytes."""
        c = self.anchors.counts
        return {
            "anchor_counts": np.minimum(self.anchors.x[:, :c], MAX_COUNT).astype(np.uint8),
            "anchor_rest": self.anchors.x[:, c:],
            "centre": self.scaler.centre,
            "scale": self.scaler.scale,
            "length": np.array([self.length]),
        }

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        counts = arrays["anchor_counts"]
        x = np.concatenate([counts.astype(np.float32), arrays["anchor_rest"]], 1)
        scaler = Scaler(np.asarray(arrays["centre"]), np.asarray(arrays["scale"]))
        return cls(Features(x, counts.shape[1]), scaler, float(arrays["length"][0]))


def _unary(counts: F32, levels: list[NDArray[np.int64]]) -> F32:
    """Write a count c as c ones, so that sum min(a, b) is a matrix product."""
    return np.concatenate([counts[:, at] >= level for level, at in enumerate(levels, 1)], 1).astype(np.float32)


def _squares(a: F32, b: F32) -> F32:
    """Return squared distances, `[N, A]`."""
    out = a @ b.T
    out *= -2
    out += (a * a).sum(1)[:, None]
    out += (b * b).sum(1)[None]
    return np.maximum(out, 0, out=out)
