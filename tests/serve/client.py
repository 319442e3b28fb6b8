"""A client of an app in this process, as synchronous as a test."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from weft.serve.app import create_app
from weft.serve.limits import Limits
from weft.serve.loaded import Loaded

BASE = "http://127.0.0.1"


class Client:
    """Asks an app; `together` asks many things at once."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.state = app.state.weft

    @classmethod
    def of(cls, folder: Any, limits: Limits | None = None, **options: Any) -> Client:
        return cls(create_app(Loaded.read(folder), limits, **options))

    def close(self) -> None:
        self.state.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.together([(method, path, options)])[0]

    def together(self, asked: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client:
                return await asyncio.gather(*(client.request(m, path, **options) for m, path, options in asked))

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """POST a body that must be answered."""
        answer = self.post(f"/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, status: int = 400, **body: Any) -> dict[str, Any]:
        """POST a body that must be refused, in the form every error has."""
        answer = self.post(f"/api/{path}", json=body)
        assert answer.status_code == status, answer.text
        assert answer.json().keys() == {"what", "where", "mend"}
        return answer.json()

    def upload(self, text: str | bytes, name: str = "t.csv", **query: Any) -> httpx.Response:
        return self.post("/api/table", files={"file": (name, text)}, params=query)


def values(tasks: list[dict[str, Any]]) -> dict[str, float | None]:
    """Return the predicted value of each task."""
    return {task["task"]: task["value"] for task in tasks}
