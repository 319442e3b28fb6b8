"""The questions every model answers: predict, what-if, model, card, health and metrics."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

import weft
from weft.serve.answers import Card, Health, ModelInfo, PredictAnswer, Problem, WhatIfAnswer
from weft.serve.card import card, model_info
from weft.serve.counters import CONTENT_TYPE, resident_bytes
from weft.serve.schema import PredictBody, WhatIfBody
from weft.serve.state import State

_ERRORS = {
    400: "Cannot be answered.",
    401: "No token.",
    413: "Too large.",
    422: "Not valid.",
    503: "Busy.",
    504: "Slow.",
}
PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem, "description": told} for status, told in _ERRORS.items()
}
router = APIRouter(responses={**PROBLEMS})


def state_of(request: Request) -> State:
    """Return what the server holds."""
    return request.app.state.weft


Held = Annotated[State, Depends(state_of)]


def answer(body: BaseModel) -> Response:
    """Send an answer as it is: checking it again would take longer than predicting."""
    return Response(body.model_dump_json(), media_type="application/json")


@router.post("/api/predict", response_model=PredictAnswer, tags=["ask"])
async def predict(body: PredictBody, state: Held) -> Response:
    """Predict every task of some molecules or nodes, from structure and from their known labels.

    The prediction beside a known label is made without that label. Requests that wait together are answered together.
    """
    found = await state.ask_together(state.asking.predict, body, len(body.items))
    return answer(found)


@router.post("/api/what-if", response_model=WhatIfAnswer, tags=["ask"])
async def what_if(body: WhatIfBody, state: Held) -> Response:
    """Predict one molecule or node under other known labels, and tell how every task moves."""
    return answer(await state.ask(lambda: state.asking.what_if(body)))


@router.get("/api/model", response_model=ModelInfo, tags=["model"])
async def model(state: Held) -> Response:
    """Tell what the model predicts, what it can be asked, and the server's limits."""
    return answer(model_info(state.loaded, state.limits))


@router.get("/api/card", response_model=Card, tags=["model"])
async def model_card(state: Held) -> Response:
    """Return the model card: data, options, versions, scores, calibration and notes."""
    return answer(card(state.loaded))


@router.get("/api/health", response_model=Health, tags=["server"])
async def health(state: Held) -> Response:
    """Tell whether the server takes requests; answered without a token."""
    told = Health(
        status="busy" if state.worker.full else "ok",
        version=weft.__version__,
        uptime_s=round(time.monotonic() - state.started, 3),
        waiting=state.worker.waiting,
        tasks=len(state.loaded.predictor.tasks),
    )
    return answer(told)


@router.get("/metrics", response_class=Response, tags=["server"], responses={200: {"content": {"text/plain": {}}}})
async def metrics(state: Held) -> Response:
    """Return counts and times of requests as text for Prometheus."""
    gauges = {
        "waiting": ("Requests that wait for the model.", float(state.worker.waiting)),
        "batches_total": ("Batches of predict requests.", float(state.worker.batches)),
        "batched_requests_total": ("Predict requests answered in these batches.", float(state.worker.batched)),
        "cached_molecules": ("Molecules whose encodings are kept.", float(len(state.asking.queries.recent))),
        "added_tasks": ("Tasks added to this server's memory.", float(len(state.loaded.added))),
        "resident_bytes": ("Memory of the process.", float(resident_bytes())),
        "uptime_seconds": ("Seconds since the start.", time.monotonic() - state.started),
    }
    return Response(state.counters.text(gauges), media_type=CONTENT_TYPE)
