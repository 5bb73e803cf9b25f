"""Rebuild the golden pictures beside this script: ``python -m tests.camera_sim.golden.build``.

Of the example RAW file, one for each pipeline that ships: the whole picture made small, which shows
colours and exposure, above two squares in its own size, which show demosaicing and noise.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.cli import main as camsim
from tests.conftest import REPOSITORY

HERE = Path(__file__).parent
RAW = REPOSITORY / "examples" / "canon-s40-box.crw"
PIPELINES = ("rnet", "qnet", "classical", "libraw")
WIDTH, SIDE = 96, 48
SQUARES = ((768, 960), (1216, 800))  # left and top: lettering, and an edge of saturated colours


def main() -> None:
    """Write every golden picture."""
    with TemporaryDirectory() as folder:
        for pipeline in PIPELINES:
            seen = excerpt(developed(pipeline, Path(folder)))
            Image.fromarray(seen).save(HERE / f"{pipeline}.png", optimize=True)


def developed(pipeline: str, folder: Path) -> NDArray[np.uint8]:
    """Develop the example into a folder, by the command; a drawn payload would change each time."""
    path = folder / f"{pipeline}.png"
    words = ["develop", str(RAW), "--pipeline", pipeline, "--no-watermark", "--out", str(path)]
    assert camsim(words) == 0
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def excerpt(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take what is kept of a picture."""
    height = round(WIDTH * pixels.shape[0] / pixels.shape[1])
    small = Image.fromarray(pixels).resize((WIDTH, height), Image.Resampling.BOX)
    squares = [pixels[top : top + SIDE, left : left + SIDE] for left, top in SQUARES]
    return np.concatenate((np.asarray(small), np.concatenate(squares, axis=1)))


if __name__ == "__main__":
    main()
