"""Pictures that no camera took: charts, half-tones, pages, tiles and the like, drawn by a seed.

For measuring what a detector of a camera's watermark says of them. Periods of 8, 16, 32 and 64
pixels are among them on purpose: those are JPEG's blocks and a watermark's own period, and their
neighbours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Plane = NDArray[np.floating]
Draw = Callable[[np.random.Generator, int, int], Pixels]

# Longer and shorter side of a drawing: of icons, pages, screens and prints.
_SIZES: Final = ((800, 600), (1200, 800), (1280, 1024), (1920, 1080), (2048, 1365))
# Quality and subsampling (Pillow's) as programs write them; None: lossless.
_CODINGS: Final = ((75, 2), (85, 2), (92, 0), (95, 0), (60, 2), None)
_INKS: Final = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189))


@dataclass(frozen=True)
class Graphic:
    """A drawing as a file: its kind, a name, JPEG or PNG."""

    kind: str
    name: str
    content: bytes


def graphics(of_each: int, seed: int = 0) -> Iterator[Graphic]:
    """Draw so many of each of `KINDS`, the same for a seed."""
    for place, (kind, draw) in enumerate(KINDS.items()):
        for number in range(of_each):
            rng = np.random.default_rng((seed, place, number))
            width, height = _SIZES[int(rng.integers(len(_SIZES)))]
            drawn = draw(rng, height, width)
            coding = _CODINGS[(place + number) % len(_CODINGS)]
            yield Graphic(kind, f"{kind}-{number}", _encoded(drawn, coding))


def _encoded(pixels: Pixels, coding: tuple[int, int] | None) -> bytes:
    file, image = BytesIO(), Image.fromarray(pixels)
    if coding is None:
        image.save(file, "PNG")
    else:
        image.save(file, "JPEG", quality=coding[0], subsampling=coding[1])
    return file.getvalue()


def _grid(height: int, width: int) -> tuple[Plane, Plane]:
    down, across = np.mgrid[0:height, 0:width]
    return down.astype(np.float32), across.astype(np.float32)


def _colour(rng: np.random.Generator) -> NDArray[np.floating]:
    return rng.uniform(0, 255, 3)


def _two_coloured(rng: np.random.Generator, share: Plane) -> Pixels:
    """Blend two colours by (H, W) shares in [0, 1]."""
    dark, light = rng.uniform(0, 110, 3), rng.uniform(130, 255, 3)
    return _pixels(dark + np.clip(share, 0, 1)[..., None] * (light - dark))


def _pixels(levels: Plane) -> Pixels:
    found: Pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return found


def _turned(rng: np.random.Generator, height: int, width: int) -> tuple[Plane, Plane]:
    """Return coordinates, turned in half of the drawings."""
    down, across = _grid(height, width)
    angle = rng.choice([0.0, 0.0, np.pi / 2, np.pi / 4, rng.uniform(0, np.pi)])
    turned = np.cos(angle) * across + np.sin(angle) * down
    return turned, np.cos(angle) * down - np.sin(angle) * across


def _gradient(rng: np.random.Generator, height: int, width: int) -> Pixels:
    along, _ = _turned(rng, height, width)
    share = (along - along.min()) / np.ptp(along) * rng.choice([1.0, 1.0, 1.7, 2.4])
    return _pixels(_colour(rng) + np.clip(share, 0, 1)[..., None] * (_colour(rng) - 60))


def _radial(rng: np.random.Generator, height: int, width: int) -> Pixels:
    down, across = _grid(height, width)
    distance = np.hypot(down - height / 2, across - rng.uniform(0, width)) / width
    return _two_coloured(rng, np.exp(-((distance / rng.uniform(0.1, 0.6)) ** 2)))


def _gradient_with_noise(rng: np.random.Generator, height: int, width: int) -> Pixels:
    drawn = _gradient(rng, height, width).astype(np.float32)
    return _pixels(drawn + rng.normal(0, rng.uniform(0.5, 6), drawn.shape))


def _checker(rng: np.random.Generator, height: int, width: int) -> Pixels:
    down, across = _grid(height, width)
    side = rng.choice([2, 3, 4, 5, 8, 12, 16, 20, 32, 64])
    return _two_coloured(rng, (down // side + across // side) % 2)


def _stripes(rng: np.random.Generator, height: int, width: int) -> Pixels:
    along, _ = _turned(rng, height, width)
    side = rng.choice([2, 4, 6, 8, 10, 16, 21, 32, 64])
    soft = rng.random() < 0.4
    share = 0.5 + 0.5 * np.sin(np.pi * along / side) if soft else along // side % 2
    return _two_coloured(rng, share)


def _halftone(rng: np.random.Generator, height: int, width: int) -> Pixels:
    along, beside = _turned(rng, height, width)
    pitch = rng.choice([4, 5, 6, 8, 10.7, 12, 16, 32])
    down, across = _grid(height, width)
    tone = 0.2 + 0.6 * (across / width + down / height) / 2
    waves = np.cos(2 * np.pi * along / pitch) + np.cos(2 * np.pi * beside / pitch)
    return _two_coloured(rng, np.clip(4 * (waves / 4 + 0.5 - tone) + 0.5, 0, 1))


def _ordered_dither(rng: np.random.Generator, height: int, width: int) -> Pixels:
    bayer = np.zeros((1, 1))
    for _ in range(rng.integers(1, 5)):
        bayer = np.block([[4 * bayer, 4 * bayer + 2], [4 * bayer + 3, 4 * bayer + 1]])
    limits = np.tile(
        (bayer + 0.5) / bayer.size, (height // len(bayer) + 1, width // len(bayer) + 1)
    )
    down, across = _grid(height, width)
    tone = 0.5 + 0.45 * np.sin(across / width * 5 + rng.uniform(0, 6)) * np.cos(down / height * 4)
    return _two_coloured(rng, (tone > limits[:height, :width]).astype(np.float32))


def _diffused_dither(rng: np.random.Generator, height: int, width: int) -> Pixels:
    colours = int(rng.choice([2, 4, 16, 64]))
    image = Image.fromarray(_radial(rng, height, width))
    dithered = image.quantize(colours, dither=Image.Dither.FLOYDSTEINBERG)
    return np.asarray(dithered.convert("RGB"))


def _moire(rng: np.random.Generator, height: int, width: int) -> Pixels:
    down, across = _grid(height, width)
    waves = np.zeros((height, width), np.float32)
    for _ in range(2):
        period, angle = rng.uniform(2.2, 20), rng.uniform(0, np.pi)
        waves += np.cos(2 * np.pi / period * (np.cos(angle) * across + np.sin(angle) * down))
    return _two_coloured(rng, 0.5 + waves / 4)


def _zone_plate(rng: np.random.Generator, height: int, width: int) -> Pixels:
    down, across = _grid(height, width)
    squares = (down - height / 2) ** 2 + (across - width / 2) ** 2
    return _two_coloured(rng, 0.5 + 0.5 * np.cos(squares * np.pi / rng.uniform(1, 3) / width))


def _tiles(rng: np.random.Generator, height: int, width: int) -> Pixels:
    side = int(rng.choice([8, 16, 24, 32, 32, 32, 40, 64]))
    tile = rng.normal(0, 1, (side, side))
    for _ in range(rng.integers(0, 3)):  # smoother
        tile = (tile + np.roll(tile, 1, 0) + np.roll(tile, 1, 1) + np.roll(tile, -1, 0)) / 4
    whole = np.tile(tile, (height // side + 1, width // side + 1))[:height, :width]
    strength = rng.choice([2.0, 8.0, 40.0])
    ground = _gradient(rng, height, width) if rng.random() < 0.5 else _colour(rng)
    return _pixels(ground + strength * (whole / tile.std())[..., None])


def _canvas(
    rng: np.random.Generator, height: int, width: int
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    light = int(rng.choice([255, 255, 245, 30]))
    image = Image.new("RGB", (width, height), (light, light, light))
    return image, ImageDraw.Draw(image)


def _ink(rng: np.random.Generator) -> tuple[int, int, int]:
    return _INKS[int(rng.integers(len(_INKS)))]


def _words(rng: np.random.Generator, count: int) -> str:
    letters = "etaoinshrdlucmfwypvbgk"
    lengths = rng.integers(2, 10, count)
    return " ".join("".join(rng.choice(list(letters), length)) for length in lengths)


def _bar_chart(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    bars = int(rng.integers(3, 40))
    step = width * 0.9 / bars
    for line in range(0, height, int(rng.choice([32, 40, 64]))):
        draw.line((0, line, width, line), fill=(190, 190, 190))
    for bar in range(bars):
        left = width * 0.05 + bar * step
        top = height * rng.uniform(0.1, 0.9)
        draw.rectangle((left, top, left + step * 0.8, height * 0.95), fill=_ink(rng))
        draw.text((left, height * 0.96), _words(rng, 1), fill=(90, 90, 90))
    return np.asarray(image)


def _line_chart(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    for line in range(0, width, int(rng.choice([16, 32, 50]))):
        draw.line((line, 0, line, height), fill=(200, 200, 200))
    for _ in range(rng.integers(1, 9)):
        heights = height / 2 + np.cumsum(rng.normal(0, height / 60, width // 4))
        places = [(4 * x, float(y)) for x, y in enumerate(heights)]
        draw.line(places, fill=_ink(rng), width=int(rng.integers(1, 5)))
    return np.asarray(image)


def _pie_chart(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    edges = np.concatenate([[0], np.sort(rng.uniform(0, 360, 6)), [360]])
    for first, last in pairwise(edges):
        draw.pieslice((40, 40, height - 40, height - 40), first, last, fill=_ink(rng))
        draw.text((height, 60 + int(first)), _words(rng, 3), fill=(90, 90, 90))
    return np.asarray(image)


def _text_page(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    size = int(rng.choice([10, 12, 16, 24]))
    font = ImageFont.load_default(size)
    for top in range(size, height - size, int(rng.choice([16, 20, 32]))):
        draw.text((size, top), _words(rng, width // size // 4), fill=(110, 110, 110), font=font)
    return np.asarray(image)


def _screen(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    side = int(rng.choice([48, 64, 96, 128]))
    for top in range(0, height, side):
        for left in range(0, width, side):
            box = (left + 4, top + 4, left + side - 4, top + side - 4)
            draw.rounded_rectangle(box, radius=8, fill=_ink(rng), outline=(128, 128, 128))
            draw.text((left + 8, top + 8), _words(rng, 1), fill=(255, 255, 255))
    return np.asarray(image)


def _map(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    for _ in range(60):
        middle = rng.uniform(0, 1, 2) * (width, height)
        places = [tuple(middle + rng.normal(0, 90, 2)) for _ in range(6)]
        draw.polygon(places, fill=tuple(rng.integers(170, 245, 3).tolist()))
    for _ in range(40):
        ends = [tuple(rng.uniform(0, 1, 2) * (width, height)) for _ in range(2)]
        draw.line(ends, fill=(250, 220, 120), width=int(rng.integers(2, 12)))
        draw.text(ends[0], _words(rng, 2), fill=(70, 70, 70))
    return np.asarray(image)


def _drawing(rng: np.random.Generator, height: int, width: int) -> Pixels:
    image, draw = _canvas(rng, height, width)
    for _ in range(150):
        left, top = rng.uniform(-50, width), rng.uniform(-50, height)
        box = (left, top, left + rng.uniform(5, 300), top + rng.uniform(5, 300))
        fill = tuple(rng.integers(0, 255, 3).tolist())
        (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=fill)
    return np.asarray(image)


def _code(rng: np.random.Generator, height: int, width: int) -> Pixels:
    side = int(rng.choice([4, 6, 8, 12, 16, 32]))
    modules = rng.random((height // side + 1, width // side + 1)) < 0.5
    return _two_coloured(rng, np.kron(modules, np.ones((side, side)))[:height, :width])


def _enlarged(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Pixel art or an icon, enlarged by any filter."""
    times = int(rng.choice([4, 8, 16, 32]))
    small = Image.fromarray(_drawing(rng, height // times + 1, width // times + 1))
    filters = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR)
    large = small.resize((width, height), filters[int(rng.integers(3))])
    return np.asarray(large)


def _heat_map(rng: np.random.Generator, height: int, width: int) -> Pixels:
    side = int(rng.choice([16, 32, 50, 64]))
    cells = rng.uniform(0, 1, (height // side + 1, width // side + 1))
    return _two_coloured(rng, np.kron(cells, np.ones((side, side)))[:height, :width])


def _noise(rng: np.random.Generator, height: int, width: int) -> Pixels:
    return _pixels(_colour(rng) + rng.normal(0, rng.uniform(1, 40), (height, width, 1)))


def _fractal(rng: np.random.Generator, height: int, width: int) -> Pixels:
    share = np.zeros((height, width), np.float32)
    for step in (4, 8, 16, 32, 64, 128):
        small = rng.normal(0, step / 64, (height // step + 2, width // step + 2))
        image = Image.fromarray(small.astype(np.float32))
        share += np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return _two_coloured(rng, 0.5 + share / 8)


KINDS: Final[dict[str, Draw]] = {
    "gradient": _gradient,
    "radial": _radial,
    "gradient with noise": _gradient_with_noise,
    "checker": _checker,
    "stripes": _stripes,
    "half-tone": _halftone,
    "ordered dither": _ordered_dither,
    "diffused dither": _diffused_dither,
    "moiré": _moire,
    "zone plate": _zone_plate,
    "tiles": _tiles,
    "bar chart": _bar_chart,
    "line chart": _line_chart,
    "pie chart": _pie_chart,
    "text page": _text_page,
    "screen": _screen,
    "map": _map,
    "drawing": _drawing,
    "code": _code,
    "enlarged": _enlarged,
    "heat map": _heat_map,
    "noise": _noise,
    "fractal": _fractal,
}
"""What is drawn, by kind."""
