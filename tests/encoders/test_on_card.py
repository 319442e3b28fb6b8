"""What encoders do otherwise on a card, tried on the processor: no kinds of atoms, sums without sorting."""

import pytest
import torch

from weft.encoders import attentive_fp, dmpnn, gine, metalink, mpnn
from weft.encoders.atoms import Kinds, kinds
from weft.encoders.base import build_encoder
from weft.encoders.sums import IndexSum, counts
from weft.testing import toy_inputs

MODULES = {"metalink": metalink, "dmpnn": dmpnn, "gine": gine, "mpnn": mpnn, "attentivefp": attentive_fp}


def each_for_itself(codes, always=False):
    if always:
        return kinds(codes)
    return Kinds(codes, torch.arange(len(codes)), IndexSum.same(len(codes)))


@pytest.mark.parametrize("name", MODULES)
def test_atoms_by_kind_and_each_for_itself_are_the_same(name, monkeypatch):
    """Embeddings and gradients, in training mode: batch statistics count every atom once, either way."""
    found = []
    for way in (kinds, each_for_itself):
        monkeypatch.setattr(MODULES[name], "kinds", way)
        torch.manual_seed(0)
        encoder = build_encoder(name, {}, 16)
        h = encoder(toy_inputs().take(torch.arange(20)))
        weight = torch.randn(h.shape, generator=torch.Generator().manual_seed(1))
        (h * weight).sum().backward()
        found.append([h, *(p.grad for p in encoder.parameters())])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("ends", ["both", "gather", "segments"])
def test_sums_without_sorting(ends):
    """The map and its gradient, rows that nothing reaches among them."""
    draw = torch.Generator().manual_seed(0)
    source, target = (torch.randint(n, (30,), generator=draw) for n in (8, 12))
    sums = []
    for _ in range(2):
        made = {
            "both": lambda: IndexSum(source, target, 8, 12),
            "gather": lambda: IndexSum.gather(source, 8),
            "segments": lambda: IndexSum.segments(target, 12),
        }[ends]()
        sums.append(made)
    sums[1]._sorted = False
    x = torch.randn(30 if ends == "segments" else 8, 5, generator=draw)
    results = []
    for one in sums:
        leaf = x.clone().requires_grad_()
        y = one(leaf)
        (y * torch.arange(y.numel()).view_as(y)).sum().backward()
        results.append((y, leaf.grad))
    torch.testing.assert_close(results[1], results[0])


def test_counting_keeps_empty_places():
    assert counts(torch.tensor([2, 0, 2]), 4).tolist() == [1, 0, 2, 0]
