"""Photos as a camera publishes them: with a watermark, a reference and a C2PA manifest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from camera_sim.developing.credential import Development, Origin, sign
from camera_sim.developing.stated_watermark import StatedWatermark
from camera_sim.device.device import DEFAULT_CAMERA, provision
from camera_sim.evaluation.watermark.photos import Shot, as_jpeg
from camera_sim.raw.raw_file import RawFile
from camera_sim.sensor.dng import write_dng
from camera_sim.signing.identity import Identity, Secrets, open_identity
from camera_sim.signing.keys import SoftwareKey
from camera_sim.signing.vendor import Vendor


@dataclass(frozen=True)
class Signer:
    """A device of a vendor that is made for the evaluation.

    Attributes
    ----------
    anchor
        File of the vendor's root certificate, which the verifier is to trust.
    folder
        Where captures are put while they are signed.
    """

    identity: Identity
    anchor: Path
    folder: Path
    pipeline: str

    @classmethod
    def in_folder(cls, folder: Path, pipeline: str) -> Self:
        """Make a vendor and a device in an empty folder."""
        vendor = Vendor.create(folder / "vendor", "Evaluation", "ed25519", None)
        key = SoftwareKey.generate("ed25519")
        device = provision(folder / "device", vendor, DEFAULT_CAMERA, key, Secrets())
        identity = open_identity(device.identity_folder, Secrets())
        return cls(identity, folder / "vendor" / "root" / "certificate.pem", folder, pipeline)

    def signed(self, shot: Shot, quality: int) -> bytes:
        """Return a photo as the camera publishes it, as JPEG of a quality."""
        raw = self.folder / "capture.dng"
        write_dng(raw, shot.capture, force=True)
        origin = Origin(RawFile.read(raw), None, "no device vouches for it")
        made = Development(
            pipeline=self.pipeline, pair=None, weights_sha256=None, engine=shot.engine.name,
            precision="fp32", raw_sha256=origin.raw.sha256,
        )  # fmt: skip
        stated = StatedWatermark.of_photo(shot.payload, shot.photo)
        photo = as_jpeg(shot.photo, quality)
        return sign(photo, "jpeg", origin, made, self.identity, watermark=stated)
