"""How good a pipeline is: PSNR and SSIM on simulated captures, CIEDE2000 on real ones."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import Depth, develop
from camera_sim.engines import Engine
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFA_ORDERS, CFAPattern
from camera_sim.raw.libraw_rendering import Demosaicing, render
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import Picture as Rendering
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.cameras import CAMERAS, Camera
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR, Noise, Sensor

Picture = NDArray[np.uint8]

# Shot noise of the table's rows; read noise follows Brooks et al. 2019, as in `Noise.draw`.
NOISE_LEVELS = {"none": 0.0, "low": 1e-4, "medium": 1e-3, "high": 5e-3}
# The table's rows: point spread in pixels, and noise. 0.4 is a sharp lens and 0.6 a camera with a
# low-pass filter (MTF50 of 0.47 and 0.31 cycles a pixel); 0 takes a picture's pixels as they are,
# which no lens does, and is there for the record.
CONDITIONS = (
    (0.6, "none"), (0.6, "low"), (0.6, "medium"), (0.6, "high"),
    (0.4, "none"), (0.0, "none"), (0.0, "medium"),
)  # fmt: skip
# Pixels at the border that are left out: pipelines differ in how they continue a picture.
BORDER = 8


@dataclass(frozen=True)
class Quality:
    """Fidelity to a reference: PSNR in dB and SSIM (Wang et al. 2004), over 8-bit sRGB."""

    psnr: float
    ssim: float

    @staticmethod
    def mean(qualities: Sequence["Quality"]) -> "Quality":
        """Average over pictures."""
        return Quality(
            float(np.mean([q.psnr for q in qualities])), float(np.mean([q.ssim for q in qualities]))
        )


@dataclass(frozen=True)
class Capture:
    """A simulated capture, and the clean scene through the classical pipeline's colour path."""

    image: RawImage
    clean: Picture


def noise_of(level: str) -> Noise:
    """Return the sensor noise of a row of the table."""
    shot = NOISE_LEVELS[level]
    if not shot:
        return Noise()
    return Noise(shot=shot, read=float(np.exp(2.18 * np.log(shot) + 1.20)))


def captures(pictures: Sequence[Picture], noise: Noise, blur: float) -> Iterator[Capture]:
    """Photograph each picture by another camera, in another light, with another Bayer order."""
    for index, picture in enumerate(pictures):
        yield capture_of(picture, index, noise, blur)


def capture_of(picture: Picture, index: int, noise: Noise, blur: float) -> Capture:
    """Simulate a capture of a picture; its index chooses camera, light and Bayer order."""
    rng = np.random.default_rng(index)
    camera = CAMERAS[index % len(CAMERAS)]
    pattern = CFAPattern(CFA_ORDERS[index % len(CFA_ORDERS)])
    sensor = Sensor(camera, pattern, noise=noise, blur=blur)
    height, width = (side - side % 2 for side in picture.shape[:2])
    scene = to_linear(picture[:height, :width])
    image = sensor.capture(scene, camera.illuminants.draw(rng), rng)
    clean = colour.render(sensor.clean_colours(scene), camera.camera_to_srgb, 1.0)
    return Capture(image, to_8_bits(clean))


def standard_captures(pictures: Sequence[Picture], camera: Camera) -> Iterator[RawImage]:
    """Photograph each picture by one camera, at base ISO: what a per-camera network learnt."""
    sensor = Sensor(camera, noise=BASE_ISO, blur=LOW_PASS_BLUR)
    for index, picture in enumerate(pictures):
        rng = np.random.default_rng(index)
        yield sensor.capture(to_linear(picture), camera.illuminants.draw(rng), rng)


def to_8_bits(picture: NDArray[np.float32]) -> Picture:
    """Quantise sRGB in [0, 1]."""
    return np.rint(picture * 255).astype(np.uint8)


def by_engine(engine: Engine) -> Callable[[RawImage], Picture]:
    """Return a developer of captures at their given exposure, for the tables."""
    return lambda image: develop(image, engine, exposure=1.0)


def by_engine_blind(engine: Engine) -> Callable[[RawImage], Picture]:
    """As `by_engine`, but the noise must be estimated, as for a file that does not state it."""
    return lambda image: by_engine(engine)(replace(image, noise=None))


def by_libraw(image: RawImage, demosaicing: Demosaicing = "AHD") -> Picture:
    """Develop a capture by LibRaw, through a DNG file."""
    return libraw_rendering(image, demosaicing).astype(np.uint8, copy=False)


def libraw_rendering(image: RawImage, demosaicing: Demosaicing, depth: Depth = 8) -> Rendering:
    """Develop a simulated capture by LibRaw, through a DNG file: (H, W, 3) of 8 or 16 bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.dng"
        write_dng(path, image)
        return render(RawFile.read(path), image.white_balance, 1.0, depth, demosaicing)


def quality(picture: Picture, reference: Picture) -> Quality:
    """Measure a (H, W, 3) uint8 picture against a reference, borders left out."""
    from skimage.metrics import structural_similarity

    first, second = _inner(picture), _inner(reference)
    ssim = structural_similarity(
        first,
        second,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return Quality(psnr(picture, reference), float(ssim))


def psnr(picture: Picture, reference: Picture) -> float:
    """Return PSNR (dB) of a (H, W, 3) uint8 picture to a reference, borders left out."""
    error = float(np.square(_inner(picture) - _inner(reference)).mean())
    return -10 * float(np.log10(max(error, 1e-10)))


def _inner(picture: Picture) -> NDArray[np.float32]:
    inner = picture[BORDER:-BORDER, BORDER:-BORDER]
    return inner.astype(np.float32) / np.float32(255)


def colour_difference(picture: Picture, reference: Picture) -> NDArray[np.float64]:
    """Return CIEDE2000 (CIE 142-2001) of each pixel of two (H, W, 3) uint8 sRGB pictures."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    differences: NDArray[np.float64] = deltaE_ciede2000(rgb2lab(picture), rgb2lab(reference))
    return differences
