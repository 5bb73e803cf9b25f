"""RAW files in: LibRaw's decoding, brought to one normal form (Korus & Memon 2019, section 3.1).

LibRaw undoes the camera's value mapping (the linearisation table of a compressed NEF, a DNG's
LinearizationTable) while unpacking; here follow the black levels, the saturation, the white
balance and the colour matrix, each carried beside the untouched samples. rawpy stays in here, in
`libraw_file` and in the pipeline `libraw`.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import rawpy
from numpy.typing import NDArray

from camera_sim.errors import CameraSimError, RawUnreadableError, RawUnsupportedError
from camera_sim.raw import colour, dng_tags, tag_gate
from camera_sim.raw.capture_info import CaptureInfo, read_capture_info
from camera_sim.raw.cfa import PACKED_RGB, CFAOrder, CFAPattern, pack, to_rggb
from camera_sim.raw.colour import MOST_GAIN
from camera_sim.raw.levels import plausible_levels
from camera_sim.raw.libraw_file import embedded_jpeg, open_libraw
from camera_sim.raw.noise_profile import NoiseProfile, estimate
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.tiff_directory import Directory

Array = NDArray[np.float32]
Picture = NDArray[np.uint8] | NDArray[np.uint16]
WhiteBalanceSource = Literal["as shot", "daylight", "grey world", "given"]

# Noise is estimated from at most 6 × 6 windows of 256 pixels a side: 2.4 MP of any frame.
NOISE_WINDOW = 256
NOISE_WINDOWS = 6
# Zeros in a whole square of so many samples a side, where black is at least this, were not
# decoded: no sensor is so quiet.
SQUARE, UNDECODED_UNDER, MOST_UNDECODED = 16, 16, 0.005
# LibRaw's flip codes (dcraw's: 1 flips columns, 2 rows, 4 transposes) as EXIF orientations
# (CIPA DC-008, tag 0x0112).
FLIP_TO_ORIENTATION = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}


@dataclass(frozen=True)
class Crop:
    """Where the picture lies on the sensor, in pixels."""

    top: int
    left: int
    sensor_height: int
    sensor_width: int


@dataclass(frozen=True)
class RawImage:
    """A Bayer mosaic with all that is needed to develop it.

    Attributes
    ----------
    samples
        (H, W) uint16 sensor values of the visible area, H and W even.
    pattern
        Bayer order of ``samples``.
    black
        Black level of R, G1, G2 and B, in sensor values.
    white
        Saturation, in sensor values.
    white_balance
        Gains of red, green and blue; the smallest is 1.
    white_balance_source
        Where they come from.
    xyz_to_camera
        (3, 3) for D65, or None where the camera is not known.
    orientation
        EXIF orientation, 1 to 8.
    pixel_aspect
        Height of a photosite over its width; not 1 on a few early cameras.
    noise
        As the file states it, or None.
    info
        Camera, exposure and the EXIF to keep.
    file
        What it was read from; None where it was made.
    notes
        A sentence of everything in the file that can't be, and what was taken instead.
    """

    samples: NDArray[np.uint16]
    pattern: CFAPattern
    black: tuple[float, float, float, float]
    white: float
    white_balance: tuple[float, float, float]
    white_balance_source: WhiteBalanceSource = "given"
    xyz_to_camera: NDArray[np.float64] | None = None
    orientation: int = 1
    pixel_aspect: float = 1.0
    noise: NoiseProfile | None = None
    crop: Crop | None = None
    info: CaptureInfo = field(default_factory=CaptureInfo)
    file: RawFile | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.samples.shape
        return height, width

    @property
    def megapixels(self) -> float:
        """Size in millions of pixels."""
        return self.samples.size / 1e6

    @property
    def camera_to_srgb(self) -> NDArray[np.float64]:
        """(3, 3) white-balanced camera RGB to linear sRGB; the identity for an unknown camera."""
        if self.xyz_to_camera is None:
            return np.eye(3)
        return colour.camera_to_srgb(self.xyz_to_camera)

    @property
    def packed_gains(self) -> Array:
        """(4,) white-balance gains of R, G1, G2 and B."""
        return np.array([self.white_balance[i] for i in PACKED_RGB], np.float32)

    def packed(self, window: tuple[slice, slice] = (slice(None), slice(None))) -> Array:
        """Return the normalised RGGB planes of a window of `to_rggb` coordinates.

        Parameters
        ----------
        window
            Rows and columns with even bounds, in the mosaic flipped to RGGB.

        Returns
        -------
        (h/2, w/2, 4) float32: black is 0, saturation 1; noise under black stays negative.
        """
        turned = to_rggb(self.samples, self.pattern)[window]
        return self.normalise(pack(turned, CFAPattern("RGGB")))

    def normalise(self, planes: NDArray[np.generic]) -> Array:
        """Subtract black and divide by saturation: (…, 4) sensor values to float32, at most 1."""
        black = np.array(self.black, np.float32)
        return np.minimum((planes.astype(np.float32) - black) / (self.white - black), 1.0)

    def normalise_plane(self, plane: NDArray[np.generic], index: int) -> Array:
        """Do as `normalise` to one plane of the four, without a copy more than there must be."""
        levels = plane.astype(np.float32)
        levels -= np.float32(self.black[index])
        levels /= np.float32(self.white - self.black[index])
        return np.minimum(levels, np.float32(1), out=levels)

    def thumbnail(self) -> Array:
        """Return white-balanced (h, w, 3) camera RGB, a 2×2 tile a pixel, about 512 a side.

        Tiles are picked, not averaged.
        """
        step = 2 * max(1, max(self.size) // 1024)
        turned = to_rggb(self.samples, self.pattern)
        planes = np.stack(
            [turned[row::step, column::step] for row in (0, 1) for column in (0, 1)], axis=-1
        )
        balanced = np.clip(self.normalise(planes) * self.packed_gains, 0, 1)
        green = balanced[..., 1:3].mean(axis=-1)
        return np.stack([balanced[..., 0], green, balanced[..., 3]], axis=-1)

    def auto_exposure(self) -> float:
        """Return `colour.auto_exposure` of this capture."""
        return colour.auto_exposure(self.thumbnail(), self.camera_to_srgb)

    def noise_profile(self) -> NoiseProfile:
        """Return the noise as the file states it, else estimated from windows over the frame."""
        if self.noise is not None:
            return self.noise
        height, width = self.size
        windows = product(_spread_windows(height), _spread_windows(width))
        return estimate([self.packed(window) for window in windows])


def _spread_windows(side: int) -> list[slice]:
    """Return up to `NOISE_WINDOWS` slices, each with even bounds, spread evenly over a side."""
    length = min(NOISE_WINDOW, side)
    count = min(NOISE_WINDOWS, max(1, side // length))
    starts = np.linspace(0, side - length, count).astype(int) // 2 * 2
    return [slice(int(start), int(start) + length) for start in starts]


def read_raw(source: str | Path | RawFile) -> RawImage:
    """Read any 2×2 Bayer RAW file that LibRaw decodes, in this process.

    For files that one trusts; `raw_process.raw_decoder` survives others, and hands LibRaw zeroed
    memory.

    Given a path, the file is read once; given its bytes, it isn't opened again.

    White balance: as shot; where the file has none, the camera's daylight balance; where the
    camera is not known either, grey world. `RawImage.white_balance_source` says which.

    Raises
    ------
    RawNotFoundError
        No such file, or a directory.
    RawUnreadableError
        Empty, of another format, truncated or damaged.
    RawUnsupportedError
        X-Trans, Foveon, linear or sRAW, monochrome, four-colour.
    """
    file = source if isinstance(source, RawFile) else RawFile.read(source)
    gated = tag_gate.screened(file)
    try:
        return replace(_read(gated), file=file)
    except RawUnreadableError:
        bare = tag_gate.without_maker_notes(gated)
        if bare is None:
            raise
        with suppress(RawUnreadableError):
            return replace(_read(bare), file=file)
        raise


def _read(gated: tag_gate.Screened) -> RawImage:
    path, notes = gated.file.path, list(gated.notes)
    with open_libraw(gated.file) as raw:
        samples, pattern = _visible_mosaic(raw, path)
        black, white = _levels(raw, pattern, samples, notes)
        _check_decoded(samples, black, path)
        sizes, tags = raw.sizes, dng_tags.read(gated.file)
        image = RawImage(
            samples=samples,
            pattern=pattern,
            black=black,
            white=white,
            white_balance=(1.0, 1.0, 1.0),
            xyz_to_camera=_known_matrix(raw, tags, notes),
            orientation=FLIP_TO_ORIENTATION.get(sizes.flip, 1),
            pixel_aspect=_pixel_aspect(sizes, notes),
            noise=dng_tags.noise_profile(tags),
            crop=Crop(sizes.top_margin, sizes.left_margin, sizes.raw_height, sizes.raw_width),
            info=read_capture_info(gated.file, raw, embedded_jpeg(raw), notes),
        )
        image = _white_balanced(image, raw, notes)
        return replace(image, notes=tuple(notes))


def _visible_mosaic(raw: "rawpy.RawPy", path: Path) -> tuple[NDArray[np.uint16], CFAPattern]:
    """Return the visible area, cut to even sides, and its Bayer order."""
    try:
        pattern, visible = _bayer_pattern(raw, path), raw.raw_image_visible
    except (CameraSimError, MemoryError):
        raise
    except Exception as error:  # of filters that no sensor has, rawpy raises NotImplementedError
        raise RawUnreadableError(
            f"{path} states a mosaic that no sensor has ({error}); copy it from the card again"
        ) from error
    height, width = (side - side % 2 for side in visible.shape)
    if not height or not width:
        raise RawUnreadableError(f"{path} holds no picture: {visible.shape[0]} rows of "
                                 f"{visible.shape[1]} samples")  # fmt: skip
    samples = np.array(visible[:height, :width], np.uint16)
    if not samples.max():  # LibRaw says nothing of data that it can make nothing of
        raise RawUnreadableError(f"{path} holds no picture: every sample is 0; "
                                 "copy it from the card again")  # fmt: skip
    return samples, pattern


def _check_decoded(samples: NDArray[np.uint16], black: tuple[float, ...], path: Path) -> None:
    """Refuse a mosaic with whole squares of zeros, far under black: what was not decoded.

    Raises
    ------
    RawUnreadableError
        If they are more than a share of it.
    """
    height, width = (side // SQUARE * SQUARE for side in samples.shape)
    if min(black) < UNDECODED_UNDER or not height or not width or samples.min():
        return
    squares = samples[:height, :width].reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE)
    empty = float(np.mean(squares.max(axis=(1, 3)) == 0))
    if empty > MOST_UNDECODED:
        raise RawUnreadableError(f"{path} is damaged: {empty:.0%} of it holds no picture; "
                                 "copy it from the card again")  # fmt: skip


def _bayer_pattern(raw: "rawpy.RawPy", path: Path) -> CFAPattern:
    if raw.raw_type != rawpy.RawType.Flat:
        raise RawUnsupportedError(
            f"{path} holds full-colour pixels (Foveon, sRAW or linear DNG), not a Bayer mosaic; "
            "there is nothing to demosaic"
        )
    tile = raw.raw_pattern
    if tile is None or raw.num_colors == 1:
        raise RawUnsupportedError(f"{path} comes from a monochrome sensor, not a Bayer mosaic")
    if tile.shape != (2, 2):
        raise RawUnsupportedError(
            f"{path} has a {tile.shape[0]}×{tile.shape[1]} colour filter array (X-Trans?); "
            "only 2×2 Bayer arrays can be developed"
        )
    letters = "".join(chr(raw.color_desc[i]) for i in tile.ravel())
    if sorted(letters) != sorted("RGGB"):
        raise RawUnsupportedError(f"{path} has the colour filters {letters}, not red, green, blue")
    return CFAPattern(cast(CFAOrder, letters))


def _levels(
    raw: "rawpy.RawPy",
    pattern: CFAPattern,
    samples: NDArray[np.uint16],
    notes: list[str],
) -> tuple[tuple[float, float, float, float], float]:
    """Return the black level of each packed channel, and the saturation.

    Levels that the samples contradict are replaced by the darkest and the brightest of them.
    """
    channels = [int(raw.raw_pattern[site]) for site in pattern.sites]
    black = tag_gate.numbers(
        lambda: [raw.black_level_per_channel[channel] for channel in channels], (4,), 0, 65534
    )
    white = tag_gate.numbers(lambda: [raw.white_level], (1,), 1, 65536)
    sorted_out = plausible_levels(black, white[0] if white else None, samples)
    notes += sorted_out.notes
    return sorted_out.black, sorted_out.white


def _pixel_aspect(sizes: Any, notes: list[str]) -> float:
    found = tag_gate.numbers(lambda: [sizes.pixel_aspect], (1,), 0.25, 4)
    if found is None:
        notes.append("the shape of a pixel is stated wrongly: it was taken as square")
    return found[0] if found else 1.0


def _known_matrix(
    raw: "rawpy.RawPy", tags: tuple[Directory, ...], notes: list[str]
) -> NDArray[np.float64] | None:
    """Return the file's own matrix, else LibRaw's for the camera, else None."""
    matrix = dng_tags.colour_matrix(tags)
    if matrix is not None:
        return matrix
    found = tag_gate.numbers(lambda: np.ravel(raw.rgb_xyz_matrix[:3]), (9,), -1e6, 1e6)
    if found is not None and not any(found):
        return None
    try:
        matrix = np.reshape(np.array(found or [np.nan] * 9), (3, 3))
        colour.camera_to_srgb(matrix)
    except ValueError as error:
        notes.append(f"LibRaw's colour matrix of the camera is not used: {error}")
        return None
    return matrix


def _white_balanced(image: RawImage, raw: "rawpy.RawPy", notes: list[str]) -> RawImage:
    gains, source = _file_white_balance(raw, notes)
    if gains is None:
        gains = colour.grey_world(image.packed())
    return replace(image, white_balance=gains, white_balance_source=source)


def _file_white_balance(
    raw: "rawpy.RawPy", notes: list[str]
) -> tuple[tuple[float, float, float] | None, WhiteBalanceSource]:
    as_shot = tag_gate.numbers(lambda: raw.camera_whitebalance[:3], (3,), -np.inf, np.inf)
    if as_shot is None or (min(as_shot) > 0 and max(as_shot) > MOST_GAIN * min(as_shot)):
        notes.append("the white balance as shot is that of no light: it is not used")
    elif min(as_shot) > 0:
        return colour.normalise_gains(as_shot), "as shot"
    daylight = tag_gate.numbers(lambda: raw.daylight_whitebalance[:3], (3,), 1e-6, 1e6)
    if daylight and len(set(daylight)) > 1 and max(daylight) <= MOST_GAIN * min(daylight):
        return colour.normalise_gains(daylight), "daylight"
    return None, "grey world"
