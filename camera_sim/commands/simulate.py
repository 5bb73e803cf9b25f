"""``camsim simulate``: a picture becomes the RAW capture a camera would have made of it."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from cyclopts import Parameter

from camera_sim.device.device import Device
from camera_sim.errors import CameraSimError
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFAPattern
from camera_sim.sensor.cameras import CAMERAS, Camera
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import Noise, Sensor
from channel.options import Out, Share, Whole, within
from channel.picture_file.srgb import load_picture
from channel.terminal import say

# Beyond so much nothing of a picture is left, or the point spread takes minutes.
LARGEST_GAIN = 100

DEFAULT_CAMERA = "Nikon D5200"
_CAMERAS = ", ".join(f"{c.make} {c.model}" for c in CAMERAS)


@dataclass(frozen=True)
class Simulate:
    """Make a RAW capture (DNG) of a picture.

    Simulate a capture of a picture by a sensor and write a DNG.

    Parameters
    ----------
    picture
        Any picture, taken as an sRGB scene.
    out
        The DNG (default: beside the picture).
    cfa
        Bayer order.
    bits
        10 to 16.
    black
        Black level (default: 1/32 of the range).
    white_balance
        Gains over green (default: of light drawn for the camera).
    shot
        Shot noise, a variance at saturation.
    read
        Read noise, a variance.
    prnu
        Deviation of the photosites' gains.
    blur
        Point spread of the lens in pixels.
    underexpose
        Stops under a full exposure.
    seed
        Of noise and light.
    device
        Take it with this simulated device, whose sensor signs the frame.
    force
        Overwrite an existing file.
    """

    picture: Path
    _: KW_ONLY
    out: Out | None = None
    camera: Annotated[str, Parameter(help=f"Whose colours: {_CAMERAS}.")] = DEFAULT_CAMERA
    cfa: Literal["RGGB", "BGGR", "GRBG", "GBRG"] = "RGGB"
    bits: int = 14
    black: int | None = None
    white_balance: tuple[float, float] | None = None
    shot: Share = 2e-4
    read: Share = 1e-6
    prnu: Share = 0.005
    blur: Annotated[float, within(0, 50)] = 0.0
    underexpose: Annotated[float, within(0, 16)] = 0.0
    seed: Whole = 0
    device: Path | None = None
    force: bool = False

    def __call__(self) -> int:
        """Write the capture and say where it is."""
        rng = np.random.default_rng(self.seed)
        sensor = _sensor(self)
        attest = Device.open(self.device).attest if self.device else None
        scene = to_linear(load_picture(self.picture))
        gains = _gains(self, sensor.camera, rng)
        capture = sensor.capture(scene, gains, rng, exposure=2.0**self.underexpose)
        out = self.out or self.picture.with_suffix(".dng")
        write_dng(out, capture, force=self.force, attest=attest)
        height, width = capture.size
        say(f"{width}×{height} {capture.pattern.order}, {capture.info.camera} → {out}")
        return 0


def find_camera(name: str) -> Camera:
    """Look a camera up by make and model, whatever the case.

    Raises
    ------
    CameraSimError
        If there is none; the message lists those there are.
    """
    for camera in CAMERAS:
        if name.lower() in (camera.model.lower(), f"{camera.make} {camera.model}".lower()):
            return camera
    raise CameraSimError(f"there is no camera {name!r}; there are {_CAMERAS}")


def _sensor(args: Simulate) -> Sensor:
    try:
        return Sensor(
            find_camera(args.camera),
            CFAPattern(args.cfa),
            bits=args.bits,
            black=args.black,
            noise=Noise(args.shot, args.read, args.prnu),
            blur=args.blur,
        )
    except ValueError as error:
        raise CameraSimError(str(error)) from error


def _gains(args: Simulate, camera: Camera, rng: np.random.Generator) -> tuple[float, float, float]:
    if args.white_balance is None:
        return camera.illuminants.draw(rng)
    red, blue = args.white_balance
    if not (0 < red <= LARGEST_GAIN and 0 < blue <= LARGEST_GAIN):
        raise CameraSimError(
            f"--white-balance gains are over 0 to {LARGEST_GAIN}, not {red:g} and {blue:g}"
        )
    gains = colour.normalise_gains((red, 1.0, blue))
    if max(gains) > colour.MOST_GAIN:
        raise CameraSimError(
            f"--white-balance {red:g} {blue:g} is that of no light: one channel's gain is at most "
            f"{colour.MOST_GAIN:g} times another's"
        )
    return gains
