"""Pictures that the trained pipeline did not develop: what a FAN must learn not to judge."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camera_sim.errors import TrainingError
from camera_sim.networks.nip import NIP
from camera_sim.pipelines import classical
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR, Sensor
from camera_sim.training.nip.data import collate
from camera_sim.training.pair.validation import developed_pictures
from channel.manipulations import GAUSSIAN, JPEG, RESAMPLE, SHARPEN

Picture = NDArray[np.uint8]
STRIDE = 32  # sides that every network takes are multiples of this
MOST_DEVELOPED = 96  # of the scenes; a second each
EDITS = (SHARPEN, GAUSSIAN, JPEG, RESAMPLE)


class UnknownCameraSource:
    """Patches of other pipelines' pictures, as they are or edited.

    Parameters
    ----------
    pictures
        (H, W, 3) uint8 sRGB each.
    edited
        The share that is edited.
    """

    def __init__(self, pictures: Sequence[Picture], edited: float = 0.5) -> None:
        if not pictures:
            raise TrainingError("there is no picture of an unknown camera")
        self.pictures = pictures
        self.edited = edited

    def batch(self, rng: np.random.Generator, count: int, side: int) -> Tensor:
        """Draw ``count`` patches: (count, 3, side, side) sRGB in [0, 1]."""
        patches = [self._draw(rng, side) for _ in range(count)]
        if not patches:
            return torch.empty(0, 3, side, side)
        return torch.from_numpy(np.stack(patches).astype(np.float32) / 255).permute(0, 3, 1, 2)

    def _draw(self, rng: np.random.Generator, side: int) -> Picture:
        picture = self.pictures[int(rng.integers(len(self.pictures)))]
        height, width = picture.shape[:2]
        if min(height, width) < side:
            raise TrainingError(f"a picture of {width}×{height} is smaller than a {side} patch")
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        patch = np.rot90(picture[top : top + side, left : left + side], int(rng.integers(4)))
        if rng.random() < self.edited:
            return EDITS[int(rng.integers(len(EDITS)))](np.ascontiguousarray(patch))
        return patch


def unknown_camera_pictures(
    scenes: Sequence[Picture], plain: NIP, rng: np.random.Generator
) -> list[Picture]:
    """Make pictures of unknown cameras: scenes as found, and as other pipelines develop them.

    Those are the classical one, and the pair's own network as it was before joint training, which
    differs by the watermark alone.
    """
    pictures = list(scenes)
    chosen = rng.permutation(len(scenes))[:MOST_DEVELOPED]
    for index, scene in enumerate(scenes[number] for number in chosen):
        height, width = (side - side % STRIDE for side in scene.shape[:2])
        camera = CAMERAS[index % len(CAMERAS)]
        sensor = Sensor(camera, noise=BASE_ISO, blur=float(rng.uniform(0, LOW_PASS_BLUR)))
        gains = camera.illuminants.draw(rng)
        capture = sensor.capture(to_linear(scene[:height, :width]), gains, rng)
        developed = classical.develop_rggb(capture, 1.0)
        pictures.append((developed * 255 + 0.5).astype(np.uint8))
        pictures += developed_pictures(plain, collate([(capture, 1.0, developed)]))
    return pictures
