"""The simulated sensor: any picture becomes the RAW capture that a camera would have made of it.

The steps are a camera's own, undone: sRGB to linear light, to white-balanced camera colours
(inverse matrix), to raw colours (inverse white balance), through the colour filter array, then
photo-response non-uniformity, shot and read noise, black level, saturation and quantisation.
After Brooks et al., *Unprocessing images for learned raw denoising*, CVPR 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import PipelineError
from camera_sim.raw import colour
from camera_sim.raw.capture_info import CaptureInfo
from camera_sim.raw.cfa import CFAPattern, sample
from camera_sim.raw.noise_profile import NoiseProfile
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.cameras import Camera
from channel.extras import to_install

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Noise:
    """Noise of a sensor whose range is 0 to 1: variance = shot · signal + read.

    Attributes
    ----------
    shot, read
        Of Brooks et al. 2019, equation 3; both 0 for a perfect sensor.
    prnu
        Standard deviation of the photosites' gains: 0.005 is usual.
    """

    shot: float = 0.0
    read: float = 0.0
    prnu: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Noise":
        """Draw a level between a base ISO and a high one (Brooks et al. 2019, section 3.1)."""
        log_shot = rng.uniform(np.log(1e-4), np.log(0.012))
        log_read = 2.18 * log_shot + 1.20 + rng.normal(0, 0.26)
        return cls(shot=float(np.exp(log_shot)), read=float(np.exp(log_read)))

    def apply(self, signal: Array, rng: np.random.Generator) -> Array:
        """Add this noise to a signal in [0, 1]; the result may leave that range."""
        if self.prnu:
            signal = signal * (1 + self.prnu * rng.standard_normal(signal.shape, np.float32))
        if not (self.shot or self.read):
            return signal
        deviation = np.sqrt(self.shot * np.maximum(signal, 0) + self.read)
        return (signal + deviation * rng.standard_normal(signal.shape)).astype(np.float32)


RGGB = CFAPattern("RGGB")
PERFECT = Noise()
BASE_ISO = Noise(shot=2e-4, read=1e-6)
"""A camera in good light: 37 dB at saturation."""
LOW_PASS_BLUR = 0.6
"""Point spread, in pixels, of a lens and an optical low-pass filter."""


@dataclass(frozen=True)
class Sensor:
    """A simulated sensor.

    Attributes
    ----------
    blur
        Standard deviation in pixels of the point spread of lens and low-pass filter. A camera
        without a low-pass filter has about 0.4, with one 0.6; 0 keeps the scene pixel-sharp.
    bits
        10 to 16.
    black
        Black level in sensor values; None means 1/32 of the range.
    """

    camera: Camera
    pattern: CFAPattern = RGGB
    bits: int = 14
    black: int | None = None
    noise: Noise = PERFECT
    blur: float = 0.0

    def __post_init__(self) -> None:
        if not 10 <= self.bits <= 16:
            raise ValueError(f"a sensor has 10 to 16 bits, not {self.bits}")
        if not 0 <= self.black_level < self.white_level:
            raise ValueError(f"black level {self.black} is outside 0 to {self.white_level}")

    @property
    def white_level(self) -> int:
        """Saturation in sensor values."""
        return int(2**self.bits) - 1

    @property
    def black_level(self) -> int:
        """Black in sensor values."""
        return int(2**self.bits) // 32 if self.black is None else self.black

    def capture(
        self,
        scene: Array,
        gains: tuple[float, float, float],
        rng: np.random.Generator,
        exposure: float = 1.0,
    ) -> RawImage:
        """Simulate a capture of a scene.

        Parameters
        ----------
        scene
            (H, W, 3) float32 linear sRGB in [0, 1]; an odd last row or column is cut.
        gains
            White balance of the light, smallest 1.
        rng
            Source of the noise.
        exposure
            How many times too dark the capture is; 1 fills the sensor's range.
        """
        height, width = (side - side % 2 for side in scene.shape[:2])
        clean = self.clean_colours(scene[:height, :width], exposure)
        signal = sample((clean / np.array(gains)).astype(np.float32), self.pattern)
        span = self.white_level - self.black_level
        values = np.rint(self.noise.apply(signal, rng) * span + self.black_level)
        return RawImage(
            samples=np.clip(values, 0, self.white_level).astype(np.uint16),
            pattern=self.pattern,
            black=(float(self.black_level),) * 4,
            white=float(self.white_level),
            white_balance=gains,
            white_balance_source="as shot",
            xyz_to_camera=self.camera.matrix,
            noise=NoiseProfile(self.noise.shot, self.noise.read),
            info=CaptureInfo(make=self.camera.make, model=f"{self.camera.model} (simulated)"),
        )

    def clean_colours(self, scene: Array, exposure: float = 1.0) -> Array:
        """Return what falls on the sensor, as white-balanced camera RGB without noise.

        Parameters
        ----------
        scene
            (H, W, 3) linear sRGB in [0, 1].
        exposure
            How many times darker the sensor sees it.

        Returns
        -------
        (H, W, 3) float32 in [0, 1]. Colours outside the camera's range are clipped, so a
        rendering of this, not the scene itself, is what a perfect pipeline can reach.
        """
        inverse = np.linalg.inv(self.camera.camera_to_srgb)
        colours = np.clip(colour.apply_matrix(self.through_lens(scene), inverse), 0, 1)
        return colours / np.float32(exposure)

    def through_lens(self, scene: Array) -> Array:
        """Blur a linear (H, W, 3) scene by the point spread."""
        if not self.blur:
            return scene
        try:
            from scipy.ndimage import gaussian_filter
        except ImportError as error:
            raise PipelineError(
                f"the simulated sensor needs scipy: {to_install('camera')}"
            ) from error
        deviation = (self.blur, self.blur, 0)
        blurred: Array = gaussian_filter(scene, deviation, truncate=4, mode="mirror")
        return blurred
