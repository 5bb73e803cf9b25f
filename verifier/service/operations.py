"""What operators ask: is it alive, is it ready, what does it do all day."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from verifier.service.answers import documented
from verifier.service.metrics import CONTENT_TYPE
from verifier.service.problems import BusyError
from verifier.service.service import Service


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service takes photos."""

    status: Literal["ready"] = "ready"


class About(BaseModel):
    """What a client has to know before it asks."""

    key: bool = Field(description="Whether a key is needed.")
    urls: bool = Field(description="Whether a photo may be named by its URL.")
    keeps: bool = Field(description="Whether reports are kept after they were fetched.")
    largest_file: int = Field(description="In bytes.")


def operations(service: Service) -> APIRouter:
    """Make the routes of a service; none needs a key."""
    router = APIRouter(tags=["service"])

    @router.get("/healthz", summary="Whether the service is alive")
    async def health() -> Health:
        return Health()

    @router.get("/readyz", summary="Whether it takes photos now", responses=documented(503))
    async def readiness() -> Readiness:
        if not service.warm or not service.jobs.accepting:
            raise BusyError("the service starts, stops, or has no place free", 1)
        return Readiness()

    @router.get("/v1/about", summary="What a client has to know before it asks")
    async def about() -> About:
        return About(
            key=service.access.needs_key,
            urls=service.settings.allow_urls,
            keeps=service.store.keeps_everything,
            largest_file=service.uploads.file_bytes,
        )

    @router.get(
        "/metrics",
        summary="Counts and durations, for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        service.metrics.holding(service.held.bytes)
        return Response(service.metrics.exposition(), media_type=CONTENT_TYPE)

    return router
