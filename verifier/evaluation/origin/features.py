"""Features that are no network's: the baselines of origin, and a file's without its pixels.

The three hand-crafted baselines of Huang et al., table 1: colour histograms; saturation (S.
McCloskey, M. Albright, *Detecting GAN-generated Imagery using Saturation Cues*, ICIP 2019); colour
co-occurrence (L. Nataraj et al., *Detecting GAN generated Fake Images using Co-occurrence
Matrices*, 2019). Here with a linear classifier, and co-occurrence of 16 levels instead of 256,
because the pictures are hundreds, not tens of thousands.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.picture_file import open_picture
from verifier.features.jpeg_header import jpeg_header
from verifier.features.jpeg_quality import table_quality

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]

_BINS: Final = 64
_LEVELS: Final = 16
# Share of pixels that are at least so bright, or at most so dark, in every channel or in one.
_BRIGHT: Final = (250, 240, 225, 200)
_DARK: Final = (5, 15, 30, 55)
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MARKS: Final = ("exif", "icc_profile", "dpi", "comment")


def histogram(pixels: Pixels) -> Array:
    """Return the histograms of red, green and blue: (192,), each summing to 1."""
    bins = pixels // (256 // _BINS)
    counts = [np.bincount(bins[..., c].ravel(), minlength=_BINS) for c in range(3)]
    shares: Array = np.concatenate(counts) / bins[..., 0].size
    return shares


def saturation(pixels: Pixels) -> Array:
    """Return shares of over- and under-exposed pixels, and the histogram of saturation: (32,)."""
    most, least = pixels.max(2), pixels.min(2)
    exposed = [(plane >= level).mean() for level in _BRIGHT for plane in (most, least)]
    exposed += [(plane <= level).mean() for level in _DARK for plane in (most, least)]
    chroma = (most - least).astype(float) / np.maximum(most, 1)
    shares = np.histogram(chroma, bins=16, range=(0, 1))[0] / chroma.size
    return np.concatenate([np.array(exposed), shares])


def co_occurrence(pixels: Pixels) -> Array:
    """Return how often values of a colour stand beside each other, by square root: (1536,).

    Of each of the three colours: pairs of 16 levels, and pairs of steps of −8 to 7.
    """
    levels = (pixels // (256 // _LEVELS)).astype(np.int64)
    found = []
    for plane in np.moveaxis(levels, 2, 0):
        pairs = [(plane[:, :-1], plane[:, 1:]), (plane[:-1], plane[1:])]
        counts = sum(np.bincount((a * _LEVELS + b).ravel(), minlength=_LEVELS**2) for a, b in pairs)
        found.append(np.sqrt(counts / np.sum(counts)))
    fine = []
    for plane in np.moveaxis(pixels.astype(np.int64), 2, 0):
        step = np.clip(np.diff(plane, axis=1), -8, 7) + 8
        joint = (step[:, :-1] * _LEVELS + step[:, 1:]).ravel()
        fine.append(np.sqrt(np.bincount(joint, minlength=_LEVELS**2) / joint.size))
    return np.concatenate([*found, *fine])


BASELINES: Final[dict[str, Callable[[Pixels], Array]]] = {
    "histogram": histogram,
    "saturation": saturation,
    "colour co-occurrence": co_occurrence,
}


def container(data: bytes) -> Array:
    """Return all features of a file without its pixels: container, size, JPEG's coding, marks.

    Squares and products of the numbers are among them, so that a linear classifier can use ranges.
    """
    file = open_picture(data)
    kind, width, height = file.format, file.width, file.height
    marks = set(file.image.info) if file.image else set()
    header = jpeg_header(data)
    luma = table_quality(header.luma).quality if header else 0
    chroma = table_quality(header.chroma, chroma=True).quality if header and header.chroma else 0
    scans = float(header.progressive) if header else 0.0
    halved = float(header.subsampling != "4:4:4") if header else 0.0
    numbers = np.array([np.log(width), np.log(height), luma / 100, chroma / 100])
    products = np.outer(numbers, numbers)[np.triu_indices(len(numbers))]
    flags = [float(kind == one) for one in _FORMATS] + [float(mark in marks) for mark in _MARKS]
    return np.concatenate([numbers, products, [scans, halved], flags])
