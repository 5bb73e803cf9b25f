"""A camera that marks, signs and publishes; and what is made of its photos afterwards."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.verifier.conftest import jpeg
from tests.verifier.signing import CAPTURE, Chain, signed_with
from tests.verifier.watermark.made import PAYLOAD, photo
from verifier.reading.credentials.store_bytes import manifest_store_of
from verifier.repository import FolderRepository, Publication
from verifier.repository.active_manifest import active_label
from watermark.payload import ALGORITHM
from watermark.reference import REFERENCE, ReferencePicture

Pixels = NDArray[np.uint8]
SIZE = (900, 1200)
CREATED: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": CAPTURE}


@cache
def captured(seed: int = 0) -> Pixels:
    """Return what the camera developed, its watermark in it."""
    return photo(SIZE, levels=2.5, seed=seed)


def signed_photo(
    chain: Chain,
    pixels: Pixels | None = None,
    *,
    payload: bytes = PAYLOAD,
    shown: Pixels | None = None,
    actions: tuple[dict[str, Any], ...] = (CREATED,),
) -> bytes:
    """Sign a photo with its payload and its reference picture, that of ``shown`` if it is given."""
    pixels = captured() if pixels is None else pixels
    blocks = [{"scope": {}, "value": payload.hex()}]
    binding = {"label": "c2pa.soft-binding", "data": {"alg": ALGORITHM, "blocks": blocks}}
    picture = ReferencePicture.of_photo(pixels if shown is None else shown)
    reference = {"label": REFERENCE, "data": picture.stated()}
    return signed_with(jpeg(pixels), chain, actions, assertions=[binding, reference])


def store_of(signed: bytes) -> bytes:
    store = manifest_store_of(signed, "image/jpeg")
    assert store is not None
    return store


def published(folder: Path, *photos: bytes, payload: bytes = PAYLOAD) -> Path:
    """Publish signed photos in a folder, all to be found by one payload, whatever they state."""
    repository = FolderRepository(folder, make=True)
    for one in photos:
        store = store_of(one)
        repository.publish(Publication(active_label(store), store, ((ALGORITHM, payload),)))
    repository.close()
    return folder


def received(pixels: Pixels, scale: float = 0.7, quality: int = 85) -> bytes:
    """Scale and compress it, as a platform does, without any credential."""
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels)
    small = image.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "JPEG", quality=quality)
    return file.getvalue()


def spliced(pixels: Pixels) -> Pixels:
    """Put a part of another scene into it, of 4% of its area."""
    edited = pixels.copy()
    edited[300:480, 500:740] = photo(SIZE, levels=0, seed=7)[300:480, 500:740]
    return edited
