"""From states and messages to gated, merged messages in one pass over blocks of nodes, forward and backward.

A gate has a weight per node, relation, task and source expert: with 32 tasks a thousand numbers for every message. None
of these, nor any mixture of messages, is ever there for all nodes: a block's are made, used, and made again for the
gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from weft.hetero.gradients import once
from weft.hetero.mixing import mix_back, mix_forward
from weft.hetero.products import times

#: Numbers of messages in a block, so that it stays in a CPU's cache.
BLOCK = 1 << 21


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

    def block(self, at: slice) -> GateParts:
        """Return the part of some nodes."""
        return self._replace(message=self.message[:, :, at], z=self.z[:, at])

    def vectors(self) -> Tensor | None:
        """Return `key` and `look` below each other, `[R, C, D]`."""
        relations = self.message.shape[1]
        key = [] if self.key is None else [self.key.expand(relations, -1, -1)]
        found = key if self.look is None else [*key, self.look]
        return torch.cat(found, 1) if found else None


class Weights(NamedTuple):
    """How messages are weighed: `gate` `[T, R, S, N]`, `beta` `[T, R, N]`, and `scored`, `gate`'s shape, by the key."""

    gate: Tensor
    beta: Tensor
    scored: Tensor | None

    def whole(self) -> Tensor:
        """Return the weights of the messages, `[T, R, S, N]`."""
        return self.gate * self.beta[:, :, None]


def gated_merge(parts: GateParts) -> Tensor:
    """Return the tasks' messages, mixed over experts and merged over relations, `[T, N, D]`.

    With `g = softmax over s of (out z + prior + look.m)` and `b = softmax over r of sum_s g key.m`, it is the sum over
    r and s of `b g m`: the score of a mixture is the mixture of the scores.
    """
    return _GatedMerge.apply(*parts)  # type: ignore[no-any-return]


@torch.no_grad()
def gates(parts: GateParts) -> Tensor:
    """Return the gates' weights `[T, R, S, N]` of all nodes, without a gradient."""
    return torch.cat([weigh(parts.block(at)).gate for at in _blocks(parts.message)], 3)


def weigh(parts: GateParts) -> Weights:
    """Return the weights of one block's messages, without a gradient."""
    sources, relations, n, _ = parts.message.shape
    tasks, vectors = len(parts.z), parts.vectors()
    logit = torch.stack([times(o, z.t()) for o, z in zip(parts.out, parts.z, strict=True)])
    logit = logit.view(tasks, relations, sources, n)
    scored = None
    if parts.prior is not None:
        logit += parts.prior
    if vectors is not None:
        made = torch.stack(
            [torch.stack([times(v, m.t()) for m in parts.message[:, r]], 1) for r, v in enumerate(vectors)], 1
        )
        if parts.look is not None:
            logit += made[-tasks:]
        scored = made[:tasks] if parts.key is not None else None
    gate = logit.softmax(2)
    if scored is None:
        return Weights(gate, gate.new_full((tasks, relations, n), 1 / relations), None)
    return Weights(gate, (gate * scored).sum(2).softmax(1), scored)


class _GatedMerge(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *tensors: Tensor | None) -> Tensor:
        ctx.save_for_backward(*tensors)
        parts = GateParts(*tensors)  # type: ignore[arg-type]
        merged = torch.empty_like(parts.z)
        for at in _blocks(parts.message):
            block = parts.block(at)
            merged[:, at] = mix_forward(weigh(block).whole(), block.message)
        return merged

    @staticmethod
    @once
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        parts = GateParts(*ctx.saved_tensors)
        to = GateParts(*(None if part is None else torch.zeros_like(part) for part in parts))  # type: ignore[arg-type]
        for at in _blocks(parts.message):
            _back(parts.block(at), grads[0][:, at], to.block(at))
        return tuple(to)


def _back(parts: GateParts, grad: Tensor, to: GateParts) -> None:
    """Add one block's gradients to `to`, given that of its merged messages `[T, n, D]`."""
    weights = weigh(parts)
    gate, beta, scored = weights
    to_whole = mix_back(weights.whole(), parts.message, grad, to.message)
    to_gate = to_whole * beta[:, :, None]
    to_scored = None
    if scored is not None:
        to_beta = (to_whole * gate).sum(2)
        to_sum = (beta * (to_beta - (beta * to_beta).sum(1, keepdim=True)))[:, :, None]
        to_gate += to_sum * scored
        to_scored = to_sum * gate
    to_logit = gate * (to_gate - (gate * to_gate).sum(2, keepdim=True))
    if to.prior is not None:
        to.prior.add_(to_logit.sum(3, keepdim=True))
    for t, each in enumerate(to_logit.flatten(1, 2)):
        to.out[t] += times(each, parts.z[t])
        to.z[t] = times(each.t(), parts.out[t])
    _back_vectors(parts, to, to_scored, to_logit)


def _back_vectors(parts: GateParts, to: GateParts, to_scored: Tensor | None, to_logit: Tensor) -> None:
    vectors = parts.vectors()
    if vectors is None:
        return
    pieces = ([] if to_scored is None else [to_scored]) + ([] if parts.look is None else [to_logit])
    made, tasks = torch.cat(pieces).permute(1, 2, 0, 3).contiguous(), len(parts.z)
    for r, vector in enumerate(vectors):
        for s, message in enumerate(parts.message[:, r]):
            to.message[s, r].add_(times(made[r, s].t(), vector))
            to_vector = times(made[r, s], message)
            if to.key is not None:
                to.key.add_(to_vector[:tasks])
            if to.look is not None:
                to.look[r].add_(to_vector[-tasks:])


def _blocks(message: Tensor) -> Iterator[slice]:
    sources, relations, n, width = message.shape
    step = max(1, BLOCK // (sources * relations * width))
    for start in range(0, n, step):
        yield slice(start, start + step)
