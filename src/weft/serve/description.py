"""`/docs`: what the API takes and gives, as a plain page made from its OpenAPI description (no script, no CDN)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="stylesheet" href="static/style.css"></head>
<body><main class="description"><h1>{title}</h1><p>{about}</p>
<p>The whole description, for programs: <a href="openapi.json">openapi.json</a>. <a href="./">The page</a>.</p>
"""


def add_description(app: FastAPI) -> None:
    """Serve the page at `/docs`."""

    async def description() -> HTMLResponse:
        return HTMLResponse(describe(app.openapi()))

    app.add_api_route("/docs", description, methods=["GET"], include_in_schema=False)


def describe(api: Mapping[str, Any]) -> str:
    """Return an OpenAPI description as HTML."""
    info = api["info"]
    head = _HEAD.format(title=escape(info["title"]), about=escape(info["description"]))
    parts = [_operation(path, method, told) for path, each in api["paths"].items() for method, told in each.items()]
    schemas = api.get("components", {}).get("schemas", {})
    models = [_model(name, told) for name, told in sorted(schemas.items()) if "properties" in told]
    return head + "\n".join([*parts, "<h2>Bodies</h2>", *models]) + "\n</main></body></html>\n"


def _operation(path: str, method: str, told: Mapping[str, Any]) -> str:
    rows = "".join(_row(p["name"], p["schema"], p.get("required", False)) for p in told.get("parameters", ()))
    body = "".join(f"<p>Takes {_type(each['schema'])}.</p>" for each in _contents(told.get("requestBody", {})))
    good = "".join(f"<p>Gives {_type(each['schema'])}.</p>" for each in _contents(told["responses"].get("200", {})))
    table = f"<table><tr><th>query</th><th></th><th></th></tr>{rows}</table>" if rows else ""
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(told.get('description', ''))}</p>{table}{body}{good}</section>"
    )


def _contents(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (each for each in message.get("content", {}).values() if each.get("schema"))


def _model(name: str, told: Mapping[str, Any]) -> str:
    needed = told.get("required", ())
    rows = "".join(_row(key, each, key in needed) for key, each in told["properties"].items())
    about = escape(told.get("description", "")).replace("\n\n", "</p><p>")
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{about}</p><table>{rows}</table></section>'


def _row(name: str, schema: Mapping[str, Any], needed: bool) -> str:
    about = escape(str(schema.get("description", "")))
    return (
        f"<tr><th><code>{escape(name)}</code>{' *' if needed else ''}</th><td>{_type(schema)}</td><td>{about}</td></tr>"
    )


_BOUNDS = {"minLength": "at least", "maxLength": "at most", "minItems": "at least", "maxItems": "at most"}
_SIDES = {"minimum": "from", "maximum": "to"}


def _type(schema: Mapping[str, Any]) -> str:
    """Return a schema in words, with links to the bodies it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}{_limits(schema)}"
    if schema.get("type") == "object" and "additionalProperties" in schema:
        inner = schema["additionalProperties"]
        return f"mapping of names to {_type(inner) if isinstance(inner, dict) else 'anything'}"
    return escape(str(schema.get("type", "anything"))) + _limits(schema)


def _limits(schema: Mapping[str, Any]) -> str:
    found = [f"{word} {schema[key]:g}" for key, word in {**_SIDES, **_BOUNDS}.items() if key in schema]
    return f" ({', '.join(found)})" if found else ""
