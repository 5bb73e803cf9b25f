"""A request's JSON, bounded before it is parsed, and checked by its model."""

from typing import Any, Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from verifier.service.problems import RequestError
from verifier.service.service import Service
from verifier.service.uploads import read_body

MOST_BYTES: Final = 20_000
JSON: Final = "application/json"

M = TypeVar("M", bound=BaseModel)


async def read_json(request: Request, model: type[M], service: Service) -> M:
    """Read a request's body as a model.

    Raises
    ------
    RequestError
        If it isn't one.
    PhotoTooLargeError
        If it is larger than JSON is taken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise RequestError(f"the body must be {JSON}")
    with service.held.lease(service.access.client(request)) as lease:
        body = await read_body(request, MOST_BYTES, service.uploads, lease)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise RequestError(f"{place}: {first['msg']}") from error


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Describe such a body for the OpenAPI document."""
    schema = model.model_json_schema(by_alias=True)
    return {"requestBody": {"required": True, "content": {JSON: {"schema": _inline(schema)}}}}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Put what a schema refers to in its place: definitions of a body have no place elsewhere."""
    known = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolved(known[node["$ref"].rpartition("/")[2]])
        return {name: resolved(value) for name, value in node.items()}

    return dict(resolved(schema))
