"""The products of layers are ordinary products, in both precisions and with gradients."""

from __future__ import annotations

import pytest
import torch

from weft.hetero.aggregate import product
from weft.hetero.dense import ACTIVATIONS, dense
from weft.hetero.mixing import mix, mix_own
from weft.hetero.products import scores, times


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).requires_grad_()


@pytest.mark.parametrize("rows", [0, 1, 200])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_times_is_a_product(rows: int, dtype: torch.dtype):
    a, b = numbers(rows, 16, dtype=dtype).detach(), numbers(16, 8, seed=1, dtype=dtype).detach()
    bias = numbers(8, seed=2, dtype=dtype).detach()
    close = {"rtol": 0, "atol": 1e-5}
    torch.testing.assert_close(times(a, b), a @ b, **close)
    torch.testing.assert_close(times(a, b, bias), a @ b + bias, **close)
    torch.testing.assert_close(times(a.t(), a), a.t() @ a, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("copies", [1, 3])
def test_scores_are_dot_products(copies: int):
    vector, x = numbers(3, 2, 4), numbers(copies, 5, 4, seed=1)
    expected = torch.einsum("kcd,knd->kcn", vector, x.expand(3, -1, -1))
    torch.testing.assert_close(scores(vector, x), expected)
    assert torch.autograd.gradcheck(scores, (vector, x))


@pytest.mark.parametrize("copies", [1, 3])
def test_product_is_one_per_head(copies: int):
    x, matrix = numbers(copies, 5, 4), numbers(3, 4, 2, seed=1)
    torch.testing.assert_close(product(x, matrix), torch.matmul(x, matrix))
    assert torch.autograd.gradcheck(product, (x, matrix))


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_adds_and_activates(activation: str, copies: int):
    x, matrix, bias = numbers(copies, 5, 4), numbers(3, 4, 2, seed=1), numbers(3, 1, 2, seed=2)
    add = numbers(3, 5, 2, seed=3)
    act = {"none": lambda y: y, "relu": torch.relu, "elu": torch.nn.functional.elu}[activation]
    expected = act(torch.matmul(x, matrix) + bias + add)
    torch.testing.assert_close(dense(x, matrix, bias, add, activation), expected)
    assert torch.autograd.gradcheck(lambda *given: dense(*given, activation), (x, matrix, bias, add))
    assert torch.autograd.gradcheck(lambda *given: dense(*given, activation=activation), (x, matrix, bias))


def test_mixtures_are_sums_over_relations_and_sources():
    weight, message = numbers(2, 3, 4, 5), numbers(4, 3, 5, 6, seed=1)
    torch.testing.assert_close(mix(weight, message), torch.einsum("trsn,srnd->tnd", weight, message))
    assert torch.autograd.gradcheck(mix, (weight, message))
    own, alone = numbers(4, 3, 5), numbers(4, 3, 5, 6, seed=1)
    torch.testing.assert_close(mix_own(own, alone), torch.einsum("srn,srnd->snd", own, alone))
    assert torch.autograd.gradcheck(mix_own, (own, alone))
