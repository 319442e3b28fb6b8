"""Questions about the nodes of a model's graph."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from weft.serve.answers import NodeAnswer, NodeList
from weft.serve.routes import PROBLEMS, Held, answer
from weft.serve.schema import MAX_NAME

router = APIRouter(responses={**PROBLEMS})
Name = Annotated[str, Query(min_length=1, max_length=MAX_NAME)]


@router.get("/api/nodes", response_model=NodeList, tags=["graph"])
async def nodes(
    type: Name,
    state: Held,
    query: Annotated[str, Query(max_length=MAX_NAME)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> Response:
    """Look nodes up by a part of their id."""
    return answer(await run_in_threadpool(state.nodes.look_up, type, query, limit))


@router.get("/api/node", response_model=NodeAnswer, tags=["graph"])
async def node(type: Name, id: Name, state: Held) -> Response:
    """Return a node: its labels, predictions, the gates of its type, and its neighbours."""
    return answer(await state.ask(lambda: state.nodes.node(type, id)))
