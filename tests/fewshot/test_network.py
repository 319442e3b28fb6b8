"""Training by episodes: it learns, repeats, resumes, and reads training classes only."""

import dataclasses

import numpy as np
import torch

from weft.data.base import Inputs
from weft.data.vectors import Vectors
from weft.fewshot.episodes import Shape, members
from weft.fewshot.exact import ClassGaussian, ExactHead, Weights, solved
from weft.fewshot.network import FewShotConfig, correct, learn
from weft.training.loop import LoopConfig
from weft.training.run import Run

CONFIG = FewShotConfig("vectors", dim=16, ways=8, steps=10, judged=10, loop=LoopConfig(4, 3e-3, 0.0))
SHAPES = (Shape(5, 1, 5), Shape(5, 5, 5))


def classes(seed=0, count=45):
    """Classes differ in four directions of thirty, and their data in all of them."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(count), 12)
    x = rng.normal(size=(count, 4))[label] @ rng.normal(size=(4, 30)) + 1.5 * rng.normal(size=(len(label), 30))
    return Vectors(x), label, (np.flatnonzero(label < 25), np.flatnonzero(label >= 25))


def fit(config=CONFIG, data=None, label=None, parts=None, run=None):
    made = classes()
    data, label, parts = data or made[0], made[1] if label is None else label, parts or made[2]
    inputs = Inputs.of(data, ("vectors",))
    return (*learn(config, inputs, inputs.widths, label, parts, run or Run()), inputs)


def test_it_learns_classes_it_has_never_seen():
    """Every head beats its own start on classes of another part, and chance by far."""
    _, label, (_, held) = classes()
    among = [np.searchsorted(held, part) for part in members(label, held)]
    for head, layers in (("prototype", 0), ("graph", 2), ("tuned", 0)):
        net, history, inputs = fit(dataclasses.replace(CONFIG, head=head, layers=layers))
        scores = [row["score"] for row in history.rows]
        assert max(scores) > scores[0] - 0.02
        share = correct(net.head, net.embed(inputs, torch.from_numpy(held)), among, SHAPES[1], 40).mean()
        assert share > 0.75, head


def test_training_depends_on_training_classes_and_the_seed_only(tmp_path):
    """No peeking and determinism: other held-out data give the same weights; so does a run that was interrupted."""
    config = dataclasses.replace(CONFIG, judged=0)
    data, _, parts = classes()
    x = data.dense("vectors")
    x[parts[1]] = 0
    first = fit(config)[0].state_dict()
    torch.manual_seed(5)
    second = fit(config, data=Vectors(x))[0].state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    short = dataclasses.replace(config, loop=dataclasses.replace(config.loop, schedule="constant", epochs=2))
    whole = dataclasses.replace(short, loop=dataclasses.replace(short.loop, epochs=4))
    fit(short, run=Run(folder=tmp_path))
    resumed, straight = (fit(whole, run=Run(folder=folder))[0].state_dict() for folder in (tmp_path, None))
    assert all(torch.equal(value, straight[name]) for name, value in resumed.items())


def test_exact_nodes_beat_prototypes_where_directions_differ_in_worth():
    """On embeddings as they are, with weights that validation chose; and the usual weights without validation."""
    data, label, _ = classes(count=60)
    h = torch.from_numpy(data.dense("vectors"))
    places = [np.flatnonzero((label >= a) & (label < b)) for a, b in ((0, 25), (25, 45), (45, 60))]
    among = [members(label, rows) for rows in places]
    net = fit(dataclasses.replace(CONFIG, head="prototype", loop=LoopConfig(1)))[0]
    head = solved(net.head, h, among[0], (h, among[1]), SHAPES, 20)
    plain, exact = (correct(answer, h, among[2], SHAPES[0], 60).mean() for answer in (net.head, head))
    assert 1 - exact < 0.7 * (1 - plain)
    assert solved(net.head, h, among[0], (h, among[1]), (), 20).weights == Weights()


def test_the_chosen_weights_are_the_best_on_validation_episodes():
    """Protects the choice: parts are computed once and added up; no other weights do better asked by themselves."""
    data, label, _ = classes(count=50)
    h = torch.from_numpy(data.dense("vectors"))
    among = [members(label, np.flatnonzero((label < 30) == first)) for first in (True, False)]
    learnt = fit(dataclasses.replace(CONFIG, head="prototype", loop=LoopConfig(1)))[0].head
    head = solved(learnt, h, among[0], (h, among[1]), SHAPES, 10)

    def score(other):
        return sum(correct(other, h, among[1], shape, 10).mean() for shape in SHAPES)

    for weights in (Weights(0.1, 0.0, 0.0), Weights(0.3, 1.0, 0.3), Weights(1.0, 0.3, 0.0)):
        other = ExactHead(learnt, ClassGaussian.fit(h, among[0], weights.ridge), weights)
        assert score(head) >= score(other) - 1e-6
