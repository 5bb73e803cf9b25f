"""``camsim info``: what a RAW file says."""

from dataclasses import dataclass
from pathlib import Path

from camera_sim.developing.files import raw_files
from camera_sim.errors import CameraSimError
from camera_sim.raw.process import raw_decoder
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import RawImage
from channel.terminal import complain, say


@dataclass(frozen=True)
class Info:
    """Print what RAW files say of themselves.

    Parameters
    ----------
    raw
        RAW files, and folders of them.
    """

    raw: tuple[Path, ...]

    def __call__(self) -> int:
        """Print a block for each file; 2 if any could not be read."""
        failures = 0
        for path in self.raw:
            try:
                files = raw_files(path)
            except CameraSimError as error:
                failures += 1
                complain(error)
                continue
            failures += sum(not _print(file) for file in files)
        return 2 if failures else 0


def _print(path: Path) -> bool:
    """Print a block, and say whether it could be."""
    try:
        image = raw_decoder().read(RawFile.read(path))
    except CameraSimError as error:
        complain(error)
        return False
    say(path)
    for name, value in facts(image):
        say(f"  {name:<16}{value}")
    return True


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
