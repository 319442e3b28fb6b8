"""Questions about molecules and their labels: explain, measure-next, add-task, draw, table, task map."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Query, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from weft.serve.adding import add_task
from weft.serve.answers import AddTaskAnswer, ExplainAnswer, MeasureNextAnswer, TaskMapAnswer
from weft.serve.explaining import explain, measure_next
from weft.serve.pictures import draw
from weft.serve.routes import PROBLEMS, Held, answer
from weft.serve.schema import MAX_NAME, AddTaskBody, ExplainBody, MeasureNextBody, Smiles
from weft.serve.table import fill_table
from weft.serve.table_read import TableOptions, check_options
from weft.serve.upload import stored

router = APIRouter(responses={**PROBLEMS})
Word = Annotated[str | None, Query(max_length=MAX_NAME)]
Pixels = Annotated[int, Query(ge=50, le=2000)]
_SVG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/svg+xml": {}}, "description": "The drawing."}}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "The table; X-Weft-Report tells of it, as TableReport."}
}


@router.post("/api/explain", response_model=ExplainAnswer, tags=["ask"])
async def explain_task(body: ExplainBody, state: Held) -> Response:
    """Tell how much each known label moves one prediction: Shapley values, or leave-one-out on a large graph."""
    return answer(await state.ask(lambda: explain(state.asking, body)))


@router.post("/api/measure-next", response_model=MeasureNextAnswer, tags=["ask"])
async def measure(body: MeasureNextBody, state: Held) -> Response:
    """Rank unmeasured tasks by the uncertainty that knowing them is expected to take away from the targets."""
    return answer(await state.ask(lambda: measure_next(state.asking, body)))


@router.post("/api/add-task", response_model=AddTaskAnswer, tags=["ask"])
async def add(body: AddTaskBody, state: Held) -> Response:
    """Learn a task from labelled molecules without training again; kept in this server's memory only."""
    return answer(await add_task(state, body))


@router.get("/api/task-map", response_model=TaskMapAnswer, tags=["ask"])
async def tasks_map(state: Held) -> Response:
    """Tell which task's label moves which other's prediction; computed when first asked for."""
    return answer(await state.ask(state.pictures.task_map))


@router.get("/api/draw", response_class=Response, tags=["ask"], responses=_SVG)
async def picture(
    smiles: Annotated[Smiles, Query()],
    state: Held,
    task: Word = None,
    width: Pixels = 420,
    height: Pixels = 300,
    dark: bool = False,
) -> Response:
    """Draw a molecule as SVG; with a task, its atoms tinted by what they add to that prediction."""
    values = None if task is None else await state.ask(lambda: state.pictures.atoms(smiles, task))
    svg = await run_in_threadpool(draw, smiles, width, height, dark, values, task)
    return Response(svg, media_type="image/svg+xml")


@router.post("/api/table", response_class=Response, tags=["ask"], responses=_CSV)
async def table(
    file: Annotated[UploadFile, File(description="CSV, TSV, SMILES or SDF, each also .gz; of images a ZIP file.")],
    state: Held,
    mode: Literal["fill", "predict"] = "fill",
    smiles: Word = None,
    column: Word = None,
    type: Word = None,
    coverage: Annotated[float | None, Query(ge=0.5, le=0.99)] = None,
    prefix: Annotated[str, Query(max_length=MAX_NAME)] = "",
) -> Response:
    """Fill in a table's blanks (or, with `predict`, add columns of predictions); rows, order and other columns stay.

    A bad row stays, with blanks and a reason in the column `status`; the first ones are told in X-Weft-Report. Images
    come in a ZIP file: a row per image, or per row of a table in it that names their files.
    """
    options = TableOptions(mode, smiles, column, type, coverage, prefix)
    check_options(options, state.loaded)
    name = file.filename or "table.csv"
    with stored(file.file, name, state.scratch, state.limits, state.loaded.kind) as path:
        filled = await fill_table(state, path, options)
    shown = quote(f"filled-{PurePath(name.removesuffix('.gz')).stem[:100]}.csv", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"filled.csv\"; filename*=UTF-8''{shown}",
        "X-Weft-Report": filled.report.model_dump_json().encode("ascii", "replace").decode(),
    }
    return Response(filled.data, media_type="text/csv; charset=utf-8", headers=headers)
