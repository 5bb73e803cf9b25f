"""Reading processes killed, the queue full, the service told to stop: nothing else is lost."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.verifier.conftest import jpeg
from tests.verifier.service.server import PATIENCE, Server, served, wait_until
from tests.verifier.toy import native
from verifier.evaluation.bench_service import bench_service

pytestmark = pytest.mark.slow

# Nothing outside shows when a stopping service gives up what isn't done: this one says so.
TELLING = """
from verifier.service.jobs import Jobs
end = Jobs._end
def told(*given):
    end(*given)
    print("given up", file=sys.stderr, flush=True)
Jobs._end = told
"""


OPTIONS = ("--resend", "--workers", 2, "--queue", 2, "--rate", 0, "--drain-seconds", PATIENCE,
           "--seconds", PATIENCE)  # fmt: skip


@pytest.fixture
def server(toy_folder: Path) -> Iterator[Server]:
    """A service of the test's own: what another stopped or killed is none of its decoders."""
    with served("--weights", toy_folder, *OPTIONS) as started:
        yield started


def job(client: httpx.Client, photo: bytes) -> str:
    answer = client.post("/v1/analyses?async=true", files={"file": photo})
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def state(client: httpx.Client, place: str) -> str:
    return str(client.get(place).json()["state"])


def both_decoders_stopped_in_mid_analysis(
    server: Server, client: httpx.Client, photo: bytes
) -> list[str]:
    """Have two analyses stand still while their file is read."""
    places = []
    if not server.decoders():
        one = job(client, photo)
        wait_until(lambda: state(client, one) == "done")
    there = server.decoders()
    server.signal(signal.SIGSTOP, there)
    if len(there) == 1:
        places.append(job(client, photo))
        wait_until(lambda: state(client, places[0]) == "running")
        whole = job(client, photo)
        wait_until(lambda: state(client, whole) == "done")  # by the second, which now waits
        server.signal(signal.SIGSTOP, server.decoders())
    places += [job(client, photo) for _ in range(2 - len(places))]
    wait_until(lambda: all(state(client, place) == "running" for place in places))
    return places


def takes_no_more(server: Server) -> bool:
    """Whether a service that was told to stop has closed its port."""
    address = httpx.URL(server.url)
    try:
        socket.create_connection((address.host, address.port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_killed_reader_loses_no_request(server: Server, photo: bytes) -> None:
    with server.client() as client:
        places = both_decoders_stopped_in_mid_analysis(server, client, photo)
        places += [job(client, photo), job(client, photo)]
        victim, other = server.decoders()
        server.signal(signal.SIGKILL, [victim])
        server.signal(signal.SIGCONT, [other])
        wait_until(lambda: all(state(client, place) == "done" for place in places))


def test_every_decoder_killed_at_once_loses_no_request(server: Server, photo: bytes) -> None:
    with server.client() as client:
        places = both_decoders_stopped_in_mid_analysis(server, client, photo)
        server.signal(signal.SIGKILL, server.decoders())
        wait_until(lambda: all(state(client, place) == "done" for place in places))


def test_a_full_queue_answers_503_and_recovers(server: Server, photo: bytes) -> None:
    with server.client() as client:
        places = both_decoders_stopped_in_mid_analysis(server, client, photo)
        places += [job(client, photo), job(client, photo)]
        refused = client.post("/v1/analyses", files={"file": photo})
        assert (refused.status_code, refused.json()["kind"]) == (503, "BusyError")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        server.signal(signal.SIGCONT, server.decoders())
        wait_until(lambda: all(state(client, place) == "done" for place in places))
        assert client.post("/v1/analyses", files={"file": photo}).status_code == 200
        assert client.get("/readyz").status_code == 200


def test_a_client_that_goes_frees_its_place(server: Server, photo: bytes) -> None:
    with server.client() as client:
        both_decoders_stopped_in_mid_analysis(server, client, photo)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/analyses", files={"file": photo}, timeout=0.5)
        wait_until(lambda: "camsim_live_analyses 2.0" in client.get("/metrics").text)


def test_stopping_lets_running_requests_finish(server: Server, photo: bytes) -> None:
    with server.client() as client, ThreadPoolExecutor() as pool:
        [decoder] = server.decoders()
        server.signal(signal.SIGSTOP, [decoder])
        answer = pool.submit(client.post, "/v1/analyses", files={"file": photo})
        with server.client() as other:
            wait_until(lambda: "live_analyses 1.0" in other.get("/metrics").text)
        server.signal(signal.SIGTERM)
        wait_until(lambda: takes_no_more(server))
        server.signal(signal.SIGCONT, [decoder])
        assert answer.result().status_code == 200
    assert server.process.wait(PATIENCE) == 0
    assert server.process.stderr is not None
    assert server.process.stderr.read() == ""
    assert not Path(f"/proc/{decoder}").exists()


def test_what_stopping_interrupts_is_told(toy_folder: Path, tmp_path: Path, photo: bytes) -> None:
    options = ("--weights", toy_folder, "--resend", "--keep", tmp_path / "kept.db", "--workers", 1)
    told = served(*options, "--drain-seconds", 1, before=TELLING)
    with told as server, server.client() as client:
        [decoder] = server.decoders()
        server.signal(signal.SIGSTOP, [decoder])
        places = [job(client, photo), job(client, photo)]
        wait_until(lambda: state(client, places[0]) == "running")
        server.signal(signal.SIGTERM)
        wait_until(lambda: takes_no_more(server))
        assert server.process.stderr is not None
        for _ in places:  # the decoder stands still until the time of grace is over
            assert server.process.stderr.readline() == "given up\n"
        server.signal(signal.SIGCONT, [decoder])
        assert server.process.wait(PATIENCE) == 0
    with served(*options) as server, server.client() as client:
        for place in places:
            problem = client.get(place).json()["problem"]
            assert problem["kind"] == "StoppingError"
            assert "post the photo again" in problem["message"]


def test_a_measured_service_ends_with_who_measures_it(toy_folder: Path) -> None:
    program = "import sys; from verifier.evaluation.bench_service import main; main(*sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(toy_folder), "1", "1", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdout is not None
        assert service.stdin is not None
        assert service.stdout.readline().strip().isdecimal()
        service.stdin.close()  # as the kernel does when who holds it is killed
        service.wait(PATIENCE)


def test_two_dozen_photos_sixteen_at_a_time(toy_folder: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.jpg" for seed in range(4)]
    for seed, path in enumerate(paths):
        path.write_bytes(jpeg(native(256, 256, seed=seed)))
    load = bench_service(paths, toy_folder, requests=24, at_a_time=16, workers=2, queue=32)
    assert load.statuses == {200: 24}
    assert 0 < load.p50 <= load.p95
    assert 50e6 < load.memory < 1.5e9
    overflow = bench_service(paths, toy_folder, requests=16, at_a_time=16, workers=2, queue=1)
    assert overflow.statuses[200] == 16
    assert overflow.statuses[503] > 0
    assert set(overflow.statuses) == {200, 503}
