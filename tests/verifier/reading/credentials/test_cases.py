"""Files and stores that once got a wrong answer (cases 01, 02 and 04), where they are at hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from verifier import Report, Verifier
from verifier.reading.credentials import credential_of


def made(shared_folder: Path, case: str, out: Path) -> Path:
    script = shared_folder / "cases" / case / "make.py"
    if not script.is_file():
        pytest.skip(f"{script} is not there")
    subprocess.run([sys.executable, str(script), str(out)], check=True, timeout=300)
    return out


def reports(folder: Path) -> dict[str, Report]:
    with Verifier.facts_only(trust_anchors=folder / "anchors.pem") as verifier:
        return {photo.stem: verifier.analyze(photo) for photo in sorted(folder.glob("*.jpg"))}


@pytest.mark.slow
def test_trust_of_an_ingredient(shared_folder: Path, tmp_path: Path) -> None:
    found = reports(made(shared_folder, "01-trust-of-an-ingredient", tmp_path / "out"))
    for name in ("forged", "forged-alone"):
        assert (name, found[name].credential.trust.state) == (name, "untrusted")
        assert found[name].verdict.label == "inconclusive"
    for name in ("trusted-editor-expired-ingredient", "trusted-editor-unknown-ingredient"):
        assert (name, found[name].credential.trust.state) == (name, "trusted")
    assert found["genuine"].verdict.label == "consistent"
    assert found["expired-alone"].credential.trust.state == "expired"


def test_identity_assertion(shared_folder: Path, tmp_path: Path) -> None:
    folder = made(shared_folder, "02-identity-assertion", tmp_path / "out")
    for file in folder.glob("*.json"):
        credential = credential_of(json.loads(file.read_text()), anchors_given=True)
        if file.stem == "really-broken":
            assert credential.integrity.state == "broken"
            continue
        assert (file.stem, credential.integrity.state) == (file.stem, "intact")
        assert "identity was not confirmed" in credential.identity.words


@pytest.mark.slow
def test_generated_said_elsewhere(shared_folder: Path, tmp_path: Path) -> None:
    found = reports(made(shared_folder, "04-generated-said-elsewhere", tmp_path / "out"))
    for number, photo in enumerate(found.values(), start=1):
        first = photo.verdict.summary.split("). ")[0]
        if number == 7:
            words = " ".join(photo.verdict.reasons)
            assert "the picture that this one was made from was taken by a camera" in words
            continue
        assert "generated" in first, number
        assert ("unsigned" in first) == (number == 8)
        assert ("put into this one" in first) == (number == 6)
        assert (photo.verdict.level == "established") == (number <= 5)
