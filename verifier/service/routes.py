"""``/v1``: post a photo, ask how far it is, get the report, have it deleted; the detectors."""

import asyncio
from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer

from verifier.report.report import Report
from verifier.report.upright import patch_layer, picture
from verifier.service.answers import (
    Format,
    documented,
    problem_response,
    report_of,
    report_response,
)
from verifier.service.cards import DetectorCard
from verifier.service.job import Job
from verifier.service.problems import StoppingError, UnknownAnalysisError
from verifier.service.records import Analysis, Record
from verifier.service.service import Service
from verifier.service.uploads import read_upload

_LOOK_SECONDS: Final = 1.0  # how often we look whether the client is still there
_AGAIN_SECONDS: Final = 5.0  # told where an analysis found no time, or its photo no decoder process
_PHOTO: Final = {"type": "string", "format": "binary", "minLength": 1}
_URL: Final = {"type": "string", "format": "uri", "maxLength": 2000}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "oneOf": [
                        {"type": "object", "required": ["file"], "properties": {"file": _PHOTO}},
                        {"type": "object", "required": ["url"], "properties": {"url": _URL}},
                    ]
                }
            },
            "image/*": {"schema": _PHOTO},
            "application/octet-stream": {"schema": _PHOTO},
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["url"],
                    "properties": {"url": _URL},
                    "additionalProperties": False,
                }
            },
        },
    }
}
_HTML: Final[dict[str, Any]] = {"text/html": {"schema": {"type": "string"}}}
# What can be asked of a job, by the names of the functions below.
_LINKS: Final = {
    name: {"operationId": name, "parameters": {"analysis": "$response.body#/id"}}
    for name in ("find", "report", "picture_of", "delete")
}
_UNKNOWN: Final = documented(400, 401, 404)

Id = Annotated[str, Path(description="As the answer to the post gives it.", max_length=64)]
As = Annotated[Format, Query(alias="format", description="The report as JSON or as a page.")]


def analyses(service: Service) -> APIRouter:
    """Make the routes of a service."""
    scheme = [Depends(HTTPBearer(auto_error=False))] if service.access.needs_key else []
    router = APIRouter(prefix="/v1", tags=["analyses"], dependencies=scheme)

    def owner_of(request: Request) -> str:
        return service.access.owner(request)

    Owner = Annotated[str, Depends(owner_of)]

    @router.post(
        "/analyses",
        summary="Analyse a photo",
        response_model=Report,
        responses={
            200: {"description": "The report.", "content": _HTML},
            202: {
                "model": Analysis,
                "description": "The job to poll, where async is asked.",
                "links": _LINKS,
            },
            **documented(400, 401, 403, 408, 413, 415, 422, 429, 500, 503),
        },
        openapi_extra=BODY,
    )
    async def analyse(
        request: Request,
        owner: Owner,
        is_async: Annotated[
            bool, Query(alias="async", description="Answer at once, with a job to poll.")
        ] = False,
        form: As = "json",
        _name: Annotated[
            str | None,
            Query(alias="name", max_length=255, description="Of a file sent as the whole body."),
        ] = None,
    ) -> Response:
        service.access.count(request, owner)
        keep = is_async or service.store.keeps_everything
        job = await _taken(service, request, owner, keep)
        headers = {"Location": f"/v1/analyses/{job.id}"} if keep else {}
        if is_async:
            content = job.snapshot().model_dump_json()
            return Response(content, 202, headers, media_type="application/json")
        record = await _outcome(service, job, request)
        problem = record.analysis.problem
        if problem is not None:
            return problem_response(problem, _AGAIN_SECONDS if problem.status == 503 else None)
        return report_response(report_of(record), form, headers)

    @router.get("/analyses/{analysis}", summary="How far an analysis is", responses=_UNKNOWN)
    def find(analysis: Id, owner: Owner) -> Analysis:
        return service.jobs.find(analysis, owner).analysis

    @router.get(
        "/analyses/{analysis}/report",
        summary="The report, as JSON or HTML",
        response_model=Report,
        responses={200: {"content": _HTML}, **_UNKNOWN, **documented(409)},
    )
    def report(analysis: Id, owner: Owner, form: As = "json") -> Response:
        return report_response(report_of(service.jobs.find(analysis, owner)), form, {})

    @router.get(
        "/analyses/{analysis}/picture",
        summary="The picture, small and upright",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, **_UNKNOWN, **documented(409)},
    )
    def picture_of(analysis: Id, owner: Owner) -> Response:
        return _image(picture(report_of(service.jobs.find(analysis, owner))), "image/jpeg")

    @router.get(
        "/analyses/{analysis}/maps/{detector}",
        summary="A detector's patch map, to lay over the picture",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, **_UNKNOWN, **documented(409)},
    )
    def map_of(
        analysis: Id, detector: Annotated[str, Path(max_length=64)], owner: Owner
    ) -> Response:
        report = report_of(service.jobs.find(analysis, owner))
        return _image(patch_layer(report, detector), "image/png")

    @router.get(
        "/analyses/{analysis}/signed",
        summary="The signed reference picture, where it was recovered",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, **_UNKNOWN, **documented(409)},
    )
    def signed_picture_of(
        analysis: Id,
        owner: Owner,
        laid: Annotated[
            bool, Query(description="Turned, cut and scaled as the received picture is.")
        ] = False,
    ) -> Response:
        signed = report_of(service.jobs.find(analysis, owner)).signed_picture
        picture = (signed.laid if laid else signed.whole) if signed else None
        return _image(picture, "image/jpeg")

    @router.delete(
        "/analyses/{analysis}",
        summary="Forget an analysis, or end one that runs",
        status_code=204,
        responses=_UNKNOWN,
    )
    def delete(analysis: Id, owner: Owner) -> None:
        service.jobs.delete(analysis, owner)

    @router.get(
        "/detectors",
        summary="The detectors, with model cards and digests",
        tags=["service"],
        responses=documented(401),
    )
    def detectors(_: Owner) -> list[DetectorCard]:
        return service.cards

    return router


async def _taken(service: Service, request: Request, owner: str, keep: bool) -> Job:
    """Read a request's photo and put it into the queue; what fails on the way holds nothing."""
    service.jobs.check_room()
    with ExitStack() as holding:
        lease = holding.enter_context(service.held.lease(service.access.client(request)))
        upload = await read_upload(request, service.uploads, lease)
        photo, name = await service.photo(upload, lease)
        return service.jobs.submit(photo, name, owner, keep, holding)


async def _outcome(service: Service, job: Job, request: Request) -> Record:
    """Wait for an analysis as long as its client does."""
    future = asyncio.wrap_future(job.future)
    while not future.done():
        await asyncio.wait([future], timeout=_LOOK_SECONDS)
        if not future.done() and await request.is_disconnected():
            service.jobs.give_up(job)
    if future.cancelled():
        raise StoppingError("the service is being stopped; ask again in a moment", 5)
    return future.result()


def _image(content: bytes | None, kind: str) -> Response:
    if content is None:
        raise UnknownAnalysisError("the analysis has no such picture")
    return Response(content, media_type=kind)
