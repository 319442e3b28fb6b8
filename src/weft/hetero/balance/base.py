"""What every balancing is: the families' losses of a step in, the gradients of all parameters out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from weft.errors import UserError, nearest
from weft.group import current
from weft.registry import registered

#: Name on the command line -> module and class.
REGISTRY: dict[str, str] = {
    "fixed": "weft.hetero.balance.fixed:Fixed",
    "uncertainty": "weft.hetero.balance.uncertainty:Uncertainty",
    "dwa": "weft.hetero.balance.dwa:DWA",
    "gradnorm": "weft.hetero.balance.gradnorm:GradNorm",
    "pcgrad": "weft.hetero.balance.torchjd:PCGrad",
    "mgda": "weft.hetero.balance.torchjd:MGDA",
    "imtl-g": "weft.hetero.balance.torchjd:IMTLG",
    "upgrad": "weft.hetero.balance.torchjd:UPGrad",
    "cagrad": "weft.hetero.balance.convex:CAGrad",
    "nash-mtl": "weft.hetero.balance.convex:NashMTL",
}


class Balancer(ABC):
    """How the losses of several families make one step.

    A family without a label in a step is not among the losses, and the step is then exactly what it would be
    if the family did not exist.

    Args:
        names: families, in order.
        weights: family -> factor on its loss, before anything else; 1 where not named.

    Raises:
        UserError: for a weight of no family, or one that is negative.
    """

    def __init__(self, names: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        self.names, given = tuple(names), dict(weights or {})
        for name, weight in given.items():
            if name not in self.names:
                raise UserError(f"there is no task {name!r} to weigh", mend=nearest(name, self.names))
            if not 0 <= weight < float("inf"):
                raise UserError(f"the weight of {name!r} is {weight}", mend="Give a number from 0 on.")
        self.weights = {name: float(given.get(name, 1.0)) for name in self.names}

    def parameters(self) -> list[nn.Parameter]:
        """Return what is learned beside the network; the loop gives it to an optimiser, without weight decay."""
        return []

    @abstractmethod
    def backward(
        self, losses: Mapping[str, Tensor], shared: Sequence[nn.Parameter], private: Sequence[nn.Parameter]
    ) -> dict[str, float]:
        """Add this step's gradients to `.grad` of the parameters that the losses reach.

        Args:
            losses: family -> scalar, for families with a label in this step; in a group of processes of all of
                them, each with the gradient of its own part.
            shared: parameters that several families read: of inputs and trunk.
            private: parameters of one family each: heads.

        Returns:
            Family -> the weight its gradient got in the shared parameters.
        """

    def epoch_end(self, mean_losses: Mapping[str, float]) -> None:  # noqa: B027 - most have nothing to do
        """Take the epoch's mean loss of each family that had one."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that a resumed run needs to go on as if it had not stopped."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027 - as above
        """Take back what `state_dict` returned."""

    def scaled(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses times their given weights, in the order of the families."""
        return {name: self.weights[name] * losses[name] for name in self.names if name in losses}


class WeightedSum(Balancer):
    """Balancing by one scalar: a weighted sum of the losses, and one backward."""

    @abstractmethod
    def total(self, losses: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the scalar, and each family's weight in it.

        Args:
            losses: of the families in the step, at least one, times their given weights.
        """

    def backward(
        self,
        losses: Mapping[str, Tensor],
        shared: Sequence[nn.Parameter],
        private: Sequence[nn.Parameter],
    ) -> dict[str, float]:
        """Add the gradients of the sum."""
        scaled = self.scaled(losses)
        if not scaled:
            return {}
        total, weights = self.total(scaled)
        total.backward()
        current().add_gradients([*shared, *private])
        return {name: self.weights[name] * weight for name, weight in weights.items()}


def balancer_class(name: str) -> type[Balancer]:
    """Return the class registered as `name`.

    Raises:
        UserError: for an unknown name.
    """
    return registered("balancing", name, REGISTRY)


def build_balancer(name: str, names: Sequence[str], weights: Mapping[str, float] | None = None) -> Balancer:
    """Build a balancing by its registered name.

    Raises:
        UserError: for an unknown name, a wrong weight, or a package that is not installed.
    """
    return balancer_class(name)(names, weights)
