"""The examples of embedding do what they say."""

import importlib.util
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from channel.manipulations import GAUSSIAN
from tests.conftest import REPOSITORY
from tests.verifier.conftest import jpeg
from tests.verifier.service.browser import chromium
from tests.verifier.service.server import Server, served, wait_until
from tests.verifier.toy import native

pytestmark = pytest.mark.slow

EXAMPLES = REPOSITORY / "examples" / "service"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    """A newsroom's own site, on another origin, with the example page."""
    handler = partial(_Quiet, directory=str(EXAMPLES))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


@pytest.fixture(scope="module")
def server(toy_folder: Path, desk: str) -> Iterator[Server]:
    options = ("--resend", "instagram", "--rate", 0, "--allow-origin", desk)
    with served("--weights", toy_folder, *options) as started:
        yield started


@pytest.fixture
def plugin(server: Server, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("CAMSIM_SERVICE", server.url)
    spec = importlib.util.spec_from_file_location("plugin_jobs", EXAMPLES / "plugin_jobs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return TestClient(module.app)


def test_the_python_client(server: Server, photo_file: Path) -> None:
    text = (EXAMPLES / "client.py").read_text()
    body = text.partition("def verify")[2].partition("def main")[0].strip().splitlines()
    assert len(body) <= 10
    command = [sys.executable, EXAMPLES / "client.py", photo_file, server.url]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("consistent - From a known camera")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "python client.py photo.jpg"),
        (["nowhere.jpg"], "No such file"),
        ([str(EXAMPLES / "client.py"), "http://127.0.0.1:1"], "refused"),
        ([str(EXAMPLES / "client.py"), "no address"], "unknown url type"),
    ],
)
def test_the_python_client_says_what_is_wrong(args: list[str], said: str) -> None:
    command = [sys.executable, EXAMPLES / "client.py", *args]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_python_client_passes_on_why_a_file_is_refused(server: Server) -> None:
    command = [sys.executable, EXAMPLES / "client.py", EXAMPLES / "client.py", server.url]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "no format" in ran.stderr


def test_the_plug_ins_jobs(plugin: TestClient) -> None:
    smooth = jpeg(GAUSSIAN(native()))
    params = {"services": "grain", "search_similar": "true"}
    job = plugin.post("/images/jobs", files={"file": ("a.jpg", smooth)}, params=params).json()

    def status() -> Any:
        return plugin.get(f"/images/jobs/{job['id']}").json()["status"]

    wait_until(lambda: status() == "COMPLETED")
    report = plugin.get(f"/images/reports/{job['id']}").json()
    assert report["grain_report"]["prediction"] > 0.9
    assert report["camsim_report"]["label"] == "evidence against"
    assert report["similar_images"] == {"completed": False}


def test_the_plug_ins_failures(plugin: TestClient) -> None:
    job = plugin.post("/images/jobs", files={"file": ("a.jpg", b"no picture")}).json()
    wait_until(lambda: plugin.get(f"/images/jobs/{job['id']}").json() == job | {"status": "FAILED"})
    assert "no format" in plugin.get(f"/images/reports/{job['id']}").json()["message"]
    refused = plugin.post("/images/jobs", params={"url": "http://127.0.0.1/"})
    assert (refused.status_code, "URLs" in refused.json()["message"]) == (403, True)
    assert plugin.get("/images/jobs/unknown").status_code == 404


def test_the_page_of_another_origin(server: Server, desk: str, photo_file: Path) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{desk}/embed.html?service={server.url}")
        page.wait_for_load_state("networkidle")
        page.get_by_label("Picture").set_input_files(photo_file)
        expect(page.get_by_role("status")).to_contain_text("consistent: From a known camera")


def test_origins_that_are_not_allowed_get_no_answer(server: Server, photo: bytes) -> None:
    with server.client() as client:
        answer = client.post(
            "/v1/analyses", files={"file": photo}, headers={"Origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in answer.headers


def test_the_systemd_unit_is_one(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    unit = tmp_path / "camsim.service"
    text = (EXAMPLES / "camsim.service").read_text()
    unit.write_text(text.replace("/opt/camsim/bin/camsim", sys.executable))
    ran = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert "camsim.service" not in ran.stderr, ran.stderr


def test_the_container_has_every_package() -> None:
    text = (EXAMPLES / "Containerfile").read_text()
    packages = sorted(path.parent.name for path in REPOSITORY.glob("*/__init__.py"))
    for package in set(packages) - {"tests"}:
        assert f"COPY {package} {package}" in text
