"""The shipped checks: each lets a sound encoder pass and catches the one that is broken in its way."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from weft import testing
from weft.encoders.atoms import atom_rows
from weft.encoders.base import Encoder
from weft.encoders.sums import IndexSum

_CALLS = iter(range(10**6))


class Sound(Encoder):
    """The smallest encoder: the sum of atom rows through a linear map."""

    needs: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(self):
        super().__init__()
        self.dim, self.linear = 4, nn.Linear(134, 4)

    def forward(self, batch):
        graph = batch.graph
        return self.linear(IndexSum.segments(graph.graph, graph.n_graphs)(atom_rows(graph.atom, self.dtype)))


class BatchMean(Sound):
    """Breaks batch invariance: centres by the batch, also in eval mode."""

    def forward(self, batch):
        h = super().forward(batch)
        return h - 0.01 * h.mean(0, keepdim=True).nan_to_num()


class Ordered(Sound):
    """Breaks atom permutation: reads the atoms' numbers."""

    def forward(self, batch):
        graph = batch.graph
        place = torch.arange(len(graph.graph)) - torch.searchsorted(graph.graph, graph.graph)
        rows = atom_rows(graph.atom, self.dtype) * (1 + 0.1 * place[:, None])
        return self.linear(IndexSum.segments(graph.graph, graph.n_graphs)(rows))


class Unseeded(Sound):
    """Breaks same seed, same result: something outside the seed moves the weights."""

    def __init__(self):
        super().__init__()
        nn.init.constant_(self.linear.bias, next(_CALLS))


class Deaf(Sound):
    """Has weights that nothing trains."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Linear(2, 2)


class MeanOfNothing(Sound):
    """Divides by the number of atoms, which may be zero."""

    def forward(self, batch):
        return super().forward(batch) / torch.bincount(batch.graph.graph, minlength=batch.graph.n_graphs)[:, None]


class LastGraphLost(Sound):
    """Guesses the number of graphs from the last atom."""

    def forward(self, batch):
        graph = batch.graph
        n = int(graph.graph.max()) + 1 if len(graph.graph) else 1
        return self.linear(IndexSum.segments(graph.graph, n)(atom_rows(graph.atom, self.dtype)))


class Single(Sound):
    """Makes its features in float32 whatever its weights are."""

    def forward(self, batch):
        graph = batch.graph
        return self.linear(IndexSum.segments(graph.graph, graph.n_graphs)(atom_rows(graph.atom)).to(self.dtype)).float()


def test_a_sound_encoder_passes():
    """The checks ask for nothing that an honest encoder does not give."""
    testing.check_encoder(Sound, testing.toy_inputs())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (BatchMean, "alone and in a batch"),
        (Ordered, "numberings"),
        (Unseeded, "one seed"),
        (Deaf, "no gradient reaches unused"),
        (MeanOfNothing, "not finite"),
        (LastGraphLost, "shape"),
        (Single, "in float64 give embeddings in torch.float32"),
    ],
)
def test_a_broken_encoder_is_caught(broken, message):
    """Each deliberate break (the classes above) is seen by the check that is meant for it."""
    with pytest.raises(AssertionError, match=message):
        testing.check_encoder(broken, testing.toy_inputs())


def test_permuted_atoms_make_the_same_molecules():
    """The permutation check compares equals: every bond keeps its ends' codes and its reverse."""
    graph = testing.toy_graphs(6, seed=1).batch(torch.arange(6))
    other = testing.permute_atoms(graph, seed=0)
    assert not torch.equal(other.atom, graph.atom)
    assert torch.equal(other.graph[other.src], other.graph[other.dst])
    assert torch.equal(other.src[0::2], other.dst[1::2])
    assert torch.equal(other.bond[0::2], other.bond[1::2])

    def bonds(g):
        return sorted(torch.cat([g.atom[g.src], g.bond, g.atom[g.dst]], 1).tolist())

    assert bonds(other) == bonds(graph)
