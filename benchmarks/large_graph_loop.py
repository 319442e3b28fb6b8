"""Sampling neighbours one node at a time, to compare `large_graph.py`'s sampler with."""

from __future__ import annotations

import numpy as np


def one_by_one(topology, seeds, fanouts, draw: np.random.Generator) -> tuple[dict[str, dict[int, int]], dict]:
    """Sample as `Sampler` does, one node at a time: NumPy draws, dictionaries number the nodes."""
    arrays = {r: (e.start.numpy(), e.count.numpy(), e.source.numpy()) for r, e in topology.edges.items()}
    place = {kind: {int(v): i for i, v in enumerate(seeds.get(kind, ()))} for kind in topology.counts}
    fresh = {kind: list(found) for kind, found in place.items()}
    edges: dict = {relation: [] for relation in arrays}
    for fanout in fanouts:
        heard: dict[str, list[int]] = {kind: [] for kind in place}
        for relation, (start, count, source) in arrays.items():
            for node in fresh[relation.target]:
                near = source[start[node] : start[node] + count[node]]
                near = near if len(near) <= fanout else draw.choice(near, fanout, replace=False)
                for other in near.tolist():
                    if other not in place[relation.source]:
                        place[relation.source][other] = len(place[relation.source])
                        heard[relation.source].append(other)
                    edges[relation].append((place[relation.source][other], place[relation.target][node]))
        fresh = heard
    return place, edges
