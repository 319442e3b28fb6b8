"""Second stages by name."""

from __future__ import annotations

from weft.baselines.second_stage import SecondStage
from weft.baselines.stage_boosted import BoostedStage
from weft.baselines.stage_gaussian import GaussianStage
from weft.baselines.stage_linear import LinearStage

STAGES: dict[str, type[SecondStage]] = {stage.name: stage for stage in (GaussianStage, LinearStage, BoostedStage)}
