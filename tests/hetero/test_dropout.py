"""Cheap dropout drops the share it should, scales the rest, and is the same for the same seed."""

from __future__ import annotations

import pytest
import torch

from weft.hetero.dropout import dropout, keep_mask


def drawn(share: float, shape: tuple[int, ...] = (500, 401), seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return dropout(torch.ones(shape), share, True)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4, 0.5, 0.6, 0.9])
def test_the_share_is_dropped_and_the_rest_scaled_up(share: float):
    out = drawn(share)
    kept = 1 - round(share * 256) / 256
    assert abs(float((out > 0).float().mean()) - kept) < 5 * (kept * (1 - kept) / out.numel()) ** 0.5
    torch.testing.assert_close(out[out > 0], torch.full_like(out[out > 0], 1 / kept))


def test_neighbouring_numbers_are_dropped_independently():
    kept = (drawn(0.5) > 0).flatten().float() - 0.5
    for step in (1, 2, 8, 64, 401):
        assert abs(float((kept[:-step] * kept[step:]).mean())) < 5 * 0.25 / len(kept) ** 0.5


def test_the_same_seed_gives_the_same_mask_and_the_next_draw_another():
    assert torch.equal(drawn(0.4), drawn(0.4))
    assert not torch.equal(drawn(0.4), dropout(torch.ones(500, 401), 0.4, True))


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_gradients_pass_where_values_passed(share: float):
    torch.manual_seed(0)
    x = torch.randn(7, 13, 5, requires_grad=True)
    out = dropout(x, share, True)
    out.sum().backward()
    torch.testing.assert_close(out, x * x.grad)
    assert (x.grad == 0).any()


@pytest.mark.parametrize("size", [0, 1, 7, 63, 64, 65, 129])
def test_any_size(size: int):
    torch.manual_seed(0)
    assert dropout(torch.ones(size), 0.5, True).shape == (size,)
    assert keep_mask(torch.Size([size]), 100).shape == (size,)


def test_nothing_changes_outside_training_or_without_a_share():
    x = torch.randn(5, 5)
    assert dropout(x, 0.5, False) is x
    assert dropout(x, 0.0, True) is x


def test_all_is_dropped_at_one_and_other_dtypes_are_kept():
    assert not drawn(1.0).any()
    assert dropout(torch.ones(100, dtype=torch.float64), 0.5, True).dtype == torch.float64


def test_a_mask_holds_the_wanted_share():
    torch.manual_seed(0)
    mask = keep_mask(torch.Size([300, 300]), 64)
    assert mask.dtype == torch.bool
    assert abs(float(mask.float().mean()) - 0.75) < 0.01
