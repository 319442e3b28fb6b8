"""Heads: what they are with given weights, what they must not read, and what they start as."""

import pytest
import torch
from torch.nn import functional as F

from weft.errors import UserError
from weft.fewshot.exact import ClassGaussian, ExactHead, Weights
from weft.fewshot.frozen import FROZEN
from weft.fewshot.heads import HEADS, ClassLayer, GraphHead, PrototypeHead, TunedHead, make_head
from weft.fewshot.layered import NodeLayers

N, K, D = 4, 3, 6


def episode(seed=0):
    torch.manual_seed(seed)
    known = F.one_hot(torch.arange(N).repeat_interleave(K), N).float()
    return torch.randn(N * K, D) + 2 * known @ torch.randn(N, D), known, torch.randn(7, D)


def gaussian(seed=1):
    torch.manual_seed(seed)
    h = torch.randn(30, D).repeat_interleave(8, 0) + torch.randn(240, D) @ torch.randn(D, D)
    return h, ClassGaussian.fit(h, [torch.arange(8 * c, 8 * c + 8).numpy() for c in range(30)], 0.1)


def heads():
    made = {name: make_head(name, D, 2) for name in HEADS}
    for layer in made["graph"].layers:
        for part in (layer.to_class, layer.to_query):
            torch.nn.init.normal_(part.weight)
    made["exact"] = ExactHead(made["graph"], gaussian()[1], Weights(0.1, 0.3, 0.3))
    layers = NodeLayers(gaussian()[1], 2)
    for layer in layers.layers:
        for part in (layer.to_class, layer.to_query):
            torch.nn.init.normal_(part.weight, std=0.3)
    made["layered"] = ExactHead(made["graph"], gaussian()[1], Weights(0.1, 0.3, 0.3, 0.5), layers)
    return made


@pytest.mark.parametrize("name", [*HEADS, "exact", "layered", *FROZEN])
def test_queries_do_not_read_each_other_and_classes_have_no_order(name):
    """Batch invariance, and permutation: the classes' order in an episode moves the columns and nothing else."""
    torch.manual_seed(0)
    answer = heads()[name] if name not in FROZEN else FROZEN[name]
    support, known, query = episode()
    with torch.no_grad():
        score = answer(support, known, query)
        assert torch.allclose(answer(support, known, query[2:3])[0], score[2], atol=1e-4)
        order = torch.tensor([2, 0, 3, 1])
        assert torch.allclose(answer(support, known[:, order], query), score[:, order], atol=1e-3)
        rows = torch.randperm(len(support))
        assert torch.allclose(answer(support[rows], known[rows], query), score, atol=1e-3)


def test_prototypes_are_means_and_scores_square_distances():
    support, known, query = episode()
    head = PrototypeHead(0.5)
    means = torch.stack([support[K * k : K * k + K].mean(0) for k in range(N)])
    want = -0.5 * ((query[:, None] - means[None]) ** 2).sum(2)
    assert torch.allclose(head(support, known, query), want, atol=1e-4)


def test_a_graph_starts_as_prototypes():
    """Without layers it is the prototypical network; fresh layers change nothing but count its score again."""
    support, known, query = episode()
    want = PrototypeHead()(support, known, query)
    for layers in (0, 1, 2):
        assert torch.allclose(make_head("graph", D, layers)(support, known, query), want, atol=1e-4)


def test_a_layer_is_its_equations():
    """A slow reference, class by class and edge by edge. Seen to catch: messages from data of other classes."""
    support, known, _ = episode()
    layer = ClassLayer(D)
    torch.nn.init.normal_(layer.to_class.weight)
    c = torch.randn(N, D)
    got = layer.update_classes(c, support, known)
    for k in range(N):
        mine = [i for i in range(len(support)) if known[i, k]]
        message = sum(torch.sigmoid(layer.gate(support[i])) * layer.message(support[i]) for i in mine) / len(mine)
        ask = layer.ask(c[k])
        weight = torch.softmax(torch.stack([ask @ layer.key(other) for other in c]) / D**0.5, 0)
        read = sum(w * layer.value(other) for w, other in zip(weight, c, strict=True))
        want = c[k] + layer.to_class(torch.relu(message + read + layer.own(c[k])))
        assert torch.allclose(got[k], want, atol=1e-5)


def test_scores_of_layers_add_up():
    support, known, query = episode()
    head = heads()["graph"]
    assert isinstance(head, GraphHead)
    nodes, total = head.nodes(support, known), torch.zeros(7, N)
    for k, c in enumerate(nodes.layers):
        total = total - head.log_temperature[k].exp() * torch.cdist(query, c) ** 2
        query = query if k == 2 else head.layers[k].update_queries(query, c)
    assert torch.allclose(head(support, known, episode()[2]), total, rtol=1e-3, atol=1e-3)


def test_tuning_is_gradient_descent_on_the_support():
    """Against autograd, step by step from the prototypes."""
    support, known, query = episode()
    head = TunedHead(steps=3, temperature=0.2, rate=0.05)
    means = torch.stack([support[K * k : K * k + K].mean(0) for k in range(N)])
    weight, bias = (0.4 * means).requires_grad_(), (-0.2 * means.square().sum(1)).requires_grad_()
    for _ in range(3):
        loss = F.cross_entropy(support @ weight.T + bias, known.argmax(1))
        steps = torch.autograd.grad(loss, [weight, bias])
        weight, bias = ((p - 0.05 * g).detach().requires_grad_() for p, g in zip((weight, bias), steps, strict=True))
    assert torch.allclose(head(support, known, query), query @ weight.T + bias, atol=1e-5)


def test_exact_scores_are_the_predictive_density():
    """Against the joint normal of a query and its class's support, conditioned the slow way."""
    _, model = gaussian()
    within = torch.linalg.inv(model.transform @ model.transform.T)
    inverse = torch.linalg.inv(model.transform)
    between = inverse.T @ torch.diag(model.between) @ inverse
    support, known, query = episode()
    placed = model.place(support)
    got = model.scores(model.place(query), known.T @ placed / K, known.sum(0))
    slow = torch.empty(7, N)
    for k in range(N):
        mine = support[known[:, k] > 0] - model.center
        joint = between.repeat(K, K) + torch.block_diag(*[within] * K)  # of the K support data, stacked
        cross = between.repeat(1, K)
        gain = cross @ torch.linalg.inv(joint)
        mean, cov = gain @ mine.flatten(), between + within - gain @ cross.T
        normal = torch.distributions.MultivariateNormal(mean, cov)
        slow[:, k] = normal.log_prob(query - model.center)
    assert torch.allclose(got - got[:, :1], slow - slow[:, :1], rtol=1e-2, atol=1e-2)


def test_layers_over_exact_nodes_start_as_none_and_move_by_their_share():
    """Against the layers' own equations: fresh layers and share 0 are the exact head, share .5 is half of each step."""
    support, known, query = episode()
    made = heads()
    bare = ExactHead(made["graph"], made["exact"].gaussian, Weights(0.1))
    fresh = ExactHead(made["graph"], bare.gaussian, Weights(0.1, share=1.0), NodeLayers(bare.gaussian, 2))
    none = ExactHead(made["graph"], bare.gaussian, Weights(0.1), made["layered"].layers)
    want = bare(support, known, query)
    assert torch.equal(none(support, known, query), want)
    assert torch.allclose(fresh(support, known, query), want, atol=1e-4)
    half = ExactHead(made["graph"], bare.gaussian, Weights(0.1, share=0.5), made["layered"].layers)
    h, q = bare.gaussian.place(support), bare.gaussian.place(query)
    c = torch.stack([h[known[:, k] > 0].mean(0) for k in range(N)])
    for layer in made["layered"].layers.layers:
        steps = layer.update_classes(c, h, known) - c, layer.update_queries(h, c) - h, layer.update_queries(q, c) - q
        c, h, q = c + steps[0] / 2, h + steps[1], q + steps[2] / 2
    slow = bare.gaussian.scores(q, c, known.sum(0))
    assert torch.allclose(half(support, known, query), slow, rtol=1e-4, atol=1e-3)
    assert not torch.allclose(slow, want, atol=0.1)


def test_more_examples_are_believed_more():
    """A class of one example is drawn further to the centre than one of ten at the same mean."""
    _, model = gaussian()
    c = torch.ones(2, D)
    toward = model.scores(torch.zeros(1, D), c, torch.tensor([1.0, 10.0]))[0]
    at = model.scores(c[:1], c, torch.tensor([1.0, 10.0]))[0]
    assert toward[0] - toward[1] > at[0] - at[1]


def test_an_unknown_head_is_refused():
    with pytest.raises(UserError, match="no head"):
        make_head("svm", D)
