"""PCGrad, MGDA, IMTL-G and UPGrad through TorchJD (an extra)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from weft.errors import UserError
from weft.hetero.balance.jacobian import JacobianBalancer


class TorchJD(JacobianBalancer):
    """Weights by one of TorchJD's weightings of the Gramian.

    What it draws is drawn by the number of the step, so that a resumed run draws the same.
    """

    def __init__(self, names: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__(names, weights)
        try:
            import torchjd.aggregation as aggregation
        except ImportError as error:
            mend = "Run: pip install 'weft[balance]'"
            raise UserError(f"balancing by {type(self).__name__} needs TorchJD", mend=mend) from error
        self.weighting, self.step = self.make(aggregation), 0

    @abstractmethod
    def make(self, aggregation: Any) -> Callable[[Tensor], Tensor]:
        """Return the weighting from TorchJD's module."""

    def weigh(self, gramian: Tensor) -> Tensor:
        """Return TorchJD's weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.step)
            self.step += 1
            return self.weighting(gramian)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the number of the step."""
        return {"step": torch.tensor(self.step)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back the number of the step."""
        self.step = int(state["step"])


class PCGrad(TorchJD):
    """Yu et al., NeurIPS 2020 (arXiv 2001.06782): a gradient loses its part against another one; then their sum."""

    def make(self, aggregation: Any) -> Callable[[Tensor], Tensor]:
        """Return the weighting."""
        return aggregation.PCGradWeighting()


class MGDA(TorchJD):
    """Sener and Koltun, NeurIPS 2018 (arXiv 1810.04650): the shortest convex combination of the gradients."""

    def make(self, aggregation: Any) -> Callable[[Tensor], Tensor]:
        """Return the weighting."""
        return aggregation.MGDAWeighting()


class IMTLG(TorchJD):
    """Liu et al., ICLR 2021 (Towards Impartial Multi-task Learning): equal projections on all gradients."""

    def make(self, aggregation: Any) -> Callable[[Tensor], Tensor]:
        """Return the weighting."""
        return aggregation.IMTLGWeighting()


class UPGrad(TorchJD):
    """Quinton and Rey 2024 (arXiv 2406.16232): each gradient projected to where no loss grows; then their mean."""

    def make(self, aggregation: Any) -> Callable[[Tensor], Tensor]:
        """Return the weighting, with SciPy's solver: TorchJD's own is under the GPL."""
        from torchjd.linalg import DualConeProjector

        from weft.hetero.balance.convex import project

        class Projector(DualConeProjector):
            def __call__(self, U: Tensor, G: Tensor) -> Tensor:
                return torch.stack([project(u, G) for u in U])

        return aggregation.UPGradWeighting(projector=Projector())
