"""A service as an operator runs it: its own process, a real port."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.conftest import REPOSITORY

# Longer than anything takes on the slowest machine: it ends what never comes, no more.
PATIENCE = 600.0
_GRAIN = (
    "import verifier.analysis, tests.verifier.toy as toy\n"
    "verifier.analysis.DETECTORS = (toy.GrainDetector, *toy.DETECTORS)"
)
_SERVING = re.compile(r"serving at (\S+)/$")


@dataclass(frozen=True)
class Server:
    """A running service."""

    process: "subprocess.Popen[str]"
    url: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def decoders(self) -> list[int]:
        """Process ids of its reading processes."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return sorted(int(pid) for path in children for pid in path.read_text().split())

    def signal(self, kind: signal.Signals, pids: list[int] | None = None) -> None:
        for pid in pids or [self.process.pid]:
            os.kill(pid, kind)


@contextmanager
def served(*options: object, before: str = "") -> Iterator[Server]:
    """Run ``camsim serve`` at a free port until the block ends; ``before`` it, some Python.

    It detects grain, too, as verifiers of the tests' own process do.
    """
    program = f"import sys\n{_GRAIN}\n{before}\nfrom camera_sim.cli import main\nsys.exit(main())"
    command = [sys.executable, "-c", program, "serve", "--port", "0", *map(str, options)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        try:
            assert process.stderr is not None
            said = []
            match = None
            while match is None and (line := process.stderr.readline()):
                said.append(line)  # hints may come before
                match = _SERVING.search(line)
            assert match, said
            server = Server(process, match[1])
            with server.client() as client:
                wait_until(lambda: client.get("/readyz").status_code == 200)
            yield server
        finally:
            decoders = Server(process, "").decoders()
            process.kill()
            for pid in decoders:  # one that stands still would never see that nobody asks any more
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't happen in time"
        time.sleep(0.02)
