"""A capture as a message between the process that decodes RAW files and ours: no pickle."""

import base64
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from camera_sim.errors import RawUnreadableError
from camera_sim.raw.capture_info import CaptureInfo
from camera_sim.raw.cfa import CFAPattern
from camera_sim.raw.noise_profile import NoiseProfile
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import Crop, RawImage
from fleet.framing import Message


def head_of(image: RawImage) -> dict[str, Any]:
    """Return all of a capture but its samples, as JSON holds it."""
    matrix, noise, crop = image.xyz_to_camera, image.noise, image.crop
    exif = base64.b64encode(image.info.exif).decode()
    return {
        "shape": image.samples.shape,
        "order": image.pattern.order,
        "black": image.black,
        "white": image.white,
        "white_balance": image.white_balance,
        "white_balance_source": image.white_balance_source,
        "xyz_to_camera": None if matrix is None else matrix.ravel().tolist(),
        "orientation": image.orientation,
        "pixel_aspect": image.pixel_aspect,
        "noise": None if noise is None else asdict(noise),
        "crop": None if crop is None else asdict(crop),
        "info": asdict(replace(image.info, exif=b"")) | {"exif": exif},
        "notes": image.notes,
    }


def image_of(message: Message, file: RawFile) -> RawImage:
    """Return the capture of a message, which was read from a file.

    Raises
    ------
    RawUnreadableError
        If it is none: the process that sent it has read hostile bytes.
    """
    head = message.head
    try:
        height, width = map(int, head["shape"])
        info = dict(head["info"])
        return RawImage(
            samples=np.frombuffer(message.body, np.uint16).reshape(height, width),
            pattern=CFAPattern(head["order"]),
            black=tuple(map(float, head["black"])),  # type: ignore[arg-type]
            white=float(head["white"]),
            white_balance=tuple(map(float, head["white_balance"])),  # type: ignore[arg-type]
            white_balance_source=head["white_balance_source"],
            xyz_to_camera=_matrix(head["xyz_to_camera"]),
            orientation=int(head["orientation"]),
            pixel_aspect=float(head["pixel_aspect"]),
            noise=NoiseProfile(**head["noise"]) if head["noise"] else None,
            crop=Crop(**head["crop"]) if head["crop"] else None,
            info=CaptureInfo(**info | {"exif": base64.b64decode(info["exif"])}),
            file=file,
            notes=tuple(map(str, head["notes"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RawUnreadableError(
            f"{file.path} made its decoder answer nonsense: {error}"
        ) from error


def _matrix(values: list[float] | None) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    return None if values is None else np.array(values, np.float64).reshape(3, 3)
