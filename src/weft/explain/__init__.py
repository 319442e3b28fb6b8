"""Questions to a fitted model: which labels moved an answer, what if, what to measure next, how tasks hang together."""

from weft.explain.attribution import Attributions
from weft.explain.inquiry import Inquiry
from weft.explain.measure import Candidate
from weft.explain.plan import Measurement
from weft.explain.task_map import TaskMap, task_map
from weft.explain.what_if import WhatIf

__all__ = ["Attributions", "Candidate", "Inquiry", "Measurement", "TaskMap", "WhatIf", "task_map"]
