"""A predictor that knows the joint distribution of its binary tasks: whatever is asked has an exact answer."""

from __future__ import annotations

import itertools

import numpy as np

from weft.predictor import Predictions, Predictor
from weft.settings import Setting
from weft.tasks import TaskSet


class Joint(Predictor):
    name = "joint"

    def __init__(self, table):
        """Take the probabilities of all outcomes, `[2, 2, ..., 2]`."""
        self.table = np.asarray(table, float)
        self.tasks = TaskSet.binary([f"t{k}" for k in range(self.table.ndim)])
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL})

    def fit(self, data, labels, split, run):
        raise NotImplementedError

    def encode(self, data):
        return data.ok

    def predict_encoded(self, encoded, known):
        y, mask = known.table.to_dense()
        mean = np.array([self.given({int(j): int(y[i, j]) for j in np.flatnonzero(mask[i])}) for i in range(len(y))])
        mean = mean.reshape(len(y), -1).clip(0, 1)
        return Predictions(self.tasks, mean, np.sqrt(mean * (1 - mean)), encoded)

    def given(self, known):
        """Return the probability of 1 of every task given labels by position."""
        weight = self.table.copy()
        for task, value in known.items():
            weight = weight * np.expand_dims(np.arange(2) == value, tuple(k for k in range(weight.ndim) if k != task))
        weight = weight / weight.sum()
        return [weight.sum(tuple(k for k in range(weight.ndim) if k != task))[1] for task in range(weight.ndim)]

    def uncertainty(self, known, targets):
        """Return the sum of the targets' entropies given labels; those known have none."""
        p = np.clip(self.given(known), 1e-300, 1 - 1e-16)
        return sum(-p[t] * np.log(p[t]) - (1 - p[t]) * np.log(1 - p[t]) for t in targets if t not in known)

    def expected(self, known, measured, targets):
        """Return the same once `measured` tasks are known too, the mean over what they may be."""
        total = 0.0
        for values in itertools.product((0, 1), repeat=len(measured)):
            both, weight = dict(known), 1.0
            for task, value in zip(measured, values, strict=True):
                p = self.given(both)[task]
                weight *= p if value else 1 - p
                both[task] = value
            total += weight * self.uncertainty(both, targets)
        return total

    def state(self):
        raise NotImplementedError

    @classmethod
    def restore(cls, tasks, config, arrays):
        raise NotImplementedError


def chained(follow=(0.9, 0.6, 0.8), first=0.4):
    """Return a joint in which every task repeats the one before it with a given probability."""
    tasks = len(follow) + 1
    table = np.zeros((2,) * tasks)
    for outcome in itertools.product((0, 1), repeat=tasks):
        p = first if outcome[0] else 1 - first
        for k, same in enumerate(follow):
            p *= same if outcome[k] == outcome[k + 1] else 1 - same
        table[outcome] = p
    return Joint(table)
