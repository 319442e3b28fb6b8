r"""Binary relevance, classifier chains and their ensemble, given the labels that are known.

A chain (Read et al., Classifier chains for multi-label classification, Machine Learning 85, 2011) predicts labels one
after the other, each from the features and the labels before it. A known label stands in the chain with its value in
place of its prediction, so known labels act as if they came first, for every label behind them. Labels *before* a known
one are moved by it as well (`conditioned`): with :math:`s_j` the logit of label j and :math:`k` the known labels behind

.. math:: s_j + \sum_k \log P(y_k \mid x, y_j = 1) - \log P(y_k \mid x, y_j = 0)

which is the chain's own rule of Bayes with the other unknown labels at their probabilities (one step of mean field);
exact when one label is asked. An ensemble averages chains in random orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weft.arrays import put_under, under
from weft.baselines.answers import as_predictions
from weft.baselines.learners import Floats, Targets, column_targets
from weft.baselines.linear import column_loss
from weft.baselines.links import F32, LINKS, LinearLinks, Links
from weft.baselines.tabular import Columns, Scaler, tabular
from weft.errors import UserError, nearest
from weft.labels import Bools, LabelTable, Shown
from weft.predictor import Arrays, Predictions, Predictor
from weft.settings import Setting
from weft.tasks import Kind, TaskSet
from weft.training.calibration import sigmoid

if TYPE_CHECKING:
    from weft.data.base import Data
    from weft.data.splits import Split
    from weft.training.run import Run

#: Inverse ridges tried, and labels that are asked about them.
_STRENGTHS = (0.001, 0.01, 0.1, 1.0)
_ASKED = 12


def only_binary(tasks: TaskSet, name: str) -> None:
    """Refuse tasks that are no labels.

    Raises:
        UserError: naming the first one.
    """
    for task in tasks:
        if task.kind is not Kind.BINARY:
            mend = "Leave it out with --exclude, or choose '--model metalink'."
            raise UserError(f"a {name} model takes binary tasks only", where=f"task {task.name}", mend=mend)


class ChainsPredictor(Predictor):
    """An ensemble of classifier chains.

    Args:
        base: `lr`, logistic regressions whose ridge the validation rows choose, or `rf`, random forests.
        chains: how many, each in a random order.
        known: `conditioned`, labels before a known one are moved by it, too (of `lr` only); or `plugged`.

    Raises:
        UserError: for another word, no chain, or a base that cannot be conditioned.
    """

    name = "classifier-chains"
    reads_pattern = False
    reads: ClassVar[bool] = True

    def __init__(self, base: str = "lr", chains: int = 10, known: str = "conditioned") -> None:
        if base not in LINKS:
            raise UserError(f"there is no base {base!r}", mend=nearest(base, LINKS))
        if known not in ("conditioned", "plugged"):
            raise UserError(f"known labels cannot be {known!r}", mend=nearest(known, ("conditioned", "plugged")))
        if base != "lr" and known == "conditioned" and self.reads:
            raise UserError(f"chains of {base} cannot be conditioned", mend="Use known='plugged'.")
        if chains < 1:
            raise UserError(f"{chains} chains cannot be made", mend="Use one or more.")
        self.base, self.n_chains, self.known = base, chains, known
        self.settings = frozenset({Setting.STANDARD, Setting.RELATIONAL} if self.reads else {Setting.STANDARD})

    def fit(self, data: Data, labels: LabelTable, split: Split, run: Run) -> None:
        """Learn from the training rows; validation rows choose the ridge of logistic regressions."""
        only_binary(labels.tasks, self.name)
        self.note_features(data)
        self.tasks = labels.tasks
        rows, held = (part[data.ok[part]] for part in (split.train, split.val))
        features = tabular(data)
        self.columns = Columns.fit(features.take(rows))
        kept = self.columns.apply(features).x
        self.scaler = Scaler.fit(kept[rows])
        x = self.scaler.apply(kept) if self.base == "lr" else kept
        targets = column_targets(labels.take(rows))
        self.strength = 1.0
        if self.base == "lr" and len(held):
            self.strength = _strength((x[rows], x[held]), targets, column_targets(labels.take(held)), run)
        rng = np.random.default_rng([run.seed, 6])
        orders = [rng.permutation(targets.width) for _ in range(self.n_chains)]
        self.chains = [self._chain(k, order, x[rows], targets, run) for k, order in enumerate(orders)]

    def _chain(self, k: int, order: NDArray[np.int64], x: F32, targets: Targets, run: Run) -> Links:
        kind = LINKS[self.base]

        def learn() -> dict[str, NDArray[Any]]:
            return kind.learn(x, targets, order.tolist(), self.reads, self.strength, run).state()

        return kind.restore(run.stage(f"{self.name}-{k}", learn))

    def encode(self, data: Data) -> tuple[list[Any], Bools]:
        """Return what features alone say to every chain."""
        self.check_features(data)
        kept = self.columns.apply(tabular(data)).x
        x = self.scaler.apply(kept) if self.base == "lr" else kept
        return [chain.base(x) for chain in self.chains], data.ok

    def predict_encoded(self, encoded: tuple[list[Any], Bools], known: Shown) -> Predictions:
        """Predict every label, given those shown."""
        bases, ok = encoded
        y, shown = known.table.to_dense()
        if not self.reads:
            shown = np.zeros_like(shown)
        found = np.stack([self._answer(chain, base, y, shown) for chain, base in zip(self.chains, bases, strict=True)])
        return as_predictions(self.tasks, found.mean(0), np.zeros(y.shape), ok)

    def _answer(self, chain: Links, base: Any, y: Floats, shown: Bools) -> Floats:
        state = np.where(shown, y, 0.0)
        found = np.zeros(y.shape)
        for j in chain.order:
            found[:, j] = chain.probability(base, state, int(j))
            state[:, j] = np.where(shown[:, j], y[:, j], found[:, j])
        if self.known == "conditioned" and isinstance(chain, LinearLinks) and shown.any():
            return conditioned(chain, base, state, shown)
        return found

    def state(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """Return the options and the arrays."""
        arrays = put_under("columns.", self.columns.state())
        arrays |= {"centre": self.scaler.centre, "scale": self.scaler.scale}
        for k, chain in enumerate(self.chains):
            arrays |= put_under(f"chain{k}.", chain.state())
        return {"base": self.base, "chains": self.n_chains, "known": self.known, "strength": self.strength}, arrays

    @classmethod
    def restore(cls, tasks: TaskSet, config: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild from `state`."""
        model = cls.__new__(cls)
        ChainsPredictor.__init__(model, config["base"], config["chains"], config["known"])
        model.tasks, model.strength = tasks, float(config["strength"])
        model.columns = Columns.restore(under("columns.", arrays))
        model.scaler = Scaler(np.asarray(arrays["centre"]), np.asarray(arrays["scale"]))
        kind = LINKS[model.base]
        model.chains = [kind.restore(under(f"chain{k}.", arrays)) for k in range(model.n_chains)]
        return model


class BinaryRelevancePredictor(ChainsPredictor):
    """One model per label on the features alone; known labels are not read.

    Args:
        base: `lr` or `rf`.
    """

    name = "binary-relevance"
    reads_pattern = None
    reads = False

    def __init__(self, base: str = "lr") -> None:
        super().__init__(base, 1, "plugged")


def conditioned(chain: LinearLinks, base: Floats, state: Floats, shown: Bools) -> Floats:
    """Return every label's probability given known labels before *and* behind it, `[N, L]`.

    Args:
        chain: the chain.
        base: its logits without labels.
        state: known labels, and probabilities of the others, `[N, L]`.
        shown: which are known, bool `[N, L]`.
    """
    logits = chain.logits(base, state)
    sign = np.where(shown, 2 * state - 1, 0.0)
    found = np.empty(state.shape)
    for j in range(state.shape[1]):
        behind = np.flatnonzero(chain.link[j])
        without = logits[:, behind] - state[:, [j]] * chain.link[j, behind]
        ratio = _log_sigmoid(sign[:, behind] * (without + chain.link[j, behind]))
        ratio -= _log_sigmoid(sign[:, behind] * without)
        found[:, j] = sigmoid(logits[:, j] + np.where(shown[:, behind], ratio, 0.0).sum(1))
    return found


def _log_sigmoid(z: Floats) -> Floats:
    return -np.logaddexp(0.0, -z)


def _strength(x: tuple[F32, F32], targets: Targets, held: Targets, run: Run) -> float:
    """Return the inverse ridge with the least log-loss on held data, over the labels with the most of both classes."""
    asked = np.argsort(-targets.rare(), kind="stable")[:_ASKED]
    some, theirs = targets.take(asked), held.take(asked)
    loss: list[float] = []
    for strength in _STRENGTHS:
        links = LinearLinks.learn(x[0], some, range(len(asked)), False, strength, run)
        scores = links.base(x[1])
        columns = [theirs.column(j) for j in range(len(asked))]
        known = [(scores[rows, j], y) for j, (rows, y) in enumerate(columns) if len(y)]
        loss.append(sum(column_loss(score, y, False) for score, y in known))
    return _STRENGTHS[int(np.argmin(loss))]
