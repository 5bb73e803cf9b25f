"""What the OpenAPI document says is what the service does, for requests that nobody thought of."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier.service.server import served

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_schemathesis_finds_nothing(toy_folder: Path, tmp_path: Path) -> None:
    with served("--weights", toy_folder, "--resend", "--rate", 0) as server:
        ran = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                f"--config-file={CONFIG}",
                "run",
                f"{server.url}/openapi.json",
                "--max-examples=25",
                "--seed=1",
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
        assert "Tested: 11" in ran.stdout
