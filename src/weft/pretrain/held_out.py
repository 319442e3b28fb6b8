"""How well contexts and motifs of held-out molecules are told, beside what is told without looking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from weft.pretrain.block import Block, Sample
from weft.pretrain.corpus import Corpus
from weft.pretrain.heads import Answers
from weft.pretrain.losses import PARTS, losses
from weft.pretrain.network import PretrainNetwork

#: Most held-out molecules that are evaluated after each epoch.
MOST = 5000
#: Molecules of a step of the evaluation.
_STEP = 128


def evaluate(network: PretrainNetwork, held: Block) -> dict[str, float]:
    """Return losses and accuracies on held-out molecules; every atom and bond is asked.

    `loss` and its parts, means weighed by what each is a mean over; `atom_accuracy` and `bond_accuracy`, of the two
    views together (their mean log-probability).
    """
    was, sums, device = network.training, dict[str, float](), next(network.parameters()).device
    weights = {"atom": 0, "bond": 0, "motif": 0}
    network.eval()
    with torch.no_grad():
        for rows in torch.arange(len(held)).split(_STEP):
            sample = held.sample(rows).to(device)
            n = {"atom": len(sample.atom), "bond": len(sample.bond), "motif": len(rows)}
            for name, value in _step(network(sample), sample).items():
                kind = name.split("_")[0] if name != "agreement" else "motif"
                sums[name] = sums.get(name, 0.0) + value * n[kind]
            weights = {name: weights[name] + n[name] for name in weights}
    network.train(was)
    weights["agreement"] = weights["motif"]
    found = {name: value / max(weights[name.split("_")[0]], 1) for name, value in sums.items()}
    return {"loss": sum(found[name] for name in PARTS), **found}


def _step(answers: Answers, sample: Sample) -> dict[str, float]:
    asked = torch.ones_like(sample.atom, dtype=torch.bool), torch.ones_like(sample.bond, dtype=torch.bool)
    parts = losses(answers, sample, *asked)
    found = {name: float(getattr(parts, name)) for name in PARTS}
    for name in ("atom", "bond"):
        pair: tuple[Tensor, Tensor] = getattr(answers, name)
        right = (pair[0] + pair[1]).argmax(1) == getattr(sample, name)
        found[f"{name}_accuracy"] = float(right.float().mean()) if len(right) else 0.0
    return found


def blind(corpus: Corpus, held: Block) -> Mapping[str, float]:
    """Return what is reached without looking at a molecule, from the frequencies of what is learnt from.

    `atom_accuracy` and `bond_accuracy` of always saying the commonest context; `atom`, `bond` and `motif`, the losses
    of always saying the frequencies, each summed over as many views or outputs as the network's.
    """
    found: dict[str, float] = {}
    for name in ("atom", "bond"):
        vocabulary, label = corpus.vocabularies[name], getattr(held, name).long()
        counts = torch.tensor(vocabulary.counts, dtype=torch.float64) + 1.0
        found[name] = 2 * float(-(counts / counts.sum()).log()[label].mean()) if len(label) else 0.0
        found[f"{name}_accuracy"] = float((label == vocabulary.majority()).double().mean()) if len(label) else 0.0
    share = np.clip(corpus.motif_share, 1 / (corpus.n_train + 2), 1 - 1 / (corpus.n_train + 2))
    label = held.motif.numpy()
    found["motif"] = 4 * float(-(label * np.log(share) + (1 - label) * np.log1p(-share)).mean())
    return found
