"""``/v1/measurements``: how much of a photo's octaves is left, for clients with a key."""

from contextlib import ExitStack
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBearer

from verifier.measuring.answer import Measurement
from verifier.service.answers import documented
from verifier.service.measuring import Measuring
from verifier.service.routes import BODY
from verifier.service.service import Service
from verifier.service.uploads import read_upload

_MEANING_429: Final = "Too many in a minute, or of one photo in a day; Retry-After says when."


def measurements(service: Service, measuring: Measuring) -> APIRouter:
    """Make the route that measures photos."""
    key = [Depends(HTTPBearer(auto_error=False))]
    router = APIRouter(prefix="/v1", tags=["measurements"], dependencies=key)

    @router.post(
        "/measurements",
        summary="Measure how much of a photo's own octaves is left in a picture",
        responses={
            **documented(400, 401, 403, 408, 413, 415, 422, 500, 503),
            **documented(429, meanings={429: _MEANING_429}),
        },
        openapi_extra=BODY,
    )
    async def measure_photo(request: Request) -> Measurement:
        owner = measuring.access.owner(request)
        measuring.access.count(request, owner)
        with ExitStack() as holding:
            lease = holding.enter_context(service.held.lease(service.access.client(request)))
            upload = await read_upload(request, service.uploads, lease)
            photo, _ = await service.photo(upload, lease)
            return await measuring.threads.run(measuring.measured, photo, owner)

    return router
