"""A guard for machines without a card: raises where a tensor is made without saying on which device."""

from __future__ import annotations

import sys

from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors


class NoStrays(TorchFunctionMode):
    """While it is on, `torch.zeros(3)` is an error, and `torch.zeros(3, device=x.device)` and `x.new_zeros(3)` are not.

    A tensor made without a device is on the processor: beside data on a card it fails, or costs a copy. PyG's own
    operators are left to PyG's tests.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        ours = "torch_geometric" not in sys._getframe(1).f_code.co_filename
        if ours and func in _device_constructors() and kwargs.get("device") is None:
            raise AssertionError(f"torch.{func.__name__} makes a tensor on no device in particular")
        return func(*args, **kwargs)
