"""The page: static files that ship with weft."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles

PAGE = Path(__file__).parent / "page"


def add_page(app: FastAPI, folder: Path = PAGE) -> None:
    """Serve the page at `/` and its files under `/static`."""

    async def index() -> Response:
        return FileResponse(folder / "index.html", media_type="text/html; charset=utf-8")

    app.add_api_route("/", index, methods=["GET"], include_in_schema=False)
    app.mount("/static", StaticFiles(directory=folder, check_dir=False), name="static")
