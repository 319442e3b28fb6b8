"""From states and messages to gated, merged messages in one pass over blocks of nodes, forward and backward.

A gate has a weight per node, relation, task and source expert: with 32 tasks a thousand numbers for every message. None
of these, nor any mixture of messages, is then there for all nodes: a block's are made, used, and made again for the
gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from weft.hetero.gradients import once
from weft.hetero.products import times

#: Numbers of messages in a block, so that it stays in a CPU's cache.
BLOCK = 1 << 20
#: The same on a card, which wants large blocks.
BLOCK_ON_CARD = 1 << 27
#: Up to so many tasks the weights are few beside the messages, and are kept for the gradient.
KEPT = 8


class Gate(NamedTuple):
    """The gate of some tasks, on the way to one type of node.

    Attributes:
        tasks: which tasks it serves, int64 `[T]`; None for all.
        sources: which experts it chooses among, int64 `[S]`; None for all.
        out: from hidden states to logits, `[T, R * S, D]`.
        prior: added to the logits, `[T, R, S, 1]`, or None.
        key: the tasks' vectors that score messages for the merge over relations, `[T, D]`; None for a plain mean.
        look: what gates look for in the messages, `[R, T, D]`, or None.
    """

    tasks: Tensor | None
    sources: Tensor | None
    out: Tensor
    prior: Tensor | None
    key: Tensor | None
    look: Tensor | None

    def block(self, message: Tensor, z: Tensor, at: slice) -> Block:
        """Return what the gate works on at some nodes, of all messages `[K, R, N, D]` and hidden states."""
        own = message[:, :, at] if self.sources is None else message[self.sources, :, at]
        return Block(own.permute(2, 1, 0, 3).contiguous(), z[:, at] if self.tasks is None else z[self.tasks, at])

    def zeros(self) -> Gate:
        """Return room for the gradients of its parts."""
        rest = (None if part is None else torch.zeros_like(part) for part in (self.prior, self.key, self.look))
        return Gate(None, None, torch.zeros_like(self.out), *rest)

    def give(self, to: Tensor, block: Tensor, at: slice) -> None:
        """Add what is for the messages of some nodes, `[n, R, S, D]`, to that for all, `[K, R, N, D]`."""
        if self.sources is None:
            to[:, :, at] = block.permute(2, 1, 0, 3)
            return
        for s, k in enumerate(self.sources.tolist()):
            to[k, :, at] += block[:, :, s].transpose(0, 1)


class Block(NamedTuple):
    """Some nodes' messages, `[n, R, S, D]`, and hidden states, `[T, n, D]`."""

    message: Tensor
    z: Tensor

    def flat(self) -> Tensor:
        """Return the messages as rows, `[n * R * S, D]`."""
        return self.message.flatten(0, 2)


class Weights(NamedTuple):
    """How messages are weighed.

    Attributes:
        gate: `[n, R, S, T]`.
        beta: of the merge over relations, `[n, R, 1, T]`, or one number.
        scored: messages by the key, `[n, R, S, T]`, or None for a plain mean.
    """

    gate: Tensor
    beta: Tensor
    scored: Tensor | None

    def whole(self) -> Tensor:
        """Return the weights of the messages, `[n, R * S, T]`."""
        return (self.gate * self.beta).flatten(1, 2)


def gated_merge(message: Tensor, z: Tensor, gates: Sequence[Gate]) -> Tensor:
    """Return the tasks' messages, mixed over experts and merged over relations, `[T, N, D]`.

    With `g = softmax over s of (out z + prior + look.m)` and `b = softmax over r of sum_s g key.m`, it is the sum over
    r and s of `b g m`: the score of a mixture is the mixture of the scores.

    Args:
        message: of all experts, `[K, R, N, D]`.
        z: the tasks' hidden states of the gates, `[T, N, D']`.
        gates: every task is in one of them.
    """
    return _GatedMerge.apply(gates, message, z, *(part for gate in gates for part in gate[2:]))  # type: ignore[no-any-return]


@torch.no_grad()
def gate_weights(message: Tensor, z: Tensor, gate: Gate) -> Tensor:
    """Return a gate's weights `[T, R, S, N]` of all nodes, without a gradient."""
    blocks = [gate.block(message, z, at) for at in _blocks(message)]
    return torch.cat([_weigh(gate, block).gate for block in blocks]).permute(3, 1, 2, 0)


def _weigh(gate: Gate, block: Block) -> Weights:
    shape = (*block.message.shape[:3], len(block.z))
    logit = torch.bmm(block.z, gate.out.transpose(1, 2)).permute(1, 2, 0).reshape(shape)
    if gate.prior is not None:
        logit += gate.prior.permute(3, 1, 2, 0)
    if gate.look is not None:
        for r, look in enumerate(gate.look):
            logit[:, r] += times(block.message[:, r].flatten(0, 1), look.t()).view(logit[:, r].shape)
    share = logit.softmax(2)
    if gate.key is None:
        return Weights(share, share.new_full((1, 1, 1, 1), 1 / shape[1]), None)
    scored = times(block.flat(), gate.key.t()).view(shape)
    return Weights(share, (share * scored).sum(2, keepdim=True).softmax(1), scored)


class _GatedMerge(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gates: Sequence[Gate], message: Tensor, z: Tensor, *tensors: Tensor | None) -> Tensor:
        ctx.save_for_backward(message, z, *tensors)
        ctx.places = [(gate.tasks, gate.sources) for gate in gates]
        merged = z.new_empty(len(z), *message.shape[2:])
        ctx.kept = dict[tuple[int, int], Weights]()
        for at in _blocks(message):
            for number, gate in enumerate(gates):
                block = gate.block(message, z, at)
                weights = _weigh(gate, block)
                if len(block.z) <= KEPT:
                    ctx.kept[at.start, number] = weights
                found = torch.bmm(weights.whole().transpose(1, 2), block.message.flatten(1, 2)).transpose(0, 1)
                merged[slice(None) if gate.tasks is None else gate.tasks, at] = found
        return merged

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        message, z, *tensors = ctx.saved_tensors
        gates = [Gate(*places, *tensors[4 * at : 4 * at + 4]) for at, places in enumerate(ctx.places)]
        to_message, to_z = torch.empty_like(message), torch.empty_like(z)
        to = [gate.zeros() for gate in gates]
        for at in _blocks(message):
            if len(gates) > 1:
                to_message[:, :, at] = 0
            for number, gate in enumerate(gates):
                block = gate.block(message, z, at)
                weights = ctx.kept.get((at.start, number)) or _weigh(gate, block)
                tasks = slice(None) if gate.tasks is None else gate.tasks
                whole = torch.empty_like(block.message)
                to_z[tasks, at] = _back(gate, block, weights, grads[0][tasks, at].transpose(0, 1), to[number], whole)
                gate.give(to_message, whole, at)
        return (None, to_message, to_z, *(part for each in to for part in each[2:]))


def _back(parts: Gate, block: Block, weights: Weights, grad: Tensor, to: Gate, to_message: Tensor) -> Tensor:
    """Add one block's gradients to `to`, put that of its messages into `to_message`, and return that of its states.

    Args:
        parts: the gate.
        block: what it worked on.
        weights: what it made of that.
        grad: of the merged messages, `[n, T, D]`.
        to: gradients of the gate's parts.
        to_message: `[n, R, S, D]`.
    """
    gate, beta, scored = weights
    grad = grad.contiguous()
    to_whole = torch.bmm(block.message.flatten(1, 2), grad.transpose(1, 2)).view_as(gate)
    torch.bmm(weights.whole(), grad, out=to_message.flatten(1, 2))
    to_gate = to_whole * beta
    if scored is not None and parts.key is not None and to.key is not None:
        to_beta = (to_whole * gate).sum(2, keepdim=True)
        to_sum = beta * (to_beta - (beta * to_beta).sum(1, keepdim=True))
        to_gate.addcmul_(to_sum, scored)
        to_scored = (to_sum * gate).flatten(0, 2)
        to_message.flatten(0, 2).addmm_(to_scored, parts.key)
        to.key.add_(times(to_scored.t(), block.flat()))
    to_logit = gate * (to_gate - (gate * to_gate).sum(2, keepdim=True))
    if to.prior is not None:
        to.prior.add_(to_logit.sum(0).permute(2, 0, 1)[..., None])
    by_task = to_logit.flatten(1, 2).permute(2, 0, 1).contiguous()
    to.out.baddbmm_(by_task.transpose(1, 2), block.z)
    if parts.look is not None and to.look is not None:
        for r, look in enumerate(parts.look):
            each = to_logit[:, r].flatten(0, 1)
            to_message[:, r] += times(each, look).view(to_message[:, r].shape)
            to.look[r] += times(each.t(), block.message[:, r].flatten(0, 1))
    return torch.bmm(by_task, parts.out)


def _blocks(message: Tensor) -> Iterator[slice]:
    heads, relations, n, width = message.shape
    block = BLOCK if message.device.type == "cpu" else BLOCK_ON_CARD
    step = max(1, block // (heads * relations * width))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))
