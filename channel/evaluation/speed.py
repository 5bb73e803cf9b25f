"""How fast `channel.transmit` is beside the same decode, resize and save in bare Pillow."""

import time
from collections.abc import Callable
from io import BytesIO
from statistics import median

import numpy as np
from PIL import Image
from rich.table import Table

from channel.evaluation.pictures import scene
from channel.platforms import platform
from channel.profile import PlatformProfile, target_size
from channel.transmit import transmit

SIZE = (3000, 4000)  # 12 megapixels, what phones send
NETWORKS = ("facebook", "twitter", "yelp", "messenger", "instagram-2016", "telegram", "whatsapp")


def transmit_table(runs: int) -> Table:
    """Megapixels a CPU second of both, run in turn, medians; and the ratio of the times."""
    file = BytesIO()
    Image.fromarray(scene(*SIZE)).save(file, "JPEG", quality=95)
    upload = file.getvalue()
    table = Table("network", "transmit, MP/s", "Pillow, MP/s", "time ÷ Pillow's")
    for name in NETWORKS:
        profile = platform(name)
        ours, bare = _times(
            lambda profile=profile: transmit(upload, profile),  # type: ignore[misc]
            lambda profile=profile: _bare(upload, profile),  # type: ignore[misc]
            runs,
        )
        megapixels = SIZE[0] * SIZE[1] / 1e6
        table.add_row(
            name, f"{megapixels / ours:.1f}", f"{megapixels / bare:.1f}", f"{ours / bare:.2f}"
        )
    return table


def _bare(upload: bytes, profile: PlatformProfile) -> bytes:
    """Do what one would write by hand: libjpeg-turbo and Lanczos whatever the network has."""
    rule, encoding = profile.drawn(np.random.default_rng(0))
    image: Image.Image = Image.open(BytesIO(upload))
    height, width = target_size(rule, image.height, image.width)
    if (height, width) != (image.height, image.width):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    file = BytesIO()
    assert encoding is not None
    assert encoding.tables is not None
    image.save(
        file,
        "JPEG",
        qtables=[list(encoding.tables.luma), list(encoding.tables.chroma)],
        subsampling=encoding.subsampling,
        progressive=encoding.scans.progressive,
        optimize=encoding.optimised_huffman,
    )
    return file.getvalue()


def _times(
    first: Callable[[], object], second: Callable[[], object], runs: int
) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for action, results in zip((first, second), times, strict=True):
            start = time.process_time()
            action()
            results.append(time.process_time() - start)
    return median(times[0]), median(times[1])
