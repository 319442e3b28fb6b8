"""Timing steps on a card or the processor, counting their operations, and the card's own ceilings."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

Step = Callable[[], object]


def seconds(step: Step, device: str, warm: int, count: int, rounds: int = 5) -> float:
    """Return the median over rounds of the mean seconds of a step; a card is waited for once per round."""
    for _ in range(warm):
        step()
    found = []
    for _ in range(rounds):
        _wait(device)
        start = time.perf_counter()
        for _ in range(count):
            step()
        _wait(device)
        found.append((time.perf_counter() - start) / count)
    return statistics.median(found)


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def flops(step: Step) -> int:
    """Return the operations of a step's matrix products, forward and backward, as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def ceilings() -> dict[str, float]:
    """Return what the card reaches here: products of 8192 x 8192 (TFLOP/s) and a copy (GB/s, read and written)."""
    found = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a, b = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
        found[name] = 2 * 8192**3 / seconds(lambda a=a, b=b: a @ b, "cuda", 3, 10) / 1e12
    x = torch.randn(1 << 28, device="cuda")
    y = torch.empty_like(x)
    found["copy_gb_s"] = 2 * x.numel() * 4 / seconds(lambda: y.copy_(x), "cuda", 3, 10) / 1e9
    return found
