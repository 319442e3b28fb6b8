"""Checks that any encoder must pass, for weft's own and for anyone else's.

Each check raises `AssertionError` with what went wrong; `check_encoder` runs them all:

    from weft.testing import check_encoder, toy_inputs
    check_encoder(lambda: MyEncoder({}, dim=16), toy_inputs())
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from weft.data.base import Batch, Inputs
from weft.encoders.base import Encoder
from weft.toys import permute_atoms, renumber, toy_distances, toy_graphs, toy_inputs

__all__ = ["check_encoder", "permute_atoms", "toy_distances", "toy_graphs", "toy_inputs"]

Build = Callable[[], Encoder]


def check_encoder(build: Build, inputs: Inputs, rows: Tensor | None = None) -> None:
    """Run every check.

    Args:
        build: makes the encoder; called under a fixed seed.
        inputs: data of the kinds that it needs.
        rows: int64, the rows to use, at least 8; by default all.
    """
    if rows is None:
        n = len(inputs.graph) if inputs.graph is not None else len(next(iter(inputs.dense.values())))
        rows = torch.arange(n)
    check_determinism(build, inputs, rows)
    check_shape(build, inputs, rows)
    check_batch_invariance(build, inputs, rows)
    check_gradients(build, inputs, rows)
    check_small_batches(build, inputs, rows)
    check_double(build, inputs, rows)
    if inputs.graph is not None and "graph" in build().needs:
        check_atom_permutation(build, inputs, rows)


def fitted(build: Build, inputs: Inputs, rows: Tensor, seed: int = 0) -> Encoder:
    """Return an encoder made under `seed`, scalers fitted and running statistics moved, in eval mode."""
    torch.manual_seed(seed)
    encoder = build()
    encoder.fit_scalers(inputs, rows)
    encoder.train()
    with torch.no_grad():
        encoder(inputs.take(rows))
    return encoder.eval()


def check_shape(build: Build, inputs: Inputs, rows: Tensor) -> None:
    """Embeddings are finite float32 `[B, dim]`, also of an empty batch in eval mode, and differ between data."""
    encoder = fitted(build, inputs, rows)
    h = encoder(inputs.take(rows))
    _require(h.shape == (len(rows), encoder.dim), f"shape {tuple(h.shape)}, expected {(len(rows), encoder.dim)}")
    _require(h.dtype == torch.float32, f"type {h.dtype}, expected float32")
    _require(bool(h.isfinite().all()), "embeddings are not finite")
    _require(bool((h - h[0]).abs().max() > 1e-4), "all data have the same embedding")
    none = encoder(inputs.take(rows[:0]))
    _require(none.shape == (0, encoder.dim), f"an empty batch gives shape {tuple(none.shape)}")


def check_batch_invariance(build: Build, inputs: Inputs, rows: Tensor, tolerance: float = 1e-5) -> None:
    """In eval mode a datum's embedding depends neither on its batch nor on its place in it."""
    encoder = fitted(build, inputs, rows)
    together = encoder(inputs.take(rows))
    alone = torch.cat([encoder(inputs.take(row[None])) for row in rows])
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))
    shuffled = torch.empty_like(together)
    shuffled[order] = encoder(inputs.take(rows[order]))
    _require_close(alone, together, tolerance, "a datum alone and in a batch")
    _require_close(shuffled, together, tolerance, "two orders of a batch")


def check_determinism(build: Build, inputs: Inputs, rows: Tensor) -> None:
    """One seed gives the same weights, embeddings and gradients, bit for bit."""
    results: list[list[Tensor]] = []
    for _ in range(2):
        encoder = fitted(build, inputs, rows)
        torch.manual_seed(1)
        h = encoder.train()(inputs.take(rows))
        h.square().sum().backward()
        grads = [p.grad for p in encoder.parameters() if p.grad is not None]
        results.append([h, *encoder.state_dict().values(), *grads])
    for first, second in zip(*results, strict=True):
        _require(torch.equal(first, second), "two runs with one seed differ")


def check_gradients(build: Build, inputs: Inputs, rows: Tensor) -> None:
    """Every parameter gets a finite gradient, and every matrix one that is not zero."""
    encoder = fitted(build, inputs, rows).train()
    h = encoder(inputs.take(rows))
    (h * torch.randn(h.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, parameter in encoder.named_parameters():
        grad = parameter.grad
        _require(grad is not None, f"no gradient reaches {name}")
        if grad is not None:
            _require(bool(grad.isfinite().all()), f"the gradient of {name} is not finite")
            _require(grad.ndim < 2 or bool(grad.any()), f"the gradient of {name} is zero")


def check_small_batches(build: Build, inputs: Inputs, rows: Tensor) -> None:
    """One datum, also a single atom or no atom at all, gives finite numbers in training and in eval mode."""
    encoder = fitted(build, inputs, rows)
    for training in (True, False):
        encoder.train(training)
        batches = [inputs.take(rows[:1])]
        if inputs.graph is not None and "graph" in encoder.needs:
            dense = inputs.take(rows[:1]).dense
            for graphs in (toy_graphs(1, sizes=(0,)), toy_graphs(1, sizes=(1,))):
                ragged = {"distances": toy_distances(graphs).values}
                batches.append(Batch(graphs.batch(torch.tensor([0])), dense, ragged))
        for batch in batches:
            h = encoder(batch)
            h.square().sum().backward()
            _require(bool(h.isfinite().all()), "a batch of one datum is not finite")
            grads = [p.grad for p in encoder.parameters() if p.grad is not None]
            _require(all(bool(g.isfinite().all()) for g in grads), "a batch of one datum has gradients not finite")


def check_double(build: Build, inputs: Inputs, rows: Tensor, tolerance: float = 1e-3) -> None:
    """With weights and inputs in float64 all is float64, in training too, and embeddings are the same but for rounding.

    What an encoder makes of codes must have the type of its weights: `atom_rows(codes, self.dtype)`.
    """
    single = fitted(build, inputs, rows)
    double, wide = copy.deepcopy(single).double(), inputs.to("cpu", torch.float64)
    h = double(wide.take(rows))
    _require(h.dtype == torch.float64, f"weights and inputs in float64 give embeddings in {h.dtype}")
    _require_close(single(inputs.take(rows)).double(), h, tolerance, "float32 and float64")
    double.train()(wide.take(rows)).sum().backward()


def check_atom_permutation(build: Build, inputs: Inputs, rows: Tensor, tolerance: float = 1e-5) -> None:
    """Numbering atoms and bonds otherwise changes nothing."""
    encoder = fitted(build, inputs, rows)
    batch = inputs.take(rows)
    if batch.graph is not None:
        _require_close(encoder(renumber(batch, seed=3)), encoder(batch), tolerance, "two numberings of the atoms")


def _require_close(a: Tensor, b: Tensor, tolerance: float, what: str) -> None:
    gap = float((a - b).detach().abs().max()) if a.numel() else 0.0
    scale = max(1.0, float(b.detach().abs().max())) if b.numel() else 1.0
    _require(gap <= tolerance * scale, f"{what} differ by {gap:.1e}")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
