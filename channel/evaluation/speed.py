"""How fast `channel.transmission` is beside the same decode, resize and save without it."""

import time
from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image
from rich.table import Column, Table

from channel import codecs
from channel.evaluation.pictures import scene
from channel.platforms import platform
from channel.profile import Encoding, PlatformProfile, target_size
from channel.resample import PILLOW_FILTERS
from channel.transmission import transmit

SIZE = (3000, 4000)  # 12 megapixels, what phones send
TIMED = ("facebook", "twitter", "yelp", "messenger", "instagram-2016", "telegram", "whatsapp")
_FILTERS = {**PILLOW_FILTERS, "unweighted-box": Image.Resampling.BOX}


def transmit_table(runs: int) -> Table:
    """Megapixels a CPU second, run in turn, the fastest of each; and the ratios of the times.

    Beside Pillow, and for platforms with another codec beside that codec called directly.
    """
    file = BytesIO()
    Image.fromarray(scene(*SIZE)).save(file, "JPEG", quality=95)
    table = Table(
        Column("platform", no_wrap=True),
        "transmit, MP/s",
        "Pillow, MP/s",
        "time ÷ Pillow",
        "its own codec, MP/s",
        "time ÷ codec",
    )
    for name in TIMED:
        table.add_row(name, *_figures(file.getvalue(), platform(name), runs))
    return table


def _figures(upload: bytes, profile: PlatformProfile, runs: int) -> list[str]:
    _, encoding = profile.drawn(np.random.default_rng(0))
    assert encoding is not None
    actions = [lambda: transmit(upload, profile), lambda: _by_pillow(upload, profile, encoding)]
    if encoding.codec != "libjpeg-turbo":
        actions.append(lambda: _by_codec(upload, profile, encoding))
    ours, *peers = _times(actions, runs)
    megapixels = SIZE[0] * SIZE[1] / 1e6
    beside = [text for t in peers for text in (f"{megapixels / t:.1f}", f"{ours / t:.2f}")]
    return [f"{megapixels / ours:.1f}", *beside, *["–"] * (4 - len(beside))]


def _by_pillow(upload: bytes, profile: PlatformProfile, encoding: Encoding) -> bytes:
    """Do what one would write by hand: libjpeg-turbo whatever codec the platform has."""
    tables = encoding.tables
    assert tables is not None
    file = BytesIO()
    _resized(Image.open(BytesIO(upload)), profile).save(
        file,
        "JPEG",
        qtables=[list(tables.luma), list(tables.chroma)],
        subsampling=encoding.subsampling,
        progressive=encoding.scans.progressive,
        optimize=encoding.optimised_huffman,
    )
    return file.getvalue()


def _by_codec(upload: bytes, profile: PlatformProfile, encoding: Encoding) -> bytes:
    """Do the same with the platform's codec, and with its decoder where that is another too."""
    image: Image.Image = Image.open(BytesIO(upload))
    if encoding.codec == "libjpeg-9":
        image = codecs.decoded_by_libjpeg_9(upload, image.size)
    return codecs.encoded(_resized(image, profile), encoding, None)


def _resized(image: Image.Image, profile: PlatformProfile) -> Image.Image:
    rule, _ = profile.drawn(np.random.default_rng(0))
    height, width = target_size(rule, image.height, image.width)
    return image.resize((width, height), _FILTERS[profile.resampling])


def _times(actions: Sequence[Callable[[], object]], runs: int) -> list[float]:
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(runs):
        for action, results in zip(actions, times, strict=True):
            start = time.process_time()
            action()
            results.append(time.process_time() - start)
    return [min(results) for results in times]  # the least disturbed
