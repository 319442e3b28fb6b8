"""Scalers: fixed by training rows, finite whatever comes in."""

import pytest
import torch

from weft.encoders.scalers import LIMIT, LogCounts, Standardise


def _fitted(x, rows=None):
    scaler = Standardise(x.shape[1])
    scaler.fit(x, torch.arange(len(x)) if rows is None else rows)
    return scaler


def test_columns_get_mean_zero_and_deviation_one():
    """Descriptors of any scale weigh the same."""
    torch.manual_seed(0)
    x = torch.randn(4000, 3) * torch.tensor([1e-3, 1.0, 1e6]) + torch.tensor([5.0, -2.0, 1e6])
    z = _fitted(x)(x)
    assert torch.allclose(z.mean(0), torch.zeros(3), atol=1e-3)
    assert torch.allclose(z.std(0), torch.ones(3), atol=1e-2)


def test_only_training_rows_count():
    """No peeking: what other rows hold must not move the scale."""
    torch.manual_seed(0)
    x = torch.randn(100, 2)
    y = x.clone()
    y[60:] = 1e4
    rows = torch.arange(60)
    for a, b in zip(_fitted(x, rows).buffers(), _fitted(y, rows).buffers(), strict=True):
        assert torch.equal(a, b)


def test_one_huge_value_does_not_set_the_scale():
    """RDKit's Ipc of one peptide is 1e40; the others must stay apart."""
    x = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0))
    x[0] = 1e38
    z = _fitted(x)(x)
    assert 0.8 < float(z[1:].std()) < 1.1


def test_undefined_infinite_and_constant_values_stay_finite():
    """NaN is unknown, not a number; a column constant in training says nothing on new data."""
    x = torch.tensor([[1.0, 3.0, torch.nan], [2.0, 3.0, torch.nan], [3.0, 3.0, torch.nan]])
    scaler = _fitted(x)
    z = scaler(torch.tensor([[torch.nan, 9.0, 1.0], [torch.inf, -torch.inf, torch.inf]]))
    assert z[0].tolist() == [0.0, 0.0, 0.0]
    assert 0 < float(z[1, 0]) <= LIMIT
    assert z[1, 1:].tolist() == [0.0, 0.0]


def test_a_rare_count_is_still_seen():
    """A group that one molecule in 400 has is cut off by quantiles, but is information."""
    x = torch.zeros(800, 1)
    x[::400] = 1.0
    z = _fitted(x)(x)
    assert float(z[0]) == pytest.approx(LIMIT)
    assert abs(float(z[1])) < 0.1


def test_bits_without_training_molecules_are_not_read():
    """An unseen bit's weights are noise."""
    x = torch.zeros(10, 2)
    x[:, 0] = 3
    x[9, 1] = 5
    scaler = LogCounts(2, at_least=2)
    scaler.fit(x, torch.arange(10))
    assert torch.allclose(scaler(x[9:]), torch.tensor([[4.0, 1.0]]).log())
