"""From states and messages to gated, merged messages in one pass over blocks of nodes, forward and backward.

A gate has a weight per node, relation, task and source expert: with 32 tasks a thousand numbers for every message. None
of these, nor any mixture of messages, is then there for all nodes: a block's are made, used, and made again for the
gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from weft.hetero.gradients import once
from weft.hetero.products import times

#: Numbers of messages in a block, so that it stays in a CPU's cache.
BLOCK = 1 << 20
#: Up to so many tasks the weights are few beside the messages, and are kept for the gradient.
KEPT = 8


class GateParts(NamedTuple):
    """What a gate works on.

    Attributes:
        message: of the experts, `[S, R, N, D]`.
        z: the tasks' hidden states of the gate, `[T, N, D]`.
        out: from those to logits, `[T, R * S, D]`.
        prior: added to the logits, `[T, R, S, 1]`, or None.
        key: the tasks' vectors that score messages for the merge over relations, `[T, D]`; None for a plain mean.
        look: what gates look for in the messages, `[R, T, D]`, or None.
    """

    message: Tensor
    z: Tensor
    out: Tensor
    prior: Tensor | None
    key: Tensor | None
    look: Tensor | None

    def block(self, at: slice) -> Block:
        """Return the part of some nodes."""
        return Block(self.message.permute(2, 1, 0, 3)[at].contiguous(), self.z[:, at])


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


def gated_merge(parts: GateParts) -> Tensor:
    """Return the tasks' messages, mixed over experts and merged over relations, `[T, N, D]`.

    With `g = softmax over s of (out z + prior + look.m)` and `b = softmax over r of sum_s g key.m`, it is the sum over
    r and s of `b g m`: the score of a mixture is the mixture of the scores.
    """
    return _GatedMerge.apply(*parts)  # type: ignore[no-any-return]


@torch.no_grad()
def gates(parts: GateParts) -> Tensor:
    """Return the gates' weights `[T, R, S, N]` of all nodes, without a gradient."""
    return torch.cat([_weigh(parts, parts.block(at)).gate for at in _blocks(parts.message)]).permute(3, 1, 2, 0)


def _weigh(parts: GateParts, block: Block) -> Weights:
    shape = (*block.message.shape[:3], len(block.z))
    logit = torch.bmm(block.z, parts.out.transpose(1, 2)).permute(1, 2, 0).reshape(shape)
    if parts.prior is not None:
        logit += parts.prior.permute(3, 1, 2, 0)
    if parts.look is not None:
        for r, look in enumerate(parts.look):
            logit[:, r] += times(block.message[:, r].flatten(0, 1), look.t()).view(logit[:, r].shape)
    gate = logit.softmax(2)
    if parts.key is None:
        return Weights(gate, gate.new_full((1, 1, 1, 1), 1 / shape[1]), None)
    scored = times(block.flat(), parts.key.t()).view(shape)
    return Weights(gate, (gate * scored).sum(2, keepdim=True).softmax(1), scored)


class _GatedMerge(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *tensors: Tensor | None) -> Tensor:
        ctx.save_for_backward(*tensors)
        parts = GateParts(*tensors)  # type: ignore[arg-type]
        merged = torch.empty_like(parts.z)
        ctx.kept = dict[int, Weights]()
        for at in _blocks(parts.message):
            block = parts.block(at)
            weights = _weigh(parts, block)
            if len(block.z) <= KEPT:
                ctx.kept[at.start] = weights
            merged[:, at] = torch.bmm(weights.whole().transpose(1, 2), block.message.flatten(1, 2)).transpose(0, 1)
        return merged

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        parts = GateParts(*ctx.saved_tensors)
        message = torch.empty_like(parts.message.permute(2, 1, 0, 3), memory_format=torch.contiguous_format)
        rest = [None if part is None else torch.zeros_like(part) for part in parts[2:]]
        to = GateParts(message, torch.empty_like(parts.z), *rest)  # type: ignore[arg-type]
        for at in _blocks(parts.message):
            block = parts.block(at)
            weights = ctx.kept.get(at.start) or _weigh(parts, block)
            _back(parts, block, weights, grads[0][:, at].transpose(0, 1).contiguous(), to, at)
        return (message.permute(2, 1, 0, 3), *to[1:])


def _back(parts: GateParts, block: Block, weights: Weights, grad: Tensor, to: GateParts, at: slice) -> None:
    """Put one block's gradients into `to`, given that of its merged messages `[n, T, D]`."""
    gate, beta, scored = weights
    to_whole = torch.bmm(block.message.flatten(1, 2), grad.transpose(1, 2)).view_as(gate)
    torch.bmm(weights.whole(), grad, out=to.message[at].flatten(1, 2))
    to_gate = to_whole * beta
    if scored is not None and parts.key is not None and to.key is not None:
        to_beta = (to_whole * gate).sum(2, keepdim=True)
        to_sum = beta * (to_beta - (beta * to_beta).sum(1, keepdim=True))
        to_gate.addcmul_(to_sum, scored)
        to_scored = (to_sum * gate).flatten(0, 2)
        to.message[at].flatten(0, 2).addmm_(to_scored, parts.key)
        to.key.add_(times(to_scored.t(), block.flat()))
    to_logit = gate * (to_gate - (gate * to_gate).sum(2, keepdim=True))
    if to.prior is not None:
        to.prior.add_(to_logit.sum(0).permute(2, 0, 1)[..., None])
    by_task = to_logit.flatten(1, 2).permute(2, 0, 1).contiguous()
    to.out.baddbmm_(by_task.transpose(1, 2), block.z)
    to.z[:, at] = torch.bmm(by_task, parts.out)
    if parts.look is not None and to.look is not None:
        for r, look in enumerate(parts.look):
            each = to_logit[:, r].flatten(0, 1)
            to.message[at, r] += times(each, look).view(to.message[at, r].shape)
            to.look[r] += times(each.t(), block.message[:, r].flatten(0, 1))


def _blocks(message: Tensor) -> Iterator[slice]:
    sources, relations, n, width = message.shape
    step = max(1, BLOCK // (sources * relations * width))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))
