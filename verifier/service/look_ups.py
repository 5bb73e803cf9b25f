"""Looking manifests up: the query and fetch routes of C2PA's Soft Binding Resolution API 2.4."""

from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer

from verifier.errors import ManifestNotFoundError
from verifier.repository.active_manifest import active_manifest, is_identifier
from verifier.repository.binding_value import value_of_api
from verifier.repository.repository import LONGEST_NAME, MOST_MATCHES
from verifier.service.answers import documented
from verifier.service.json_body import body_of, read_json
from verifier.service.problems import QueryTooLongError, RequestError
from verifier.service.served_repository import ServedRepository
from verifier.service.service import Service
from verifier.service.soft_binding_answers import (
    Algorithm,
    Algorithms,
    BindingQuery,
    Capabilities,
    Capability,
    Discovery,
    Matches,
    ReferenceQuery,
    Status,
)
from verifier.service.uploads import Upload, read_upload
from verifier.service.watermarks_read import WatermarksRead
from watermark.payload import ALGORITHM

STORE_TYPE: Final = "application/c2pa"
MEANINGS: Final = {
    400: "The request isn't formed as the API says, or the manifest store isn't published.",
    401: "A key is needed.",
    403: "This isn't done here, or not for who asks.",
    404: "There is no such manifest, or it was deleted or expired.",
    408: "The body didn't arrive in time.",
    409: "Another manifest store is published under this identifier.",
    413: "The body is larger than allowed.",
    414: "The value is too long for a URL; post it.",
    415: "The body is of a type that isn't taken.",
    422: "The picture can't be read, or the URL isn't fetched.",
    429: "Too many requests in a minute; Retry-After says when to ask again.",
    500: "An error of ours.",
    501: "Pictures aren't read here: the service knows no watermark key.",
    503: "No place is free, or the repository can't be read; Retry-After says when to ask again.",
}
_LONGEST_IN_URL: Final = 2048  # characters
_MOST_RESULTS: Final = 100
_PICTURE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary", "minLength": 1}},
        },
    }
}

Most = Annotated[int, Query(alias="maxResults", ge=1, description="Matches that are wanted.")]
Alg = Annotated[str, Query(max_length=LONGEST_NAME, description="Name of the algorithm.")]
HintValue = Annotated[
    str | None, Query(alias="hintValue", max_length=2048, description="A value, if none is read.")
]
Hint = Annotated[str | None, Query(alias="hintAlg", max_length=LONGEST_NAME)]
Wanted = Annotated[
    str | None, Query(alias="alg", max_length=LONGEST_NAME, description="This algorithm alone.")
]
ManifestId = Annotated[
    str, Path(alias="manifestId", max_length=LONGEST_NAME, description="As a match has it.")
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals of the repository's routes."""
    return documented(*statuses, 401, 429, 500, 503, meanings=MEANINGS)


def look_ups(service: Service, repository: ServedRepository) -> APIRouter:
    """Make the routes that look manifests up."""
    may = [Depends(repository.looks_up)]
    if service.access.needs_key and not repository.open_lookup:
        may.append(Depends(HTTPBearer(auto_error=False)))
    router = APIRouter(prefix="/v1", tags=["repository"])

    @router.get(
        "/matches/byBinding",
        summary="Find manifests by a soft binding",
        responses=problems(400, 414),
        response_model_exclude_none=True,
        dependencies=may,
    )
    def matches_by_binding(
        alg: Alg,
        value: Annotated[str, Query(description="In base64.")],
        most: Most = MOST_MATCHES,
    ) -> Matches:
        if len(value) > _LONGEST_IN_URL:
            raise QueryTooLongError("the value is too long for a URL; post it as JSON")
        return _matches(repository, alg, value, most)

    @router.post(
        "/matches/byBinding",
        summary="Find manifests by a soft binding in the body",
        responses=problems(400, 408, 413),
        openapi_extra=body_of(BindingQuery),
        dependencies=may,
    )
    async def matches_by_posted_binding(request: Request, most: Most = MOST_MATCHES) -> Matches:
        query = await read_json(request, BindingQuery, service)
        return _matches(repository, query.alg, query.value, most)

    @router.post(
        "/matches/byContent",
        summary="Find manifests by the watermark of a picture",
        responses=problems(400, 408, 413, 415, 422, 501),
        openapi_extra=_PICTURE,
        dependencies=may,
    )
    async def matches_by_content(
        request: Request,
        alg: Wanted = None,
        hint_alg: Hint = None,
        hint_value: HintValue = None,
        most: Most = MOST_MATCHES,
    ) -> Matches:
        reads = _reads(service, request)
        with ExitStack() as holding:
            lease = holding.enter_context(service.held.lease(service.access.client(request)))
            upload = await read_upload(request, service.uploads, lease)
            if not upload.photo:
                raise RequestError("the body must be a picture; a URL is for byReference")
            value = await reads.value(upload.photo, alg)
        return _by_reading(repository, value, hint_alg, hint_value, most)

    @router.post(
        "/matches/byReference",
        summary="Find manifests by the watermark of a picture at a URL",
        responses=problems(400, 403, 408, 413, 422, 501),
        openapi_extra=body_of(ReferenceQuery),
        dependencies=may,
    )
    async def matches_by_reference(
        request: Request,
        alg: Wanted = None,
        hint_alg: Hint = None,
        hint_value: HintValue = None,
        most: Most = MOST_MATCHES,
    ) -> Matches:
        reads = _reads(service, request)
        query = await read_json(request, ReferenceQuery, service)
        with ExitStack() as holding:
            lease = holding.enter_context(service.held.lease(service.access.client(request)))
            photo, _ = await service.photo(Upload(None, query.referenceUrl, None), lease)
            value = await reads.value(photo, alg)
        return _by_reading(repository, value, hint_alg, hint_value, most)

    @router.get(
        "/manifests/{manifestId}",
        summary="Get a manifest store",
        response_class=Response,
        responses={
            200: {"description": "The store (JUMBF).", "content": {STORE_TYPE: {}}},
            **problems(400, 404),
        },
        dependencies=may,
    )
    def manifest(
        identifier: ManifestId,
        active_alone: Annotated[
            bool,
            Query(alias="returnActiveManifest", description="Without those it was made from."),
        ] = False,
    ) -> Response:
        if not is_identifier(identifier):
            raise ManifestNotFoundError("that names no manifest")
        store = repository.store.manifest(identifier)
        content = active_manifest(store) if active_alone else store
        return Response(content, media_type=STORE_TYPE)

    _add_about(router, service, repository)
    return router


def discovery() -> APIRouter:
    """Make the route by which the API is found."""
    router = APIRouter(tags=["repository"])

    @router.get("/.well-known/c2pa-soft-binding-resolution", summary="Where the API is")
    async def well_known() -> Discovery:
        return Discovery()

    return router


def _add_about(router: APIRouter, service: Service, repository: ServedRepository) -> None:
    @router.get(
        "/services/supportedAlgorithms",
        summary="By which algorithms manifests are found",
        responses=documented(500, 503, meanings=MEANINGS),
    )
    def supported_algorithms() -> Algorithms:
        known = (ALGORITHM, *repository.store.algorithms())
        return Algorithms(watermarks=[Algorithm(alg=name) for name in dict.fromkeys(known)])

    @router.get("/services/capabilities", summary="What of the API is here")
    async def capabilities() -> Capabilities:
        found: list[Capability] = []
        if service.reads_watermarks.can_read:
            found.append("queryByContent")
            if service.settings.allow_urls:
                found.append("queryByReference")
        if repository.takes_manifests:
            found.append("storeManifests")
        return Capabilities(supportedCapabilities=found)

    @router.get("/services/status", summary="Whether the repository answers")
    async def status() -> Status:
        return Status()


def _reads(service: Service, request: Request) -> WatermarksRead:
    """Return what reads pictures; each counts as an analysis, which takes as long."""
    service.reads_watermarks.check()
    service.access.count(request, None)
    return service.reads_watermarks


def _matches(repository: ServedRepository, alg: str, text: str, most: int) -> Matches:
    value = value_of_api(alg, text)
    if value is None:
        raise RequestError("the value of the soft binding is none in base64")
    return Matches.of(repository.matches(alg, value, min(most, _MOST_RESULTS)))


def _by_reading(
    repository: ServedRepository,
    value: bytes | None,
    hint_alg: str | None,
    hint_value: str | None,
    most: int,
) -> Matches:
    if value is not None:
        return Matches.of(repository.matches(ALGORITHM, value, min(most, _MOST_RESULTS)))
    if hint_alg and hint_value:
        return _matches(repository, hint_alg, hint_value, most)
    return Matches(matches=[])
