"""Photos signed with Content Credentials (C2PA) by c2pa-python: what was done, by which network.

A photo is a ``digitalCapture`` only where the device's own sensor vouches for the RAW file by a
capture token that was not used before. Any other is ``opened``: a RAW file whose hash is its
ingredient, and whose origin nobody here knows.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
from pydantic import BaseModel, ConfigDict

from camera_sim.developing.output import Format, write_file
from camera_sim.developing.stated_watermark import WATERMARKED, StatedWatermark
from camera_sim.device.capture_token import CaptureToken
from camera_sim.device.device import Device
from camera_sim.device.one_photo import taking
from camera_sim.errors import CredentialError, TokenError
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.certificates import to_pem
from camera_sim.signing.identity import Identity
from camera_sim.version import VERSION
from channel.printable import name_as_text

ASSERTION, DEVELOPED = "org.camsim.development", "org.camsim.developed"
DIGITAL_CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
MIME: dict[Format, str] = {"jpeg": "image/jpeg", "png": "image/png", "tiff": "image/tiff"}
ALGORITHMS = {"es256": c2pa.C2paSigningAlg.ES256, "ed25519": c2pa.C2paSigningAlg.ED25519}
# A thumbnail takes longer than all else together; what was just signed need not be read again; and
# nothing is fetched from the network.
SETTINGS = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


class Development(BaseModel):
    """The assertion ``org.camsim.development``: by what a photo was developed.

    Attributes
    ----------
    pair
        Name of the NIP–FAN pair, or None.
    weights_sha256
        Of the ONNX file; None where no network developed it.
    engine, precision
        What ran it, and in which arithmetic.
    engine_sha256
        Of the engine's own file, where one was built ahead of time; said only then.
    bundle_sha256, boot_log_sha256
        Of the firmware that booted; None where no device did it.
    raw_sha256
        Of the RAW file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    pair: str | None
    weights_sha256: str | None
    engine: str
    precision: str
    bundle_sha256: str | None = None
    raw_sha256: str = ""
    boot_log_sha256: str | None = None
    engine_sha256: str | None = None

    def stated(self) -> dict[str, str | None]:
        """Return the assertion; verifiers from before there were engines read it without one."""
        left_out = {"engine_sha256"} if self.engine_sha256 is None else None
        stated: dict[str, str | None] = self.model_dump(exclude=left_out)
        return stated


@dataclass(frozen=True)
class Origin:
    """Where a RAW file is known to come from.

    Attributes
    ----------
    raw
        The file, as it was read: what is checked, developed and hashed.
    token
        The sensor's, if it took the frame.
    reason
        Why it is not taken as a capture; "" where it is.
    """

    raw: RawFile
    token: CaptureToken | None = None
    reason: str = ""

    def summary(self) -> str:
        """Say in words as what the photo is signed."""
        if self.token:
            return f"signed as a digital capture, frame {self.token.counter}"
        return f"signed as opened, not as a capture: {self.reason}"


@dataclass(frozen=True)
class Signing:
    """Who signs what is developed, and how.

    Attributes
    ----------
    identity
        Gives the identity for the next photo: always the same, or one for each.
    made
        What develops; ``raw_sha256`` is filled in for each photo.
    device
        Whose sensor may vouch for captures; None where there is no device.
    captures_only
        Whether a RAW file that is no capture of the device is refused.
    timestamp_authority
        URL of an RFC 3161 service, or None.
    """

    identity: Callable[[], Identity]
    made: Development
    device: Device | None = None
    captures_only: bool = False
    timestamp_authority: str | None = None

    def origin(self, raw: RawFile) -> Origin:
        """Find out where a RAW file comes from.

        Raises
        ------
        TokenError
            If it is no capture, and captures alone are wanted.
        """
        if self.device is None:
            return self._opened(raw, "no device vouches for it")
        try:
            return Origin(raw, self.device.check_capture(raw))
        except TokenError as error:
            return self._opened(raw, str(error))

    def _opened(self, raw: RawFile, reason: str) -> Origin:
        if self.captures_only:
            raise TokenError(f"{raw.path} cannot be signed as a capture: {reason}")
        return Origin(raw, None, reason)

    def finish(
        self,
        photo: bytes,
        picture: Format,
        origin: Origin,
        target: Path,
        *,
        force: bool,
        watermark: StatedWatermark | None = None,
    ) -> None:
        """Sign a developed photo and write it, its token used up before; see `one_photo`.

        ``watermark`` is what is stated of its watermark, if it has one.

        Raises
        ------
        CredentialError
            If it cannot be signed; nothing is used up then.
        TokenError
            If another photo used its token meanwhile.
        OutputError
            If it cannot be written.
        """
        if origin.token is None or self.device is None:
            write_file(target, self._signed(photo, picture, origin, watermark), force=force)
            return
        with taking(self.device, origin.token, origin.raw, target, len(photo)) as frame:
            frame.finish(self._signed(photo, picture, origin, watermark), force=force)

    def _signed(
        self, photo: bytes, picture: Format, origin: Origin, watermark: StatedWatermark | None
    ) -> bytes:
        made = self.made.model_copy(update={"raw_sha256": origin.raw.sha256})
        return sign(
            photo, picture, origin, made, self.identity(), self.timestamp_authority, watermark
        )


def sign(
    photo: bytes,
    picture: Format,
    origin: Origin,
    made: Development,
    identity: Identity,
    timestamp_authority: str | None = None,
    watermark: StatedWatermark | None = None,
) -> bytes:
    """Return a photo with a C2PA manifest in it.

    Of a photo with a watermark it states the payload and holds the reference picture.

    Raises
    ------
    CredentialError
        If c2pa refuses, the key cannot be used, or the timestamp authority does not answer.
    """
    failures: list[Exception] = []

    def by_key(data: bytes) -> bytes:
        try:
            return identity.key.sign(data)
        except Exception as error:  # c2pa turns a callback's errors into silence
            failures.append(error)
            return b""

    signed = io.BytesIO()
    try:
        signer = c2pa.Signer.from_callback(
            by_key,
            ALGORITHMS[identity.key.algorithm],
            to_pem(identity.chain).decode(),
            timestamp_authority,
        )
        with signer, c2pa.Context.from_dict(SETTINGS) as context:
            builder = c2pa.Builder(manifest(origin, made, watermark), context=context)
            if not origin.token:
                _add_ingredient(builder, origin)
            builder.sign(signer, MIME[picture], io.BytesIO(photo), signed)
    except c2pa.C2paError as error:
        reason = failures[0] if failures else error
        raise CredentialError(f"the photo cannot be signed: {reason}") from error
    return signed.getvalue()


def manifest(
    origin: Origin, made: Development, watermark: StatedWatermark | None = None
) -> dict[str, Any]:
    """Return the manifest definition.

    C2PA 2.2, sections 18.14 for actions and 18.6 for our own; a watermark has the action that 2.3
    has for it. docs/reference/credential.md has every field.
    """
    agent = {"name": "camsim", "version": VERSION}
    if origin.token:
        actions: list[dict[str, Any]] = [
            {
                "action": "c2pa.created",
                "digitalSourceType": DIGITAL_CAPTURE,
                "when": origin.token.captured_at.isoformat().replace("+00:00", "Z"),
                "softwareAgent": agent,
            }
        ]
    else:
        actions = [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": ["raw"]}},
            {"action": DEVELOPED, "softwareAgent": agent},
        ]
    if watermark:
        actions.append({"action": WATERMARKED, "softwareAgent": agent})
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {"label": ASSERTION, "data": made.stated()},
        *(watermark.assertions() if watermark else []),
    ]
    return {
        "claim_generator_info": [agent],
        # The signer's own: what is only "gathered" is others' word.
        "assertions": [assertion | {"created": True} for assertion in assertions],
    }


def _add_ingredient(builder: c2pa.Builder, origin: Origin) -> None:
    """Name the RAW file by its hash; a credential that it carries itself comes along."""
    described = {
        "title": name_as_text(origin.raw.path.name),
        "relationship": "parentOf",
        "label": "raw",
        "instance_id": f"sha256:{origin.raw.sha256}",
        "description": f"RAW file with the SHA-256 {origin.raw.sha256}; {origin.reason}",
    }
    suffix = origin.raw.suffix.removeprefix(".")
    if suffix in c2pa.Reader.get_supported_mime_types():
        try:
            builder.add_ingredient(described, suffix, origin.raw.opened())
            return
        except c2pa.C2paError:
            pass  # damaged for c2pa's parser, and yet LibRaw decodes it
    builder.add_ingredient(described, "application/octet-stream", io.BytesIO(b"RAW"))
