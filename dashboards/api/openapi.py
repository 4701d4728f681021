"""The OpenAPI document of the answers, from the same Structs that make them."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dashboards import contract

_REF = "#/components/schemas/{name}"
_STRUCTS = [value for value in vars(contract).values() if isinstance(value, type) and issubclass(value, msgspec.Struct)]
_STRUCTS.remove(msgspec.Struct)


def describe(
    result: Any, *, body: Any = None, media: str = "application/json", parameters: dict[str, str] | None = None
) -> dict[str, Any]:
    """Keyword arguments of a FastAPI route that answers `result` (None: 204, nothing). `parameters`: of the query, in words."""
    extra: dict[str, Any] = {}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(body)}}}
    if parameters:
        extra["parameters"] = [
            {"name": name, "in": "query", "required": False, "description": words, "schema": {"type": "string"}}
            for name, words in parameters.items()
        ]
    success: dict[str, Any] = {"description": "done"}
    if result is not None:
        schema = {"type": "string"} if result is str else _schema(result)
        success = {"description": "the answer", "content": {media: {"schema": schema}}}
    problem = {"description": "a problem", "content": {"application/json": {"schema": _schema(contract.Problem)}}}
    return {
        "response_model": None,
        "status_code": 200 if result is not None else 204,
        "openapi_extra": {**extra, "responses": {"204" if result is None else "200": success, "default": problem}},
    }


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return dict(schema)


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, routes=app.routes)
        _, components = msgspec.json.schema_components(_STRUCTS, ref_template=_REF)
        found.setdefault("components", {}).setdefault("schemas", {}).update(components)
        for path in found["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        app.openapi_schema = found
    return app.openapi_schema
