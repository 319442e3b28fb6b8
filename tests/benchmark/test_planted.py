"""The planted truth is read from the gates of the right relation, direction and camp."""

import pytest

from weft.benchmark.planted import planted_shares, shares
from weft.data.customers import OWNS, PLANTED, RATES, CustomerConfig, customer_graph
from weft.hetero.gate_table import GateSummary
from weft.hetero.topology import reverse


def rows(relation, layer, bonus):
    """Every task takes .1 from others, `bonus` more from those of its camp, and .5 from itself."""
    camps = PLANTED[relation]

    def share(task, source):
        return 0.5 if task == source else 0.1 + bonus * (camps[task] == camps[source])

    key = reverse(relation).key
    return [GateSummary(layer, "customer", key, t, s, share(t, s), 0.0) for t in RATES for s in RATES]


def test_partners_and_opponents_are_told_apart():
    """Protects the claim that gates point at what was planted: by hand, over two layers."""
    found = shares([*rows(OWNS, 0, 0.2), *rows(OWNS, 1, 0.4)])
    assert [line["task"] for line in found] == list(PLANTED[OWNS])
    assert {line["relation"] for line in found} == {"owns"}
    for line in found:
        assert (line["own"], line["partner"], line["opponent"]) == pytest.approx((0.5, 0.4, 0.1))


def test_nothing_without_gates():
    """Protects rows without gates, or with a model per task, from an invented line."""
    graph = customer_graph(CustomerConfig(n_customers=200))
    assert planted_shares([object()], graph) == {}
    assert planted_shares([object(), object()], graph) == {}
    assert shares([]) == []
