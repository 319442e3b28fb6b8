"""Layers over exact class nodes: learnt where they help, taken as far as validation says, the same on every run."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from tests.fewshot.test_network import CONFIG, SHAPES
from weft.fewshot.episodes import members
from weft.fewshot.exact import solved
from weft.fewshot.heads import PrototypeHead
from weft.fewshot.layered import SHARES, with_layers
from weft.fewshot.network import correct
from weft.training.run import Run

LAYERED = dataclasses.replace(CONFIG, exact_layers=1, judged=20)


def parted(h, label, count):
    cuts = (0, count // 2, 3 * count // 4, count)
    places = [np.flatnonzero((label >= a) & (label < b)) for a, b in itertools.pairwise(cuts)]
    return torch.from_numpy(h.astype(np.float32)), [members(label, rows) for rows in places]


def bent(count=160):
    """Gaussian classes of four directions, seen through squares of what is positive of 24 sums: no longer Gaussian."""
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(count), 12)
    z = 1.5 * rng.normal(size=(count, 4))[label] + 0.5 * rng.normal(size=(len(label), 4))
    return parted(np.maximum(z @ rng.normal(size=(4, 24)) + rng.normal(size=24), 0) ** 2, label, count)


def straight(count=80):
    """Gaussian classes: the exact head is the best there is."""
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(count), 12)
    return parted(2 * rng.normal(size=(count, 6))[label] + 3 * rng.normal(size=(len(label), 6)), label, count)


def learnt(h, among, config=LAYERED):
    exact = solved(PrototypeHead(), h, among[0], (h, among[1]), SHAPES, 20)
    return h, among, exact, with_layers(exact, config, h, among[0], (h, among[1]), SHAPES, Run())


@pytest.fixture(scope="module")
def made():
    return learnt(*bent())


def wrong(head, h, among, count=150):
    return 1 - np.mean([correct(head, h, among, shape, count).mean() for shape in SHAPES])


def test_they_learn_what_a_gaussian_does_not_tell(made):
    """On classes never seen, fewer mistakes than the exact head they began as."""
    h, among, exact, head = made
    assert head.weights.share > 0
    assert wrong(head, h, among[2]) < 0.92 * wrong(exact, h, among[2])


def test_more_layers_are_never_worse_on_validation(made):
    """Protects the choice: of the shares that are tried none is better, and one of them is the exact head itself."""
    h, among, exact, head = made
    count, found = 4 * LAYERED.judged, {}
    for share in SHARES:
        weights = dataclasses.replace(head.weights, share=share)
        found[share] = wrong(type(head)(head.learnt, head.gaussian, weights, head.layers), h, among[1], count)
    assert found[0.0] == wrong(exact, h, among[1], count)
    assert found[head.weights.share] == min(found.values())


def test_where_classes_are_gaussian_next_to_nothing_of_them_is_taken():
    h, among, exact, head = learnt(*straight())
    assert head.weights.share < 1
    assert wrong(head, h, among[2]) < 1.03 * wrong(exact, h, among[2])


def test_the_same_seed_gives_the_same_layers(made):
    two = learnt(*bent())[3]
    assert two.weights == made[3].weights
    assert all(torch.equal(value, two.layers.state_dict()[k]) for k, value in made[3].layers.state_dict().items())


def test_without_validation_nothing_of_them_is_taken(made):
    h, among, exact, _ = made
    assert with_layers(exact, LAYERED, h, among[0], (h, among[1]), (), Run()).weights.share == 0
