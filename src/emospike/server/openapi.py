"""What the REST interface is, in the words of OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emospike import __version__

Described = dict[str, Any]

DECISION: Described = {
    "type": "object",
    "required": ["file", "model", "label", "answered", "confidence", "probabilities", "reason"],
    "properties": {
        "file": {"type": "string"},
        "model": {"type": "string"},
        "label": {"type": "string", "description": "The most probable class, also where it is not answered."},
        "answered": {"type": "boolean", "description": "False means: don't know."},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
        "reason": {"type": "string"},
        "seconds": {"type": "object", "additionalProperties": {"type": "number"}},
        "windows": {"type": "array", "items": {"type": "object"}, "description": "Of recordings longer than 8 s."},
    },
}
"""What is answered; as ``emospike recognise --json`` prints it, with the name of the model."""

ERROR: Described = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}

REFUSALS = {
    400: "no form with a file",
    403: "asked for another host, or by a page of another site",
    404: "no such model",
    408: "the recording came too slowly",
    413: "the recording is too large",
    422: "the recording cannot be decided on; the error says why",
    500: "the server failed on the recording",
    503: "too many recordings wait",
}
"""When there is no decision, and why."""


def describe_interface(models: Sequence[str], most: int) -> Described:
    """Return the description of a server of these models, which takes so many bytes of a recording.

    >>> sorted(describe_interface(["a"], 2**20)["paths"])
    ['/healthz', '/openapi.json', '/v1/models', '/v1/recognise']
    """
    upload = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    chosen = {"name": "model", "in": "query", "schema": {"type": "string", "enum": [*models], "default": models[0]}}
    recognise = {
        "summary": f"Decide on a recording of up to {most / 2**20:g} MB",
        "parameters": [chosen],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": upload}}},
        "responses": {
            "200": _answer("the decision", DECISION),
            **{str(status): _answer(why, ERROR) for status, why in REFUSALS.items()},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "emospike", "version": __version__},
        "paths": {
            "/healthz": {"get": _get("Whether the server answers")},
            "/openapi.json": {"get": _get("This description")},
            "/v1/models": {"get": _get("The models that are served, with their cards")},
            "/v1/recognise": {"post": recognise},
        },
    }


def _get(summary: str) -> Described:
    return {"summary": summary, "responses": {"200": _answer(summary, {"type": "object"})}}


def _answer(what: str, schema: Described) -> Described:
    return {"description": what, "content": {"application/json": {"schema": schema}}}
