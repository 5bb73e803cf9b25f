"""Large photographs through the simulated camera: developed with a watermark, and without."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.developing.tiles import develop
from camera_sim.developing.upright import upright_size
from camera_sim.engines import Engine
from camera_sim.evaluation.fidelity import capture_of
from camera_sim.raw.raw_image import RawImage, read_raw
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR, Noise
from channel.picture_file.srgb import load_picture
from watermark.embedding import Watermark
from watermark.keys import DeviceSecret, GroupKey
from watermark.payload import PAYLOAD_BYTES

Picture = NDArray[np.uint8]
OFF_THE_SQUARES = (3, 5)
"""Rows and columns cut off a photograph, so that its own JPEG's squares lie elsewhere."""
NOISES = (BASE_ISO, BASE_ISO, Noise(shot=2e-3, read=1e-5, prnu=0.005))
CAMERA_QUALITY = 95  # what `camsim develop` writes by default, 4:4:4


@dataclass(frozen=True)
class Keys:
    """Of the device that takes the photos: those of a seed, so that a run can be repeated.

    They keep nothing secret.

    Attributes
    ----------
    seed
        Of the photos' payloads, too.
    """

    group: GroupKey
    device: DeviceSecret
    seed: tuple[int, ...]

    @classmethod
    def of_seed(cls, *seed: int) -> "Keys":
        """Return those of a seed."""
        words = " ".join(str(part) for part in seed)
        group, device = (
            hashlib.sha256(f"camsim evaluation {kind} {words}".encode()).digest()
            for kind in ("group", "device")
        )
        return cls(GroupKey(group), DeviceSecret(device), seed)

    def payload(self, number: int) -> bytes:
        """Return that of a photo, by its number."""
        return np.random.default_rng([*self.seed, number]).bytes(PAYLOAD_BYTES)

    def watermark(self, payload: bytes) -> Watermark:
        """Return what a photo of a payload carries."""
        return Watermark(payload, self.group, self.device.of_photo(payload))


@dataclass(frozen=True)
class Shot:
    """A capture, and what may be made of it.

    Attributes
    ----------
    name
        Of its picture or RAW file.
    strength
        Times that of the shipped watermark.
    exposure
        Linear gain; None chooses it, as for real captures.
    """

    name: str
    capture: RawImage
    engine: Engine
    keys: Keys
    payload: bytes
    strength: float = 1.0
    exposure: float | None = 1.0

    def developed(self, *, watermarked: bool) -> Picture:
        """Develop it, (H, W, 3) uint8."""
        plane = None
        if watermarked:
            watermark = self.keys.watermark(self.payload)
            plane = watermark.plane(upright_size(self.capture)).scaled(self.strength)
        return develop(self.capture, self.engine, exposure=self.exposure, watermark=plane)

    @cached_property
    def photo(self) -> Picture:
        """With its watermark, (H, W, 3) uint8."""
        return self.developed(watermarked=True)

    @cached_property
    def plain(self) -> Picture:
        """Without a watermark, (H, W, 3) uint8."""
        return self.developed(watermarked=False)

    @cached_property
    def file(self) -> bytes:
        """As `camsim develop` writes it."""
        return as_jpeg(self.photo)


def shots(
    files: Sequence[Path],
    engine: Engine,
    keys: Keys,
    megapixels: float | None = None,
    first: int = 0,
    longer_side: int | None = None,
) -> Iterator[Shot]:
    """Simulate a capture of each photograph, or of it scaled to so many megapixels or pixels.

    Camera, light, Bayer order, noise and payload differ from one to the next, by their number,
    which begins at ``first``.
    """
    for number, file in enumerate(files, first):
        rows, columns = OFF_THE_SQUARES
        picture = load_picture(file)[rows:, columns:]
        if megapixels:
            picture = scaled_to(picture, megapixels)
        if longer_side:
            picture = scaled_to_side(picture, longer_side)
        noise = NOISES[number % len(NOISES)]
        capture = capture_of(picture, number, noise, LOW_PASS_BLUR).image
        yield Shot(file.name, capture, engine, keys, keys.payload(number))


def raw_shots(files: Sequence[Path], engine: Engine, keys: Keys, first: int = 0) -> Iterator[Shot]:
    """Take real captures, whose numbers begin at ``first``."""
    for number, file in enumerate(files, first):
        capture = read_raw(file)
        yield Shot(file.name, capture, engine, keys, keys.payload(number), exposure=None)


def scaled_to(picture: Picture, megapixels: float) -> Picture:
    """Make a picture smaller, by Lanczos' kernel."""
    return _smaller(picture, (megapixels * 1e6 / (picture.shape[0] * picture.shape[1])) ** 0.5)


def scaled_to_side(picture: Picture, longer_side: int) -> Picture:
    """Make a picture smaller until its longer side has so many pixels."""
    return _smaller(picture, longer_side / max(picture.shape[:2]))


def _smaller(picture: Picture, factor: float) -> Picture:
    size = tuple(round(side * min(1.0, factor)) for side in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def as_jpeg(picture: Picture, quality: int = CAMERA_QUALITY) -> bytes:
    """Encode as JPEG, 4:4:4 as the camera does, 4:2:0 under its quality."""
    data = io.BytesIO()
    subsampling = "4:4:4" if quality >= CAMERA_QUALITY else "4:2:0"
    Image.fromarray(picture).save(data, "JPEG", quality=quality, subsampling=subsampling)
    return data.getvalue()
