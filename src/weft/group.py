"""Several processes that train one model: which of them this is, and what they add up.

Work is split by rows: of a step's molecules each process embeds a part, of its labelled nodes each samples and computes
a part. What follows, the knowledge graph or the balancing of losses, every process does whole on what all have made; so
all take the same step, and the model is the one that a single process would train on the whole batch, but for the order
of sums and the draws of dropout. Without a group everything here is done by one process, and costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from weft.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

#: How long one process waits for another, which may have a network more to train.
_PATIENCE = timedelta(hours=6)
#: Distance between the seeds of two processes: their draws of dropout must differ.
SEED_STEP = 1_000_003


@dataclass(frozen=True)
class Group:
    """The processes of a training.

    Attributes:
        rank: number of this one; 0 writes files and tells progress.
        size: how many there are.
        device: where its tensors are.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.size == 1

    def part(self, rows: Tensor) -> Tensor:
        """Return this process's share of some rows; the shares follow each other, and none is doubled or left out."""
        return rows if self.alone else rows[self.share(len(rows))]

    def share(self, n: int) -> slice:
        """Return which of `n` rows are this process's."""
        before = sum(self.sizes(n)[: self.rank])
        return slice(before, before + self.sizes(n)[self.rank])

    def sizes(self, n: int) -> list[int]:
        """Return how many of `n` rows each process has."""
        return [n // self.size + (at < n % self.size) for at in range(self.size)]

    def joined(self, part: Tensor, n: int) -> Tensor:
        """Return the rows of all processes, `[n, ...]`; the gradient of this one's part is that of its rows.

        Args:
            part: this process's rows, as `part` shares them out.
            n: rows in all.
        """
        if self.alone:
            return part
        from weft.group_sums import Joined

        return cast("Tensor", Joined.apply(part, self.sizes(n), self.rank))

    def total(self, part: Tensor) -> Tensor:
        """Return the sum over processes; the gradient stays each process's own, to be added up later."""
        if self.alone:
            return part
        from weft.group_sums import Total

        return cast("Tensor", Total.apply(part))

    def statistic(self, part: Tensor) -> Tensor:
        """Return the sum over processes, with the gradient of what all processes make of it."""
        if self.alone:
            return part
        from weft.group_sums import Statistic

        return cast("Tensor", Statistic.apply(part))

    def add_up(self, tensors: Iterable[Tensor | None], share: float = 1.0) -> None:
        """Add tensors of the same shapes up over processes, in place and in one message; times `share`."""
        held = [tensor for tensor in tensors if tensor is not None]
        if self.alone or not held:
            return
        import torch
        import torch.distributed as dist

        flat = torch.cat([tensor.detach().flatten() for tensor in held])
        dist.all_reduce(flat)
        for tensor, piece in zip(held, flat.split([tensor.numel() for tensor in held]), strict=True):
            tensor.copy_(piece.view_as(tensor).mul(share) if share != 1 else piece.view_as(tensor))

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add every parameter's `.grad` up over processes; one that no process reached stays without."""
        if self.alone:
            return
        held = list(parameters)
        found = self.whole([p.grad for p in held], held)
        for parameter, grad in zip(held, found, strict=True):
            parameter.grad = grad

    def whole(self, grads: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor | None]:
        """Return gradients summed over processes; None where no process has one.

        Args:
            grads: this process's; None where it reached nothing.
            like: tensors of their shapes.
        """
        if self.alone:
            return list(grads)
        import torch

        reached = torch.tensor([float(grad is not None) for grad in grads], device=self.device)
        found = [torch.zeros_like(x) if grad is None else grad.clone() for grad, x in zip(grads, like, strict=True)]
        self.add_up([reached, *found])
        return [grad if hit else None for grad, hit in zip(found, reached.tolist(), strict=True)]

    def from_first(self, value: int) -> int:
        """Return the first process's value."""
        if self.alone:
            return value
        import torch
        import torch.distributed as dist

        told = torch.tensor([value], device=self.device)
        dist.broadcast(told, 0)
        return int(told)

    def exchanged(self, arrays: dict[str, Tensor], source: int) -> dict[str, Tensor]:
        """Return the tensors of process `source`, by name, on the processor; they travel as safetensors do."""
        if self.alone:
            return arrays
        import torch
        import torch.distributed as dist
        from safetensors.torch import load, save

        packed = (
            save({name: value.cpu().contiguous() for name, value in arrays.items()}) if self.rank == source else b""
        )
        n = torch.tensor([len(packed)], device=self.device)
        dist.broadcast(n, source)
        held = torch.frombuffer(bytearray(packed or int(n)), dtype=torch.uint8).to(self.device)
        dist.broadcast(held, source)
        return load(held.cpu().numpy().tobytes())


ALONE = Group()
_CURRENT: ContextVar[Group] = ContextVar("group", default=ALONE)


def current() -> Group:
    """Return the group at work; one process outside of any."""
    return _CURRENT.get()


@contextmanager
def apart() -> Generator[None]:
    """Work as if there were no other process, for a while."""
    token = _CURRENT.set(ALONE)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def expected() -> Group:
    """Return the group that this process was started in: by `--devices`, torchrun or another launcher."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    return Group(int(os.environ.get("RANK", "0")), size) if size > 1 else ALONE


@contextmanager
def together(device: torch.device | str = "cpu") -> Generator[Group]:
    """Meet the other processes that this one was started with, and work with them for a while.

    Args:
        device: where this process computes.

    Raises:
        UserError: when another process ends before its time.
    """
    found = expected()
    if found.alone:
        yield ALONE
        return
    import torch
    import torch.distributed as dist

    group = Group(found.rank, found.size, str(device))
    if str(device) != "cpu":
        torch.cuda.set_device(device)
    dist.init_process_group("gloo" if str(device) == "cpu" else "nccl", timeout=_PATIENCE)
    token = _CURRENT.set(group)
    try:
        yield group
    except RuntimeError as error:
        if "peer" not in str(error) and "onnection" not in str(error):
            raise
        mend = "See what it said; then run the same command with --resume."
        raise UserError(f"another process of the {group.size} ended before its time", mend=mend) from error
    finally:
        _CURRENT.reset(token)
        dist.destroy_process_group()
