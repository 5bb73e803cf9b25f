"""Answers: a report, a problem, and how both stand in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from fastapi.responses import HTMLResponse, JSONResponse, Response

from verifier.report.report import Report
from verifier.service.problems import NotReadyError, Problem
from verifier.service.records import Record

Format = Literal["json", "html"]
PROBLEM_TYPE: Final = "application/problem+json"

_MEANINGS: Final = {
    400: "The request isn't formed as it should be.",
    401: "A key is needed.",
    403: "This service fetches no URLs.",
    404: "There is no such analysis, or it isn't kept any more.",
    408: "The photo didn't arrive in time.",
    409: "The analysis isn't done, or it failed: there is no report.",
    413: "The photo is larger than allowed, in bytes or pixels.",
    415: "The photo is of a kind that isn't taken, or the Content-Type is none.",
    421: "The service isn't asked by this name of a host.",
    422: "The photo can't be read, or the URL isn't fetched.",
    429: "Too many analyses in a minute; Retry-After says when to ask again.",
    500: "An error of ours.",
    503: "No place is free, or time ran out; Retry-After says when to ask again.",
}


def documented(
    *statuses: int, meanings: Mapping[int, str] = _MEANINGS
) -> dict[int | str, dict[str, Any]]:
    """Describe answers that are problems for the OpenAPI document."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}  # of an analysis that failed
    return {
        status: {"content": {PROBLEM_TYPE: schema}, "description": meanings[status]}
        for status in statuses
    }


def problem_response(problem: Problem, retry_after: float | None = None) -> Response:
    """Answer with a problem."""
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.model_dump(), problem.status, headers, PROBLEM_TYPE)


def report_response(report: Report, form: Format, headers: dict[str, str]) -> Response:
    """Answer with a report."""
    if form == "html":
        return HTMLResponse(report.to_html(), headers=headers)
    return Response(report.to_json(), media_type="application/json", headers=headers)


def report_of(record: Record) -> Report:
    """Return an analysis' report; raises `NotReadyError` where there is none, or none yet."""
    if record.report is not None:
        return record.report
    problem = record.analysis.problem
    if problem is not None:
        raise NotReadyError(f"there is no report: {problem.message}")
    raise NotReadyError(f"the analysis is {record.analysis.state}; ask again in a second", 1)
