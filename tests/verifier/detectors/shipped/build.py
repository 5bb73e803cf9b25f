"""Rebuild the pictures beside this script, and what the shipped detectors say of them.

::

    python -m tests.verifier.detectors.shipped.build              the pictures, and answers.json
    python -m tests.verifier.detectors.shipped.build --answers    answers.json alone

All are made from the example RAW file (CC0) or drawn. Each is named for what was done to it.
Answers are what a set of weights says, right or wrong: new weights have new ones.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.cli import main as camsim
from channel import transmit
from channel.manipulations import GAUSSIAN, SHARPEN
from tests.conftest import REPOSITORY
from verifier import Report, Verifier
from verifier.evaluation.graphics import KINDS

HERE = Path(__file__).parent
RAW = REPOSITORY / "examples" / "canon-s40-box.crw"
ANSWERS = HERE / "answers.json"
LEFT, TOP, SIDE = 640, 896, 288  # lettering and texture, none of it flat or overexposed


def main() -> None:
    """Write everything."""
    if "--answers" not in sys.argv:
        for name, content in pictures().items():
            (HERE / f"{name}.jpg").write_bytes(content)
    with Verifier.default() as verifier:
        answers = {path.stem: answer(verifier.analyze(path)) for path in sorted(HERE.glob("*.jpg"))}
    ANSWERS.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")


def pictures() -> dict[str, bytes]:
    """Make the pictures."""
    ours, other = developed("rnet-fan"), developed("classical")
    native = part(ours, LEFT, TOP)
    small = Image.fromarray(ours).resize((384, 286), Image.Resampling.LANCZOS)
    return {
        "native": jpeg(native, 85),
        "smoothed": jpeg(GAUSSIAN(native), 90, subsampling=0),
        "sharpened": jpeg(SHARPEN(native), 85),
        "saved-once-more": jpeg(part(ours, 1024, 640), 80),
        "another-pipeline": jpeg(part(other, 1024, 640), 85),
        "through-instagram": transmit(jpeg(np.asarray(small), 95), "instagram"),
        "drawn-chart": jpeg(KINDS["pie chart"](np.random.default_rng(3), 256, 320), 85),
        # Reported as generated, which is wrong: no network made it.
        "drawn-screen": jpeg(KINDS["screen"](np.random.default_rng(1), 256, 320), 85),
    }


def developed(pipeline: str) -> NDArray[np.uint8]:
    """Develop the example."""
    path = HERE / f"{pipeline}.png"
    words = ["develop", str(RAW), "--pipeline", pipeline, "--out", str(path), "--force"]
    try:
        assert camsim(words) == 0
        return np.asarray(Image.open(path).convert("RGB"))
    finally:
        path.unlink(missing_ok=True)


def part(pixels: NDArray[np.uint8], left: int, top: int) -> NDArray[np.uint8]:
    """Cut out a square."""
    return pixels[top : top + SIDE, left : left + SIDE]


def jpeg(pixels: NDArray[np.uint8], quality: int, subsampling: int = 2) -> bytes:
    """Encode; 2 is 4:2:0, as Pillow numbers them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def answer(report: Report) -> dict[str, Any]:
    """Take what is pinned of a report."""
    return {
        "verdict": report.verdict.label,
        "level": report.verdict.level,
        "lasts": report.stability.holds,
        "detectors": {
            result.name: {
                "status": result.status,
                "finding": result.finding,
                "answer": result.answer,
                "probabilities": {k: round(p, 4) for k, p in result.probabilities.items()},
            }
            for result in report.detectors
        },
    }


if __name__ == "__main__":
    main()
