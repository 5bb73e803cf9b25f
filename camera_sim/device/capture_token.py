"""Capture tokens: the sensor's signature over a frame, its number and the moment it was taken.

A token lies in the DNG that it is for, in DNGPrivateData (DNG 1.7.1, chapter 4): a DSSE envelope by
the sensor's key. The frame's digest is that of the whole file with the token's place set to zero,
so levels, white balance and metadata can be changed as little as the samples.
"""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from camera_sim.errors import CredentialError, TokenError
from camera_sim.raw.tiff_directory import BYTE, directories
from camera_sim.signing import envelope
from camera_sim.signing.keys import PublicKey, SigningKey, key_id

DNG_PRIVATE_DATA = 50740
PREFIX = b"camsim\0"  # DNG 1.7.1: private data begin with a NUL-terminated name
SPACE = 1536
"""Bytes kept free for a token; one with ECDSA takes about 650."""
VALUE = 8  # bytes of an entry before the offset of its value (TIFF 6.0, section 2)
KIND = "application/vnd.camsim.capture-token+json"

Attest = Callable[[str], bytes]
"""Given a frame's digest, the token to embed."""


class CaptureToken(BaseModel):
    """What a sensor says of a frame.

    Attributes
    ----------
    device
        Serial number of the camera.
    frame_sha256
        Of the DNG with the token's place set to zero.
    counter
        The frame's number, from 1; each is given once.
    captured_at
        By the camera's clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    frame_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    counter: int = Field(ge=1, strict=True)
    captured_at: AwareDatetime


def issue(token: CaptureToken, sensor: SigningKey) -> bytes:
    """Sign a token: the bytes to embed."""
    payload = envelope.canonical_json(token.model_dump(mode="json"))
    signature = envelope.signature_of(payload, KIND, sensor)
    return envelope.sealed(payload, KIND, {key_id(sensor.public): signature})


def empty_tag() -> tuple[int, str, int, bytes, bool]:
    """Return the tag that keeps a token's place in a DNG, for tifffile."""
    return DNG_PRIVATE_DATA, "B", SPACE, bytes(SPACE), True


def embed(path: Path, attest: Attest) -> None:
    """Ask the sensor for a token of a DNG that has `empty_tag`, and write it in its place.

    The file is read once: what is signed is what is written.

    Raises
    ------
    TokenError
        If the token does not fit.
    """
    frame = path.read_bytes()
    content = PREFIX + attest(frame_digest(frame))
    if len(content) > SPACE:
        raise TokenError(f"the token takes {len(content)} bytes, and there are {SPACE}")
    place = _place(frame)
    path.write_bytes(frame[:place] + content.ljust(SPACE, b"\0") + frame[place + SPACE :])


def frame_digest(frame: bytes) -> str:
    """Return the SHA-256 of a DNG's content, the token's place taken as zeros.

    Raises
    ------
    TokenError
        If the file has no place for a token.
    """
    place, whole = _place(frame), memoryview(frame)
    digest = hashlib.sha256(whole[:place])
    digest.update(bytes(SPACE))
    digest.update(whole[place + SPACE :])
    return digest.hexdigest()


def read(frame: bytes, sensor: PublicKey) -> CaptureToken:
    """Return the token of a DNG's content, once it is this sensor's and of this very frame.

    Whether it was used before is for the device to know.

    Raises
    ------
    TokenError
        With the reason.
    """
    place = _place(frame)
    content = frame[place : place + SPACE].rstrip(b"\0")
    if not content.startswith(PREFIX):
        raise TokenError("it has no capture token")
    token = _verified(content.removeprefix(PREFIX), sensor)
    if token.frame_sha256 != frame_digest(frame):
        raise TokenError("its capture token is of another frame, or the file was changed")
    return token


def _verified(data: bytes, sensor: PublicKey) -> CaptureToken:
    try:
        payload, signatures = envelope.opened(data, KIND)
        envelope.verify(payload, KIND, signatures, [sensor])
        token = CaptureToken.model_validate_json(payload)
    except CredentialError as error:
        raise TokenError(f"its capture token is not of this camera's sensor: {error}") from error
    except ValidationError as error:
        raise TokenError("its capture token is damaged") from error
    return token


def _place(frame: bytes) -> int:
    """Return where in the file the token lies."""
    for directory in directories(frame)[:1]:
        tag = directory.find(DNG_PRIVATE_DATA)
        if tag is not None and (tag.type, tag.count) == (BYTE, SPACE) and tag.data:
            return int(struct.unpack_from(f"{tag.order}I", frame, tag.place + VALUE)[0])
    raise TokenError("it has no capture token")
