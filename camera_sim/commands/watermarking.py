"""The part of `camsim develop` that says which watermark photos get, and by whose keys."""

import os
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from camera_sim.developing.watermarking import Watermarking, takes_watermark
from camera_sim.device.device import Device
from camera_sim.engines import Engine
from camera_sim.errors import CameraSimError, DeviceError, IdentityError, PipelineError
from camera_sim.pipelines import DEFAULT_PIPELINE
from channel.options import read_by
from channel.terminal import complain
from watermark.errors import WatermarkError
from watermark.key_folder import GROUP, VARIABLE, own_keys, user_folder
from watermark.payload import parse_payload


def payload_of(text: str) -> bytes:
    """Parse a payload of 16 hexadecimal digits."""
    try:
        return parse_payload(text)
    except WatermarkError as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True)
class WatermarkOptions:
    """Which watermark photos get.

    Parameters
    ----------
    payload
        Of one photo's watermark, 16 hexadecimal digits (default: drawn for each photo).
    no_watermark
        Embed no payload, even where the network could.
    """

    _: KW_ONLY
    payload: Annotated[bytes | None, read_by(payload_of)] = None
    no_watermark: bool = False


def of_user(args: WatermarkOptions, engine: Engine, pipeline: str) -> Watermarking | None:
    """Return what a user's photos are watermarked with; keys are made the first time.

    Where they can't be made, photos get no watermark, and that is said.

    Raises
    ------
    PipelineError
        If a payload is given, and the network embeds none.
    IdentityError
        If there are keys and they can't be read, or a payload is given and there are none.
    """
    if not takes_watermark(engine) and args.payload:
        raise PipelineError(
            f"the pipeline {pipeline} embeds no payload; develop with --pipeline "
            f"{DEFAULT_PIPELINE}, or without --payload"
        )
    if not takes_watermark(engine) or args.no_watermark:
        return None
    folder = None
    try:
        folder = user_folder()
        keys, is_new = own_keys(folder)
    except WatermarkError as error:
        if args.payload or (folder and os.path.lexists(folder / GROUP)):
            raise IdentityError(
                f"{error}; develop with --no-watermark, or name another folder by ${VARIABLE}"
            ) from error
        complain(f"{error}; photos get no watermark, unless ${VARIABLE} names another folder")
        return None
    if is_new:
        complain(f"made your photos' watermark keys in {folder}; payloads are read with them")
    return Watermarking(keys, args.payload)


def of_device(
    args: WatermarkOptions, engine: Engine, pipeline: str, device: Device
) -> Watermarking | None:
    """Return what a device's photos are watermarked with.

    Raises
    ------
    PipelineError
        If a payload is given, and the network that booted embeds none.
    DeviceError
        If it has no keys and a payload is given, or they can't be read.
    """
    if not takes_watermark(engine) and args.payload:
        raise PipelineError(
            f"the pipeline {pipeline}, which the device booted, embeds no payload; develop without "
            "--payload"
        )
    if not takes_watermark(engine) or args.no_watermark:
        return None
    keys = device.watermark_keys()
    if keys is not None:
        return Watermarking(keys, args.payload)
    words = f"{device.folder} has no watermark keys: it was provisioned before there were any"
    if args.payload:
        raise DeviceError(f"{words}; develop without --payload")
    complain(f"{words}; its photos get no watermark")
    return None


def check(args: WatermarkOptions) -> None:
    """Refuse options that contradict each other. Raises `CameraSimError`."""
    if args.payload and args.no_watermark:
        raise CameraSimError("--payload and --no-watermark contradict each other")
