"""The FastAPI app of one model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import weft
from weft.serve import routes, routes_graph, routes_molecules
from weft.serve.description import add_description
from weft.serve.guard import Guard
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded
from weft.serve.page import add_page
from weft.serve.problems import handle
from weft.serve.state import State

_ABOUT = """Ask one weft model: predict from structure and known labels, see what moved a prediction, what would
change it, and what to measure next. Every error is JSON: `what`, `where`, `mend`."""


def create_app(
    loaded: Loaded,
    limits: Limits | None = None,
    token: str | None = None,
    hosts: frozenset[str] | None = None,
    threads: int = 1,
) -> FastAPI:
    """Make the app.

    Args:
        loaded: the model.
        limits: of requests.
        token: that clients must know; None lets everybody in.
        hosts: names by which the server may be called; None for any.
        threads: to compute with.
    """
    state = State.open(loaded, limits or Limits(), threads)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        yield
        state.close()

    app = FastAPI(
        title=f"weft: {loaded.title}",
        version=weft.__version__,
        description=_ABOUT,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.weft = state
    handle(app)
    for module in (routes, routes_molecules, routes_graph):
        app.include_router(module.router)
    add_page(app)
    add_description(app)
    app.add_middleware(Guard, limits=state.limits, counters=state.counters, token=token, hosts=hosts)
    return app
