"""What the OpenAPI document says is what the service does, for requests that nobody thought of."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier.repository.stores import label, publication
from tests.verifier.service.server import Server, served
from verifier.api_keys import add_key
from verifier.repository import FolderRepository
from watermark.key_files import write_key_file
from watermark.keys import DeviceSecret, GroupKey

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Of each operation; what lies at the edges of its schema comes besides, whatever the number.
EXAMPLES = int(os.environ.get("CAMSIM_FUZZ_EXAMPLES", "5"))


@pytest.mark.slow(seconds=9)
def test_schemathesis_finds_nothing(toy_folder: Path, tmp_path: Path) -> None:
    with served("--weights", toy_folder, "--resend", "--rate", 0) as server:
        assert "Tested: 12" in _fuzzed(server, tmp_path)


@pytest.mark.slow(seconds=15)
def test_schemathesis_finds_nothing_in_the_repository(toy_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    with FolderRepository(folder, make=True) as repository:
        repository.publish(publication(1))
    key = add_key(folder / "keys", "fuzz")
    write_key_file(tmp_path / "group.json", GroupKey.draw())
    options: list[object] = ["--weights", toy_folder, "--resend", "--rate", 0]
    options += ["--lookup-rate", 0, "--watermark-key", tmp_path / "group.json"]
    with served(*options, "--repository", folder) as server:
        ran = _fuzzed(
            server,
            tmp_path,
            f"--header=Authorization: Bearer {key}",
            "--include-path-regex=^/v1/(matches|manifests|bindings|services)|^/.well-known",
        )
        assert "Tested: 15" in ran
        with server.client() as client:
            assert client.get(f"/v1/manifests/{label(1)}").content == publication(1).store


def test_schemathesis_finds_nothing_in_measuring(toy_folder: Path, tmp_path: Path) -> None:
    write_key_file(tmp_path / "secrets" / "group.json", GroupKey.draw())
    write_key_file(tmp_path / "secrets" / "device.json", DeviceSecret.draw())
    key = add_key(tmp_path / "keys", "fuzz")
    options: list[object] = ["--weights", toy_folder, "--resend", "--rate", 0]
    options += ["--keys", tmp_path / "keys", "--measuring-keys", tmp_path / "secrets"]
    with served(*options, "--measuring-rate", 0, "--measuring-each", 0) as server:
        ran = _fuzzed(
            server,
            tmp_path,
            f"--header=Authorization: Bearer {key}",
            "--include-path-regex=^/v1/measurements",
            "--phases=examples,coverage,fuzzing",  # no other route follows from it
        )
        assert "Tested: 1" in ran


def _fuzzed(server: Server, folder: Path, *options: str) -> str:
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={CONFIG}",
            "run",
            f"{server.url}/openapi.json",
            f"--max-examples={EXAMPLES}",
            "--seed=1",
            "--no-color",
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-60000:] + ran.stderr
    return ran.stdout
