import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(os.environ.get("CAMSIM_SHARED", "../shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no pictures at {folder}; set CAMSIM_SHARED to the folder that has data/")
    return folder


def photo(height: int, width: int, seed: int = 0) -> Pixels:
    """Make a colourful picture with edges, gradients and grain, of any size."""
    return _photo(height, width, seed).copy()


@lru_cache(maxsize=32)
def _photo(height: int, width: int, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 48
    waves = np.stack([np.sin(x + y * k) + np.cos(y - x * k) for k in (0.3, 1.1, 2.3)], -1)
    edges = 60 * (np.hypot(x - 1, y - 1) % 1 < 0.4)[..., None] * np.array([1, -0.5, 0.7])
    grain = rng.normal(0, 6, (height, width, 3))
    return np.clip(128 + 45 * waves + edges + grain, 0, 255).round().astype(np.uint8)
