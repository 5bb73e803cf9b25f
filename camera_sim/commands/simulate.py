"""``camsim simulate``: a picture becomes the RAW capture a camera would have made of it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from camera_sim.device.device import Device
from camera_sim.errors import CameraSimError
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFA_ORDERS, CFAPattern
from camera_sim.sensor.cameras import CAMERAS, Camera
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import Noise, Sensor
from channel.picture_file.srgb import load_picture
from channel.terminal import say

if TYPE_CHECKING:
    from camera_sim.commands import Commands

# Beyond these nothing of a picture is left, or the point spread takes minutes.
LARGEST = {"shot": 1, "read": 1, "prnu": 1, "blur": 50, "underexpose": 16}
LARGEST_GAIN = 100

DEFAULT_CAMERA = "Nikon D5200"


def add_to(commands: "Commands") -> None:
    """Add the command."""
    names = ", ".join(f"{c.make} {c.model}" for c in CAMERAS)
    parser = commands.add_parser(
        "simulate",
        help="make a RAW capture (DNG) of a picture",
        description="Photograph a picture with the simulated sensor and write a DNG.",
        epilog=f"Cameras: {names}.",
    )
    parser.add_argument("picture", type=Path, help="any picture, taken as an sRGB scene")
    parser.add_argument("-o", "--out", type=Path, help="the DNG (default: beside the picture)")
    parser.add_argument(
        "--camera", default=DEFAULT_CAMERA, help=f"whose colours (default {DEFAULT_CAMERA})"
    )
    parser.add_argument("--cfa", choices=CFA_ORDERS, default="RGGB", help="Bayer order")
    parser.add_argument("--bits", type=int, default=14, help="10 to 16 (default 14)")
    parser.add_argument("--black", type=int, help="black level (default: 1/32 of the range)")
    parser.add_argument(
        "--white-balance",
        type=float,
        nargs=2,
        metavar=("RED", "BLUE"),
        help="gains over green (default: of light drawn for the camera)",
    )
    parser.add_argument(
        "--shot",
        type=float,
        default=2e-4,
        help="shot noise, a variance at saturation (default 2e-4)",
    )
    parser.add_argument("--read", type=float, default=1e-6, help="read noise, a variance (1e-6)")
    parser.add_argument(
        "--prnu",
        type=float,
        default=0.005,
        help="deviation of the photosites' gains (default 0.005)",
    )
    parser.add_argument(
        "--blur", type=float, default=0.0, help="point spread of the lens in pixels (default 0)"
    )
    parser.add_argument(
        "--underexpose",
        type=float,
        default=0.0,
        metavar="EV",
        help="stops under a full exposure (default 0)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of noise and light (default 0)")
    parser.add_argument(
        "--device",
        type=Path,
        metavar="DIR",
        help="take it with this simulated device, whose sensor signs the frame",
    )
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.set_defaults(run=run)


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
    known = ", ".join(f"{c.make} {c.model}" for c in CAMERAS)
    raise CameraSimError(f"there is no camera {name!r}; there are {known}")


def run(args: argparse.Namespace) -> int:
    """Write the capture and say where it is."""
    if args.seed < 0:
        raise CameraSimError(f"--seed cannot be negative, and is {args.seed}")
    rng = np.random.default_rng(args.seed)
    sensor = _sensor(args)
    attest = Device.open(args.device).attest if args.device else None
    scene = to_linear(load_picture(args.picture))
    gains = _gains(args, sensor.camera, rng)
    capture = sensor.capture(scene, gains, rng, exposure=2.0**args.underexpose)
    out = args.out or args.picture.with_suffix(".dng")
    write_dng(out, capture, force=args.force, attest=attest)
    height, width = capture.size
    say(f"{width}×{height} {capture.pattern.order}, {capture.info.camera} → {out}")
    return 0


def _sensor(args: argparse.Namespace) -> Sensor:
    for name, most in LARGEST.items():
        value = getattr(args, name)
        if not 0 <= value <= most:
            raise CameraSimError(f"--{name} is 0 to {most:g}, not {value:g}")
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


def _gains(
    args: argparse.Namespace, camera: Camera, rng: np.random.Generator
) -> tuple[float, float, float]:
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
