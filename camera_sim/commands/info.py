"""``camsim info``: what a RAW file says."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.errors import CameraSimError
from camera_sim.raw.process import raw_reader
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import RawImage
from channel.terminal import complain, say

if TYPE_CHECKING:
    from camera_sim.commands import Commands


def add_to(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("info", help="print what RAW files say of themselves")
    parser.add_argument("raw", nargs="+", type=Path, help="RAW files")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a block for each file; 2 if any could not be read."""
    failures = 0
    for path in args.raw:
        try:
            image = raw_reader().read(RawFile.read(path))
        except CameraSimError as error:
            failures += 1
            complain(error)
            continue
        say(path)
        for name, value in facts(image):
            say(f"  {name:<16}{value}")
    return 2 if failures else 0


def facts(image: RawImage) -> list[tuple[str, str]]:
    """List what a capture says, as names and words."""
    height, width = image.size
    red, green, blue = image.white_balance
    noise = image.noise_profile()
    rows = [
        ("camera", image.info.camera),
        ("exposure", image.info.exposure_line() or "not stated"),
        ("taken", image.info.captured_at or "not stated"),
        ("lens", image.info.lens),
        (
            "picture",
            f"{width}×{height}, {image.megapixels:.2f} MP, orientation {image.orientation}",
        ),
        ("colour filters", image.pattern.order),
        ("levels", f"black {', '.join(f'{b:g}' for b in image.black)}; white {image.white:g}"),
        ("white balance", f"{red:.3f} {green:.3f} {blue:.3f} ({image.white_balance_source})"),
        (
            "noise profile",
            f"shot {noise.shot:.2e}, read {noise.read:.2e} "
            f"({'stated' if image.noise else 'estimated'})",
        ),
        ("auto exposure", f"× {image.auto_exposure():.2f}"),
        ("colour matrix", _matrix(image)),
    ]
    if image.crop:
        crop = image.crop
        rows.insert(
            5,
            (
                "sensor",
                f"{crop.sensor_width}×{crop.sensor_height}, picture at ({crop.left}, {crop.top})",
            ),
        )
    if image.pixel_aspect != 1:
        rows.insert(5, ("pixel aspect", f"{image.pixel_aspect:.4f}"))
    rows += [("warning", note) for note in image.notes]
    return [(name, value) for name, value in rows if value]


def _matrix(image: RawImage) -> str:
    if image.xyz_to_camera is None:
        return "not known: camera colours are taken as sRGB"
    return "; ".join(" ".join(f"{v:.4f}" for v in row) for row in image.xyz_to_camera)
