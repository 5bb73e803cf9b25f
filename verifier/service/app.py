"""The application: routes, page, headers and error answers around one `Service`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.errors import VerifierError
from verifier.report.html import inline_policy
from verifier.service.answers import problem_response
from verifier.service.hosts import Hosts
from verifier.service.look_ups import discovery, look_ups
from verifier.service.measurements import measurements
from verifier.service.operations import operations
from verifier.service.problems import Problem, ServiceError, problem_of
from verifier.service.publishing import publishing
from verifier.service.routes import analyses
from verifier.service.service import Service

PAGE: Final = Path(__file__).parent / "page"
REPORT: Final = PAGE.parents[1] / "report" / "template"
_log = logging.getLogger(__name__)
# The page and the HTML report bring all they need: nothing may be asked of anybody else.
_POLICY: Final = (
    "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
)
_PAGE_POLICY: Final = _POLICY + "script-src 'self'; style-src 'self'"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(service: Service) -> FastAPI:
    """Make the application of a service, for any ASGI server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="camsim verifier",
        version="1",
        summary="What can be known of a photo that came back from a platform.",
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from third parties
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name whatever host the request named
        generate_unique_id_function=lambda route: route.name,
    )
    app.include_router(analyses(service))
    app.include_router(operations(service))
    if service.measuring:
        app.include_router(measurements(service, service.measuring))
    if service.repository:
        app.include_router(look_ups(service, service.repository))
        app.include_router(publishing(service, service.repository))
        app.include_router(discovery())
    _add_page(app)
    _add_error_answers(app)
    if service.settings.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.settings.allow_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            expose_headers=["Location", "Retry-After"],
        )
    if service.settings.allow_hosts:
        app.add_middleware(Hosts, allowed=service.settings.allow_hosts)
    app.add_middleware(_Answers, service=service)
    return app


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    app.mount("/page/report", StaticFiles(directory=REPORT), name="report")  # style and sliders
    app.mount("/page", StaticFiles(directory=PAGE), name="page")


def _add_error_answers(app: FastAPI) -> None:
    @app.exception_handler(VerifierError)
    async def ours(_: Request, error: VerifierError) -> Response:
        retry_after = error.retry_after if isinstance(error, ServiceError) else None
        return problem_response(problem_of(error), retry_after)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return problem_response(
            Problem(kind="RequestError", message=f"{place}: {first['msg']}", status=400)
        )

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        words = HTTPStatus(error.status_code).phrase.lower()
        problem = Problem(kind="RequestError", message=words, status=error.status_code)
        response = problem_response(problem)
        response.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = ", ".join(_methods(app, request))
        return response

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        _log.error("an error of ours", exc_info=error)
        message = "an error of ours, please report it"
        return problem_response(Problem(kind="InternalError", message=message, status=500))


def _methods(app: FastAPI, request: Request) -> list[str]:
    """List what a path takes; Starlette's own answer names the first route's methods alone."""
    matching = [route for route in app.routes if route.matches(request.scope)[0] != Match.NONE]
    return sorted({m for route in matching for m in getattr(route, "methods", None) or ()})


class _Answers:
    """Counts answers, and adds the headers that keep a browser from doing more than it should."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._metrics = service.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(_known(scope["method"]), message["status"])
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["Content-Security-Policy"] = _policy(scope["path"], headers)
            await send(message)

        await self._app(scope, receive, sent)


def _policy(path: str, headers: MutableHeaders) -> str:
    is_report = path.startswith("/v1/") and headers.get("content-type", "").startswith("text/html")
    return f"{_POLICY}{inline_policy()}; sandbox allow-scripts" if is_report else _PAGE_POLICY


def _known(method: str) -> str:
    """Keep what a client invents from becoming a counter each."""
    return method if method in ("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT") else "other"
