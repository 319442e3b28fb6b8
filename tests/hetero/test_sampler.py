"""A sampled neighbourhood holds exactly what it should, and a network cannot tell it from the graph."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hetero.random_graphs import AT, NEAR, NEVER, TO, topologies, topology
from weft.data.hetero import Relation
from weft.errors import UserError
from weft.hetero.batches import batches, epoch_generator
from weft.hetero.draw import draw_edges
from weft.hetero.layer import LayerConfig
from weft.hetero.sampler import Sample, Sampler
from weft.hetero.topology import Adjacency, Topology
from weft.hetero.trunks.base import REGISTRY, Families, TrunkConfig, build_trunk

TRUNKS = [name for name in REGISTRY if name != "han"]  # HAN weighs meta-paths by a mean over all nodes at hand

EXPERTS = {"mmoe": 3, "ple": 2}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some(n: int, most: int, seed: int) -> torch.Tensor:
    return torch.randperm(n, generator=seeded(seed))[:most]


def ends(edges: Adjacency) -> list[tuple[int, int]]:
    return list(zip(edges.source.tolist(), edges.target.tolist(), strict=True))


def in_graph(sample: Sample, relation: Relation) -> list[tuple[int, int]]:
    source, target = sample.nodes[relation.source], sample.nodes[relation.target]
    return [(int(source[s]), int(target[t])) for s, t in ends(sample.topology.edges[relation])]


def slow(full: Topology, seeds: dict[str, list[int]], hops: int) -> tuple[dict[str, set[int]], dict[Relation, set]]:
    """Return nodes within `hops` of the seeds and the edges into those within one less, one by one."""
    nodes = {kind: set(seeds.get(kind, [])) for kind in full.counts}
    edges: dict[Relation, set] = {relation: set() for relation in full.edges}
    for _ in range(hops):
        before = {kind: set(ids) for kind, ids in nodes.items()}
        for relation, adjacency in full.edges.items():
            for source, target in ends(adjacency):
                if target in before[relation.target]:
                    edges[relation].add((source, target))
                    nodes[relation.source].add(source)
    return nodes, edges


@given(topologies(), st.integers(0, 3), st.integers(0, 10**6))
def test_without_limit_every_neighbour_is_there_once(full: Topology, hops: int, seed: int):
    seeds = {"a": some(full.counts["a"], 2, seed), "b": some(full.counts["b"], 3, seed)}
    sample = Sampler(full, [None] * hops).sample(seeds, seeded())
    nodes, edges = slow(full, {kind: ids.tolist() for kind, ids in seeds.items()}, hops)
    assert list(sample.nodes) == list(full.counts)
    for kind, ids in sample.nodes.items():
        assert sample.seeds[kind] == len(seeds.get(kind, ()))
        assert ids[: sample.seeds[kind]].tolist() == seeds.get(kind, torch.tensor([])).tolist()
        assert sorted(ids.tolist()) == sorted(nodes[kind])
        assert sample.topology.counts[kind] == len(ids)
    assert sample.topology.schema == full.schema
    for relation, wanted in edges.items():
        assert sorted(in_graph(sample, relation)) == sorted(wanted)


@given(topologies(), st.sampled_from([0, 1, 2, 5]), st.sampled_from([0, 1, 3]), st.integers(0, 10**6))
def test_a_limit_keeps_as_many_as_it_allows_and_only_edges_of_the_graph(full: Topology, k: int, other: int, seed: int):
    seeds = {"b": some(full.counts["b"], 3, seed)}
    fanouts = [dict.fromkeys((r.key for r in full.edges), k) | {NEAR.key: other}, k]
    sample = Sampler(full, fanouts).sample(seeds, seeded(seed))
    for relation, edges in full.edges.items():
        drawn = in_graph(sample, relation)
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) <= set(ends(edges))
        for target in seeds["b"].tolist() if relation.target == "b" else ():
            limit = other if relation == NEAR else k
            assert sum(t == target for _, t in drawn) == min(limit, int(edges.count[target]))


@pytest.mark.parametrize("name", TRUNKS)
@settings(max_examples=8)
@given(full=topologies(), layers=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_networks_compute_the_same_at_the_seeds(name: str, full: Topology, layers: int, seed: int):
    torch.manual_seed(seed)
    kinds = ("b", "a", "b") if full.counts["a"] else ("b", "b")
    families = Families(tuple(f"task {i}" for i in range(len(kinds))), kinds)
    config = TrunkConfig(layers=layers, layer=LayerConfig(dim=8), experts=EXPERTS.get(name, 0))
    trunk = build_trunk(name, full.schema, families, config).eval()
    x = {kind: torch.randn(trunk.copies, n, 8) for kind, n in full.counts.items()}
    seeds = {kind: some(full.counts[kind], 4, seed) for kind in kinds}
    sample = Sampler(full, [None] * layers).sample(seeds, seeded())
    whole = trunk(x, full)
    part = trunk({kind: state[:, sample.nodes[kind]] for kind, state in x.items()}, sample.topology)
    for kind, a, b in zip(kinds, whole, part, strict=True):
        torch.testing.assert_close(b[: sample.seeds[kind]], a[seeds[kind]], rtol=0, atol=1e-5)


def hubs() -> Topology:
    return topology(1, {"a": 300, "b": 200, "c": 3}, {TO: 4000, NEAR: 3000, AT: 500, NEVER: 0}, ("b",))


def arrays(sample: Sample) -> list[torch.Tensor]:
    edges = sample.topology.edges.values()
    return [*sample.nodes.values(), *(e.source for e in edges), *(e.target for e in edges)]


def test_the_same_seed_draws_the_same_whatever_the_threads_and_what_was_drawn_before():
    full, seeds = hubs(), {"b": torch.arange(50), "c": torch.tensor([2])}
    first = Sampler(full, [3, 2]).sample(seeds, seeded(5))
    other = Sampler(full, [3, 2])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        other.sample({"a": torch.arange(20)}, seeded(9))
        again = other.sample(seeds, seeded(5))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(arrays(first), arrays(again), strict=True))
    different = other.sample(seeds, seeded(6))
    assert not torch.equal(first.topology.edges[NEAR].source, different.topology.edges[NEAR].source)


@given(topologies(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6))
def test_under_one_key_a_node_hears_the_same_whatever_the_other_seeds(full: Topology, k: int, hops: int, key: int):
    sampler, seed = Sampler(full, [k] * hops), some(full.counts["b"], 1, key)
    alone = sampler.sample({"b": seed}, key)
    many = {kind: torch.arange(n) for kind, n in full.counts.items()}
    beside = sampler.sample(many | {"b": torch.arange(full.counts["b"]).flip(0)}, key)
    for relation in full.edges:
        heard = {target for _, target in in_graph(alone, relation)}
        assert set(in_graph(alone, relation)) == {e for e in in_graph(beside, relation) if e[1] in heard}


def test_a_failed_call_leaves_nothing_behind():
    sampler = Sampler(hubs(), [2, 2])
    with pytest.raises(UserError):
        sampler.sample({"a": torch.tensor([1, 1])}, seeded())
    again = sampler.sample({"a": torch.tensor([1])}, seeded())
    assert again.nodes["a"].unique().numel() == len(again.nodes["a"])


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ({"d": [0]}, "no nodes of type 'd'"),
        ({"a": [300]}, "outside the 300 nodes"),
        ({"a": [-1]}, "outside"),
        ({"a": [4, 4]}, "given twice"),
    ],
)
def test_bad_seeds_are_told(seeds: dict[str, list[int]], words: str):
    with pytest.raises(UserError, match=words):
        Sampler(hubs(), [2]).sample({kind: torch.tensor(ids) for kind, ids in seeds.items()}, seeded())


def test_bad_fanouts_are_told():
    with pytest.raises(UserError, match="no relation"):
        Sampler(hubs(), [{"a__to__c": 3}])
    with pytest.raises(UserError, match="-2"):
        Sampler(hubs(), [3, -2])


@pytest.mark.parametrize(("degree", "fanout"), [(5, 4), (6, 2), (12, 3), (13, 3), (40, 3)])
def test_every_subset_of_neighbours_is_as_likely(degree: int, fanout: int):
    """Chi square of single edges and of pairs, over many nodes of one degree; degrees on both ways of drawing."""
    n = 6000
    start = torch.arange(n) * degree
    edge, node = draw_edges(start, torch.full((n,), degree), fanout, 3)
    picked = np.zeros((n, degree))
    picked[node.numpy(), (edge - start[node]).numpy()] += 1
    assert picked.max() == 1
    assert (picked.sum(1) == fanout).all()
    single, pair = picked.sum(0), (picked.T @ picked)[np.triu_indices(degree, 1)]
    expected, both = n * fanout / degree, n * fanout * (fanout - 1) / degree / (degree - 1)
    # a chi square with m degrees of freedom stays below m + 4 sqrt(2 m) + 4 but once in thousands
    for found, wanted in ((single, expected), (pair, both)):
        dof = len(found) - 1
        assert ((found - wanted) ** 2 / wanted).sum() < dof + 4 * (2 * dof) ** 0.5 + 4


def test_a_hub_costs_its_fanout_and_not_its_degree():
    degree = 1_000_000
    star = Adjacency(torch.arange(degree), torch.zeros(degree, dtype=torch.int64), degree, 2)
    sampler = Sampler(Topology({"leaf": degree, "hub": 2}, {Relation("leaf", "of", "hub"): star}), [10])
    sample, peak = None, 0
    with torch.profiler.profile(profile_memory=True, activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        sample = sampler.sample({"hub": torch.tensor([0, 1])}, seeded())
    peak = max(event.cpu_memory_usage for event in profile.events())
    assert len(sample.nodes["leaf"]) == 10
    assert peak < 100_000


def test_nothing_of_a_sample_outlives_it():
    full, sampler = hubs(), None
    sampler = Sampler(full, [3, 3])
    draw = seeded()

    def steps(count: int) -> int:
        for _ in range(count):
            sample = sampler.sample({"b": torch.randperm(200, generator=draw)[:20]}, draw)
            for edges in sample.topology.edges.values():
                assert len(edges.back.order) == len(edges)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before, after = steps(10), steps(60)
    finally:
        tracemalloc.stop()
    assert after - before < 30_000


def test_batches_hold_every_row_once_and_depend_on_seed_and_epoch_alone():
    rows = torch.arange(100, 123)
    parts = list(batches(rows, 10, epoch_generator(3, 7)))
    assert [len(part) for part in parts] == [8, 8, 7]
    assert torch.equal(torch.cat(parts).sort().values, rows)
    again = torch.cat(list(batches(rows, 10, epoch_generator(3, 7))))
    assert torch.equal(torch.cat(parts), again)
    for seed, epoch in ((3, 8), (4, 7)):
        assert not torch.equal(torch.cat(list(batches(rows, 10, epoch_generator(seed, epoch)))), again)
    assert torch.equal(torch.cat(list(batches(rows, 10))), rows)
    assert list(batches(rows[:0], 10)) == []
