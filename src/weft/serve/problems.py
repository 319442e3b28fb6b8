"""Every error as the same JSON: what is wrong, where, and the mend."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from weft.errors import MissingExtraError, UserError
from weft.serve.answers import Problem
from weft.serve.worker import BusyError, SlowError

LOG = logging.getLogger(__name__)
_SHOWN = 300
#: Seconds after which a client that was turned away should come again.
RETRY_SECONDS = 2
_MENDS = {
    401: "Open the address with ?token=..., or send the header 'Authorization: Bearer TOKEN'.",
    404: "See /docs for what there is.",
    405: "See /docs for the methods.",
}


def problem(
    status: int, what: str, where: str | None = None, mend: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Return the response that tells of an error; text that cannot be sent is replaced."""
    body = Problem(what=_clean(what), where=where and _clean(where), mend=mend and _clean(mend))
    return Response(body.model_dump_json(), status, headers, "application/json")


def handle(app: FastAPI) -> None:
    """Teach an app to answer errors."""
    app.add_exception_handler(UserError, _user)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(SlowError, _slow)
    app.add_exception_handler(MissingExtraError, _missing)


def _user(_: Request, error: Exception) -> Response:
    told = error if isinstance(error, UserError) else UserError(str(error))
    return problem(400, told.what, told.where, told.mend)


def _invalid(_: Request, error: Exception) -> Response:
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    finite = [each for each in found if each.get("type") == "finite_number"]
    first: dict[str, Any] = dict((finite or found)[0]) if found else {"loc": ("body",), "msg": "not valid"}
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    if first.get("type") == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return problem(422, f"the body is not JSON: {reason}", "body", "Send JSON as in /docs.")
    where = _place(first["loc"])
    if finite and ".known" in f".{where}":
        return problem(422, "a label is NaN or infinite", where, "Send null, or leave it out, where nothing is known.")
    what = str(first["msg"]).removeprefix("Value error, ")
    return problem(422, f"{what}{more}", where, "See /docs for what may be sent.")


def _place(loc: Sequence[Any]) -> str:
    """Write a place such as `items[3].smiles`; what pydantic adds about types is left out."""
    text = ""
    for part in [part for part in loc[1:] or loc if not _of_a_type(part)]:
        text += f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}"
    return text.lstrip(".")


def _of_a_type(part: Any) -> bool:
    """Whether pydantic added this part of a place to tell members of a union apart."""
    return part in ("bool", "float", "str", "int") or "constrained-" in str(part) or "[" in str(part)


def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "failed"
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    return problem(status, _words(status, detail), None, _MENDS.get(status), headers)


def _words(status: int, detail: str) -> str:
    return detail if detail != HTTPStatus(status).phrase else detail.lower()


def _busy(_: Request, error: Exception) -> Response:
    retry = {"Retry-After": str(RETRY_SECONDS)}
    return problem(503, f"the server is busy: {error}", None, f"Try again in {RETRY_SECONDS} s.", retry)


def _slow(_: Request, error: Exception) -> Response:
    retry = {"Retry-After": str(RETRY_SECONDS)}
    return problem(504, str(error), None, "Ask for less at once, or start the server with a larger --seconds.", retry)


def _missing(_: Request, error: Exception) -> Response:
    return problem(501, str(error), None, None)


def unexpected(method: str, path: str, error: Exception) -> Response:
    """Tell of a fault of weft, and write it to the log."""
    LOG.error("%s %s failed", method, path, exc_info=error)
    mend = "This is a fault of weft: please report it, with what was asked and the server's output."
    return problem(500, f"the server failed ({type(error).__name__})", None, mend)


def _clean(text: str) -> str:
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return shown.encode("utf-8", "replace").decode("utf-8")
