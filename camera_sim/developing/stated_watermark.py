"""What a signed photo states of its watermark: the payload, and what the photo showed."""

from dataclasses import dataclass
from typing import Any, Self

from camera_sim.raw.raw_image import Picture
from watermark.payload import ALGORITHM
from watermark.reference import REFERENCE, ReferencePicture

SOFT_BINDING = "c2pa.soft-binding"
WATERMARKED = "c2pa.watermarked.bound"


@dataclass(frozen=True)
class StatedWatermark:
    """A payload leads a copy back to the photo; the reference is what it is compared with there.

    So a photo without a payload has no reference: nothing would ever lead to it.

    Attributes
    ----------
    payload
        8 bytes.
    """

    payload: bytes
    reference: ReferencePicture

    @classmethod
    def of_photo(cls, payload: bytes, picture: Picture) -> Self:
        """Make the reference of a developed picture, (H, W, 3) uint8 or uint16, upright."""
        return cls(payload, ReferencePicture.of_photo(picture))

    def assertions(self) -> list[dict[str, Any]]:
        """Return the assertions of a manifest: the soft binding (C2PA 2.2, 18.10), and our own."""
        # c2pa writes the value as text, as others do, though the standard has a string of bytes.
        blocks = [{"scope": {}, "value": self.payload.hex()}]
        binding = {"alg": ALGORITHM, "name": "camsim watermark", "blocks": blocks}
        return [
            {"label": SOFT_BINDING, "data": binding},
            {"label": REFERENCE, "data": self.reference.stated()},
        ]
