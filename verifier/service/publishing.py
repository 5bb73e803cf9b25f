"""Publishing manifests: the store routes and receipts of the Soft Binding Resolution API 2.4.

What is published is what a signer stated: a store is checked here, whoever sends it, and no route
binds a value to it that its manifest doesn't state.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer

from verifier.errors import PhotoUnsupportedError
from verifier.repository.binding_value import value_of_api
from verifier.repository.receipt import TYPE, Receipt
from verifier.repository.repository import MOST_STORE_BYTES
from verifier.service.json_body import body_of, read_json
from verifier.service.look_ups import STORE_TYPE, ManifestId, problems
from verifier.service.problems import RequestError
from verifier.service.served_repository import ServedRepository
from verifier.service.service import Service
from verifier.service.soft_binding_answers import BindingStatement, Published
from verifier.service.uploads import read_body

_MOST_DAYS: Final = 36_500
_STORE_TYPES: Final = (STORE_TYPE, "application/octet-stream")
_STORE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in _STORE_TYPES
        },
    }
}


def publishing(service: Service, repository: ServedRepository) -> APIRouter:
    """Make the routes that publish and delete manifests, and those of receipts."""
    key = [Depends(HTTPBearer(auto_error=False))]
    router = APIRouter(prefix="/v1", tags=["repository"], dependencies=key)

    def publisher(request: Request) -> str:
        return repository.publisher(request)

    Publisher = Annotated[str, Depends(publisher)]
    may = [Depends(repository.looks_up)]

    @router.post(
        "/manifests",
        summary="Publish a manifest store",
        responses=problems(400, 403, 408, 409, 413, 415),
        openapi_extra=_STORE,
        response_model_exclude_none=True,
    )
    async def publish(
        request: Request,
        owner: Publisher,
        receipt: Annotated[
            bool, Query(alias="returnReceipt", description="Answer with proof of ingestion.")
        ] = False,
        days: Annotated[
            float | None,
            Query(alias="expiresDays", gt=0, le=_MOST_DAYS, description="Then it is deleted."),
        ] = None,
    ) -> Published:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _STORE_TYPES:
            raise PhotoUnsupportedError(f"the body must be a manifest store, {STORE_TYPE}")
        with service.held.lease(service.access.client(request)) as lease:
            store = await read_body(request, MOST_STORE_BYTES, service.uploads, lease)
            identifier, new = await repository.checking.run(repository.publish, store, owner, days)
        proof = repository.receipts.receipt(identifier, _base(request)) if receipt else None
        return Published(manifestId=identifier, new=new, receipt=proof)

    @router.delete(
        "/manifests/{manifestId}",
        summary="Delete a manifest that the same key published",
        status_code=204,
        responses=problems(400, 403, 404),
    )
    def delete_manifest(identifier: ManifestId, owner: Publisher) -> None:
        repository.store.delete(identifier, owner=owner)

    for method in ("POST", "PUT"):
        router.add_api_route(
            "/bindings",
            _bind(service, repository),
            methods=[method],
            name=f"{method.lower()}_binding",
            summary="Bind a value to a manifest: taken where its signer stated it",
            status_code=204,
            response_class=Response,
            responses=problems(400, 403, 404, 408, 413),
            openapi_extra=body_of(BindingStatement),
            dependencies=[Depends(publisher)],
        )

    @router.get(
        "/manifests/{manifestId}/receipts",
        summary="Proof that a manifest was published, and when",
        responses=problems(400, 404),
        response_model_exclude_none=True,
        dependencies=may,
    )
    def manifest_receipt(request: Request, identifier: ManifestId) -> Receipt:
        receipt = repository.receipts.receipt(identifier, _base(request))
        return receipt.model_copy(update={"verified": True})

    @router.post(
        "/manifests/{manifestId}/receipts",
        summary="Check such a proof",
        responses=problems(400, 404, 408, 413),
        openapi_extra=body_of(Receipt),
        response_model_exclude_none=True,
        dependencies=may,
    )
    async def check_receipt(request: Request, identifier: ManifestId) -> Receipt:
        receipt = await read_json(request, Receipt, service)
        if receipt.type != TYPE:
            raise RequestError(f"@type: a receipt is of the type {TYPE}")
        fault = repository.receipts.fault(receipt, identifier)
        return receipt.model_copy(update={"verified": fault is None, "error": fault})

    return router


def _bind(service: Service, repository: ServedRepository) -> Any:
    async def bind(request: Request) -> Response:
        stated = await read_json(request, BindingStatement, service)
        repository.check_binding(
            stated.manifestId, lambda alg: value_of_api(alg, stated.bindingValue)
        )
        return Response(status_code=204)

    return bind


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/v1"
