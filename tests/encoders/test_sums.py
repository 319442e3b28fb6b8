"""Index sums against torch's own, values and gradients."""

import torch

from weft.encoders.sums import IndexSum


def test_equals_gather_and_index_add():
    """Sorting by segment loses no term, also with repeats, empty targets and rows never read."""
    torch.manual_seed(0)
    source, target = torch.randint(0, 7, (40,)), torch.randint(0, 5, (40,))
    target[target == 3] = 2
    x = torch.randn(9, 4, requires_grad=True)
    weight = torch.randn(5, 4)
    expected = torch.zeros(5, 4).index_add(0, target, x[source])
    (slow,) = torch.autograd.grad((expected * weight).sum(), x)
    found = IndexSum(source, target, 9, 5)(x)
    (fast,) = torch.autograd.grad((found * weight).sum(), x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(fast, slow)
    assert found[3].tolist() == [0.0] * 4


def test_gradient_is_right_to_the_second_order():
    """The gradient is an index sum itself, so it can be differentiated again."""
    x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    pick = IndexSum.gather(torch.tensor([2, 2, 0]), 3)
    assert torch.autograd.gradgradcheck(lambda v: pick(v.square()), x)


def test_nothing_to_sum():
    """A molecule of one atom has no bonds, a batch of bad rows no atoms."""
    none = torch.zeros(0, dtype=torch.int64)
    assert IndexSum(none, none, 3, 2)(torch.ones(3, 4)).tolist() == [[0.0] * 4] * 2
    assert IndexSum.segments(none, 2)(torch.ones(0, 4)).shape == (2, 4)
    assert IndexSum.gather(none, 3)(torch.ones(3, 4)).shape == (0, 4)
