"""The wheel that `pip install` makes: what is in it, what isn't, and that it runs alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import REPOSITORY

PACKAGES = ("camera_sim", "channel", "firmware_export", "fleet", "verifier", "watermark")
# What hatchling reads: with what else lies in a working folder, a build would copy that, too.
SOURCES = (*PACKAGES, "pyproject.toml", "README.md", "LICENSE")
KINDS = (
    ".py",
    ".pyi",
    ".json",
    ".onnx",
    ".safetensors",
    ".css",
    ".js",
    ".html",
    ".icc",
    ".typed",
    ".md",
)
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """A wheel, and a new virtual environment that it is installed into."""

    wheel: Path
    python: Path
    site: Path

    def run(self, *words: str) -> str:
        """Run a script of the environment elsewhere than in the repository."""
        command = [str(self.python.parent / words[0]), *words[1:]]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run(
            command, cwd=self.site.parent, env=clean, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build and install without an index: what it needs is taken from where tests run."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, ignored = REPOSITORY / name, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / "source" / name, ignore=ignored)
        else:
            shutil.copy(source, folder / "source" / name)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", folder], cwd=folder / "source", check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / Path(sys.executable).relative_to(sys.prefix).with_name("python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", "--no-index", "--no-deps", wheel], check=True
    )
    [site] = (folder / "venv").rglob("site-packages")
    needed = [place for place in sys.path if Path(place).name == "site-packages"]
    (site / "needed.pth").write_text("\n".join(needed))
    return Installed(wheel, python, site)


@pytest.fixture(scope="module")
def names(installed: Installed) -> list[str]:
    with ZipFile(installed.wheel) as wheel:
        return wheel.namelist()


def test_it_holds_the_packages_and_what_describes_them(names: list[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name for name in names if name.endswith("/py.typed")} == {
        f"{package}/py.typed" for package in PACKAGES
    }


def test_every_file_of_the_packages_is_in_it(names: list[str]) -> None:
    there = {
        path.relative_to(REPOSITORY).as_posix()
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.suffix in KINDS and "__pycache__" not in path.parts
    }
    assert there <= set(names)
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} <= set(KINDS)


def test_no_test_no_document_and_nothing_that_was_compiled_is_in_it(names: list[str]) -> None:
    parts = {part for name in names for part in Path(name).parts}
    assert not {"tests", "docs", "examples", "__pycache__", "conftest.py"} & parts
    assert not [name for name in names if Path(name).name.startswith(("test_", "."))]


def test_what_the_page_a_report_and_the_platforms_need_is_in_it(names: list[str]) -> None:
    for name in (
        "verifier/report/template/report.html",
        "verifier/report/template/report.css",
        "verifier/report/template/sliders.js",
        "verifier/service/page/index.html",
        "verifier/service/page/page.js",
        "verifier/service/page/style.css",
        "channel/platforms/sRGB-v2-micro.icc",
    ):
        assert name in names


@pytest.mark.parametrize("package", ["camera_sim", "verifier"])
def test_the_weights_are_those_that_its_manifest_names(package: str, installed: Installed) -> None:
    folder = installed.site / package / "weights"
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    named = dict(_named(json.loads(text)))
    assert named
    for name, sha256 in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert {path.name for path in folder.glob("*.onnx")} == set(named)
    for weights in folder.glob("*.safetensors"):  # what training starts from
        assert weights.with_suffix(".onnx").name in named


def _named(content: object) -> list[tuple[str, str]]:
    """Every file that a manifest names beside its hash."""
    if isinstance(content, list):
        return [pair for item in content for pair in _named(item)]
    if not isinstance(content, dict):
        return []
    found = [pair for item in content.values() for pair in _named(item)]
    if isinstance(content.get("file"), str):
        found.append((content["file"], content["sha256"]))
    return found


def test_the_command_runs_from_it(installed: Installed) -> None:
    version = installed.wheel.name.split("-")[1]
    assert installed.run("camsim", "--version").strip() == version
    assert "develop" in installed.run("camsim", "--help")
    modules = ", ".join(PACKAGES)
    show = f"import {modules}; print(*(p.__file__ for p in ({modules})), sep='\\n')"
    for place in installed.run("python", "-c", show).split():
        assert Path(place).is_relative_to(installed.site)


def test_a_raw_file_is_developed_and_the_picture_verified_with_it(
    installed: Installed, tmp_path: Path
) -> None:
    """The shipped networks, away from the repository."""
    raw, photo = REPOSITORY / "examples" / "canon-s40-box.crw", tmp_path / "photo.jpg"
    installed.run("camsim", "develop", str(raw), "--out", str(photo))
    assert photo.stat().st_size > 100_000
    script = (
        "import sys, verifier\n"
        "with verifier.Verifier.default(resend_through=()) as asked:\n"
        "    print(asked.analyze(sys.argv[1]).to_json())"
    )
    report = json.loads(installed.run("python", "-c", script, str(photo)))
    assert {found["status"] for found in report["detectors"]} <= {"ran", "abstained"}
