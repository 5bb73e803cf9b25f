"""Signed photos with a watermark's payload and a reference picture, as camsim's camera signs."""

from typing import Any

import numpy as np

from tests.verifier import signing
from tests.verifier.conftest import jpeg
from tests.verifier.signing import Chain, signed_with
from tests.verifier.toy import native
from verifier.repository.signed_photo import manifest_store_of_photo
from watermark.payload import ALGORITHM
from watermark.reference import REFERENCE, ReferencePicture

CREATED = {"action": "c2pa.created", "digitalSourceType": signing.CAPTURE}


def binding(payload: bytes, alg: str = ALGORITHM) -> dict[str, Any]:
    data = {"alg": alg, "blocks": [{"scope": {}, "value": payload.hex()}]}
    return {"label": "c2pa.soft-binding", "data": data}


def signed_photo(
    chain: Chain, payload: bytes | None, pixels: np.ndarray | None = None, reference: bool = True
) -> bytes:
    """Sign a photo that is said to have a payload; none: it states no watermark."""
    picture = native(256, 320) if pixels is None else pixels
    assertions = [binding(payload)] if payload else []
    if reference:
        stated = ReferencePicture.of_photo(picture).stated()
        assertions.append({"label": REFERENCE, "data": stated})
    return signed_with(jpeg(picture), chain, [CREATED], assertions=assertions)


def signed_store(chain: Chain, payload: bytes | None) -> bytes:
    return manifest_store_of_photo(signed_photo(chain, payload))
