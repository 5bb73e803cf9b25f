"""The service in the shape of the job API of AFP's verification plug-in.

The plug-in (github.com/AFP-Medialab/verification-plugin, useSyntheticImageDetection.jsx) posts to
``images/jobs``, polls ``images/jobs/ID`` until the status is COMPLETED or FAILED, and reads
``images/reports/ID``, where each detector has ``NAME_report`` with a ``prediction`` in [0, 1].

    CAMSIM_SERVICE=http://127.0.0.1:8000 uvicorn plugin_jobs:app --port 8001

A prediction is given only where a detector made a calibrated statement; ``camsim_report`` has the
verdict in words, which the number alone can't say.
"""

import os
from typing import Annotated, Any

import httpx
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

SERVICE = os.environ.get("CAMSIM_SERVICE", "http://127.0.0.1:8000")
STATUSES = {"queued": "PENDING", "running": "PROCESSING", "done": "COMPLETED", "failed": "FAILED"}

app = FastAPI(title="camsim as plug-in jobs")


@app.post("/images/jobs")
async def post(request: Request, url: Annotated[str | None, Query()] = None) -> Response:
    """Take a form with a ``file``, or a ``url``; answer with the job's id."""
    if url is not None:
        answer = await _ask("POST", "?async=true", json={"url": url})
    else:
        kind = {"Content-Type": request.headers.get("content-type", "")}
        answer = await _ask("POST", "?async=true", content=request.stream(), headers=kind)
    if answer.status_code != 202:
        return JSONResponse({"message": answer.json()["message"]}, answer.status_code)
    return JSONResponse({"id": answer.json()["id"]})


@app.get("/images/jobs/{job}")
async def status(job: str) -> Response:
    """Report how far a job is."""
    answer = await _ask("GET", f"/{job}")
    if answer.status_code != 200:
        return JSONResponse({"message": answer.json()["message"]}, answer.status_code)
    return JSONResponse({"id": job, "status": STATUSES[answer.json()["state"]]})


@app.get("/images/reports/{job}")
async def report(job: str, services: Annotated[str | None, Query()] = None) -> Response:
    """Give what the detectors found; ``services`` names those that are wanted."""
    answer = await _ask("GET", f"/{job}/report")
    if answer.status_code != 200:
        return JSONResponse({"message": answer.json()["message"]}, answer.status_code)
    found = answer.json()
    wanted = services.split(",") if services else [one["name"] for one in found["detectors"]]
    reports = {
        f"{result['name']}_report": {"prediction": prediction(result), "words": result["reasons"]}
        for result in found["detectors"]
        if result["name"] in wanted and prediction(result) is not None
    }
    whole = {"camsim_report": found["verdict"], "similar_images": {"completed": False}}
    return JSONResponse(reports | whole)


def prediction(result: dict[str, Any]) -> float | None:
    """Return the probability of evidence against a picture; None where none is stated."""
    sure = result["confidence"]
    if sure is None or result["finding"] not in ("evidence against", "consistent"):
        return None
    return float(sure if result["finding"] == "evidence against" else 1 - sure)


async def _ask(method: str, place: str, **what: Any) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return await client.request(method, f"{SERVICE}/v1/analyses{place}", **what)
