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
from channel.manipulations import GAUSSIAN
from tests.conftest import REPOSITORY
from tests.verifier.detectors.shipped.drawn import pie_chart, screen
from verifier import Report, Verifier

HERE = Path(__file__).parent
RAW = REPOSITORY / "examples" / "canon-s40-box.crw"
ANSWERS = HERE / "answers.json"
SIDE = 288


def main() -> None:
    """Write everything."""
    if "--answers" not in sys.argv:
        for name, content in pictures().items():
            (HERE / f"{name}.jpg").write_bytes(content)
    with Verifier.default(watermark_keys=()) as verifier:
        answers = {path.stem: answer(verifier.analyze(path)) for path in sorted(HERE.glob("*.jpg"))}
    ANSWERS.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")


def pictures() -> dict[str, bytes]:
    """Make the pictures."""
    whole = developed("classical")
    photograph = part(whole, 1024, 640)
    small = Image.fromarray(whole).resize((384, 286), Image.Resampling.LANCZOS)
    return {
        "photograph": jpeg(photograph, 85),
        "smoothed": jpeg(GAUSSIAN(photograph), 90, subsampling=0),
        "through-instagram": transmit(jpeg(np.asarray(small), 95), "instagram"),
        "drawn-chart": jpeg(pie_chart(6, 256, 320), 85),
        "drawn-screen": jpeg(screen(1, 256, 320), 85),
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
