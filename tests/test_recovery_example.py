"""The end of `make demo`: a stripped and altered copy leads back to what was signed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "examples" / "recovery" / "recovery.sh"


@pytest.mark.slow(seconds=15)
def test_the_story_of_a_stripped_copy(tmp_path: Path) -> None:
    program = "import sys; from camera_sim.cli import main; sys.exit(main())"
    camsim = tmp_path / "camsim"
    camsim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{program}" "$@"\n', encoding="utf-8")
    camsim.chmod(0o755)
    folder = tmp_path / "story"
    paths = {"CAMSIM": str(camsim), "PYTHON": sys.executable, "PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(
        [SCRIPT, folder],
        env=os.environ | paths,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    shared, altered = ((folder / f"{name}.txt").read_text() for name in ("shared", "altered"))
    assert "Nothing else was found to differ" in " ".join(shared.split())
    assert altered.startswith("altered.jpg: EVIDENCE AGAINST")
    with Image.open(folder / "story.jpg") as story:
        assert story.width > 3 * 500
    assert (folder / "story.jpg").stat().st_size < 400_000
    again = subprocess.run(
        [SCRIPT, folder], env=os.environ | paths, capture_output=True, check=False
    )
    assert again.returncode != 0, "what is there is kept"
