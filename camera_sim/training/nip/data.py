"""What neural pipelines learn from: patches of simulated captures, or of a folder of RAW files."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camera_sim.errors import RawError, TrainingError
from camera_sim.pipelines import Pipeline, classical
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFAPattern, to_rggb
from camera_sim.raw.noise_profile import NoiseProfile
from camera_sim.raw.raw_image import RawImage, read_raw
from camera_sim.sensor.cameras import CAMERAS, Camera
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR, Noise, Sensor
from channel.picture_file.srgb import load_picture, picture_files
from channel.resample import resized

Array = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """What a NIP takes, and what it should give.

    Attributes
    ----------
    mosaic, white_balance, camera_to_srgb, exposure, noise
        As `camera_sim.networks.nip.NIP.forward` takes them.
    target
        (N, 3, 2h, 2w) sRGB in [0, 1].
    """

    mosaic: Tensor
    white_balance: Tensor
    camera_to_srgb: Tensor
    exposure: Tensor
    noise: Tensor
    target: Tensor

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The arguments of `NIP.forward`."""
        return self.mosaic, self.white_balance, self.camera_to_srgb, self.exposure, self.noise


Sample = tuple[RawImage, float, Array]
"""A capture flipped to RGGB, its exposure, and the (H, W, 3) sRGB that it should become."""


class PatchSource(ABC):
    """Where training patches come from."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        """Draw one patch of ``size`` × ``size`` pixels."""

    def batch(self, rng: np.random.Generator, count: int, size: int) -> Batch:
        """Draw ``count`` patches of ``size`` pixels, an even number, a side."""
        return collate([self.draw(rng, size) for _ in range(count)])


def collate(samples: Sequence[Sample]) -> Batch:
    """Stack samples into one batch of tensors."""
    captures = [capture for capture, _, _ in samples]
    return Batch(
        mosaic=_planes([capture.packed() for capture in captures]),
        white_balance=torch.tensor(np.stack([capture.packed_gains for capture in captures])),
        camera_to_srgb=torch.tensor(
            np.stack([capture.camera_to_srgb for capture in captures]), dtype=torch.float32
        ),
        exposure=torch.tensor([[exposure] for _, exposure, _ in samples], dtype=torch.float32),
        noise=torch.tensor(
            [[profile.shot, profile.read] for profile in (c.noise_profile() for c in captures)]
        ),
        target=_planes([target for _, _, target in samples]),
    )


def _planes(pictures: Sequence[Array]) -> Tensor:
    return torch.from_numpy(np.stack([picture.transpose(2, 0, 1) for picture in pictures]))


NOISE_FREE = 0.5  # of the captures of training

# Korus & Memon 2019, section 4.4: patches whose sRGB values vary less hold no information and are
# left out; of those under the second bound, half are.
LEAST_VARIANCE, SMALL_VARIANCE = 0.01, 0.02
TRIES = 20  # after so many flat patches, one is taken

# How scenes are varied.
LARGEST_SHRINKAGE = 1.5
CONTRASTS = (0.8, 1.1)
LOG_GAMMAS = (-0.2, 0.2)


def tells_something(patch: NDArray[np.uint8] | Array, rng: np.random.Generator) -> bool:
    """Decide whether a patch, uint8 or float in [0, 1], is kept by its variance."""
    scale = 255.0 if patch.dtype == np.uint8 else 1.0
    variance = float((patch / scale).var())
    return variance >= (SMALL_VARIANCE if rng.random() < 0.5 else LEAST_VARIANCE)


class SceneSource(PatchSource):
    """Patches of simulated captures, by a sensor that is drawn for each patch.

    The camera's matrix is a mixture of two of `CAMERAS`, the light one of theirs, the noise of
    `Noise.draw` or none, the frame up to ``darkest`` times underexposed. The target is the clean
    scene through the classical pipeline's colour path: what a perfect pipeline would give.

    Parameters
    ----------
    pictures
        (H, W, 3) uint8 sRGB each.
    noise_free, blurred
        The share of patches without noise, and of those seen through a lens that is not perfect.
    darkest
        Half of the patches are underexposed, at most so many times.
    selective
        Whether flat patches are left out; see `tells_something`.
    varied
        Whether scenes are also shrunk, and get other tones and colours: few pictures then go a
        long way.
    """

    def __init__(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        cameras: Sequence[Camera] = CAMERAS,
        noise_free: float = NOISE_FREE,
        blurred: float = 0.9,
        darkest: float = 6.0,
        *,
        selective: bool = False,
        varied: bool = False,
    ) -> None:
        if not pictures:
            raise TrainingError("there is no picture to train on")
        self.pictures = pictures
        self.cameras = cameras
        self.noise_free = noise_free
        self.blurred = blurred
        self.darkest = darkest
        self.selective = selective
        self.varied = varied
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in pictures], float)
        self._chances = areas / areas.sum()

    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        """Draw one patch; see `PatchSource.draw`."""
        scene = to_linear(self._patch(rng, size)) * np.float32(rng.uniform(0.6, 1.0))
        camera = mixed_camera(rng, self.cameras)
        noise = Noise() if rng.random() < self.noise_free else Noise.draw(rng)
        exposure = float(np.exp(rng.uniform(0, np.log(self.darkest)) * (rng.random() < 0.5)))
        blur = float(rng.uniform(0.3, 0.7)) if rng.random() < self.blurred else 0.0
        sensor = Sensor(camera, bits=int(rng.integers(10, 17)), noise=noise, blur=blur)
        gains = camera.illuminants.draw(rng)
        capture = sensor.capture(scene, gains, rng, exposure)
        clean = sensor.clean_colours(scene, exposure)
        stated = replace(capture, noise=_misjudged(capture.noise_profile(), rng))
        return stated, exposure, colour.render(clean, camera.camera_to_srgb, exposure)

    def _patch(self, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
        patch = self._crop(rng, size)
        for _ in range(TRIES if self.selective else 0):
            if tells_something(patch, rng):
                break
            patch = self._crop(rng, size)
        return patch

    def _crop(self, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
        picture = self.pictures[rng.choice(len(self.pictures), p=self._chances)]
        height, width = picture.shape[:2]
        if min(height, width) < size:
            raise TrainingError(f"a picture of {width}×{height} is smaller than a {size} patch")
        most = min(LARGEST_SHRINKAGE, min(height, width) / size) if self.varied else 1.0
        taken = int(size * rng.uniform(1, most))
        top, left = rng.integers(height - taken + 1), rng.integers(width - taken + 1)
        patch = picture[top : top + taken, left : left + taken]
        if self.varied:
            patch = _other_tones(resized(np.ascontiguousarray(patch), (size, size), "box"), rng)
        patch = np.rot90(patch, int(rng.integers(4)))
        return patch[:, ::-1] if rng.random() < 0.5 else patch


def _other_tones(patch: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Give a patch another contrast and gamma, and its colours another order."""
    contrast, gamma = rng.uniform(*CONTRASTS), float(np.exp(rng.uniform(*LOG_GAMMAS)))
    levels = np.linspace(0, 1, 256)
    curve = np.clip(0.5 + contrast * (levels**gamma - 0.5), 0, 1) * 255 + 0.5
    return curve.astype(np.uint8)[patch[..., rng.permutation(3)]]


class CaptureSource(PatchSource):
    """Patches of whole captures, with the classical pipeline's picture as target (the paper's way).

    Parameters
    ----------
    captures
        Real RAW files, or simulated ones of one camera.
    selective
        Whether flat patches are left out; see `tells_something`.
    """

    def __init__(self, captures: Sequence[RawImage], *, selective: bool = False) -> None:
        if not captures:
            raise TrainingError("there is no RAW file to train on")
        self.selective = selective
        self.samples = [classical_sample(capture) for capture in captures]

    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        """Draw one patch; see `PatchSource.draw`."""
        sample = self._draw(rng, size)
        for _ in range(TRIES if self.selective else 0):
            if tells_something(sample[2], rng):
                break
            sample = self._draw(rng, size)
        return sample

    def _draw(self, rng: np.random.Generator, size: int) -> Sample:
        capture, exposure, target = self.samples[rng.integers(len(self.samples))]
        height, width = capture.size
        if min(height, width) < size:
            raise TrainingError(f"a capture of {width}×{height} is smaller than a {size} patch")
        top = 2 * int(rng.integers((height - size) // 2 + 1))
        left = 2 * int(rng.integers((width - size) // 2 + 1))
        window = (slice(top, top + size), slice(left, left + size))
        return crop_capture(capture, window), exposure, target[window]


def classical_sample(capture: RawImage) -> Sample:
    """Pair a capture with the classical pipeline's picture of it."""
    exposure = capture.auto_exposure()
    return capture, exposure, classical.develop_rggb(capture, exposure)


def crop_capture(capture: RawImage, window: tuple[slice, slice]) -> RawImage:
    """Cut a window with even bounds, in coordinates of the mosaic flipped to RGGB."""
    turned = to_rggb(capture.samples, capture.pattern)[window]
    return replace(capture, samples=turned, pattern=CFAPattern("RGGB"))


def _misjudged(profile: NoiseProfile, rng: np.random.Generator) -> NoiseProfile:
    """Return a profile as an estimate would err: by a quarter of the deviation."""
    return profile.scaled(float(np.exp(rng.normal(0, 0.25))))


def mixed_camera(rng: np.random.Generator, cameras: Sequence[Camera] = CAMERAS) -> Camera:
    """Draw a camera whose matrix lies between two known ones'."""
    first, second = (cameras[int(i)] for i in rng.integers(len(cameras), size=2))
    share = rng.random()
    mixed = share * np.array(first.xyz_to_camera) + (1 - share) * np.array(second.xyz_to_camera)
    a, b, c, d, e, f, g, h, i = (round(value) for value in mixed.tolist())
    return Camera("Mixed", "camera", (a, b, c, d, e, f, g, h, i), first.illuminants)


Sources = tuple[PatchSource, PatchSource, NDArray[np.float64] | None, str]
"""Training source, held-out source, the camera's matrix where the pipeline needs it, its name."""


def sources_from_pictures(
    folder: Path, pipeline: Pipeline, camera: Camera, seed: int, noise_free: float = NOISE_FREE
) -> Sources:
    """Make sources from a folder of pictures; a tenth of the files is held out.

    A pipeline for any camera sees a new sensor with every patch. A per-camera one sees each
    picture captured once by ``camera``, and learns the classical pipeline, as in the paper.

    Raises
    ------
    PictureError
        If the folder holds no picture.
    TrainingError
        If it holds fewer than two.
    """
    pictures = [load_picture(path) for path in picture_files(folder)]
    training, held_out = split(pictures, folder)
    if pipeline.any_camera:
        source, validation = (SceneSource(p, noise_free=noise_free) for p in (training, held_out))
        return source, validation, None, "any Bayer camera"
    rng = np.random.default_rng(seed)
    sensor = Sensor(camera, noise=BASE_ISO, blur=LOW_PASS_BLUR)

    def captures(scenes: Sequence[NDArray[np.uint8]]) -> list[RawImage]:
        return [
            sensor.capture(to_linear(scene), camera.illuminants.draw(rng), rng) for scene in scenes
        ]

    return (
        CaptureSource(captures(training)),
        CaptureSource(captures(held_out)),
        camera.camera_to_srgb,
        f"{camera.make} {camera.model}",
    )


def sources_from_raw(folder: Path, pipeline: Pipeline) -> Sources:
    """Make sources from a folder of RAW files; a tenth of the files is held out.

    Raises
    ------
    TrainingError
        If there are fewer than two, or they are of several cameras and the pipeline is for one.
    """
    captures = list(read_captures(folder))
    training, held_out = split(captures, folder)
    cameras = check_cameras(captures, folder, pipeline)
    matrix = None if pipeline.any_camera else captures[0].camera_to_srgb
    return CaptureSource(training), CaptureSource(held_out), matrix, ", ".join(cameras)


def check_cameras(captures: Sequence[RawImage], folder: Path, pipeline: Pipeline) -> list[str]:
    """Return the names of a folder's cameras.

    Raises
    ------
    TrainingError
        If they are several and the pipeline is for one.
    """
    cameras = sorted({capture.info.camera for capture in captures})
    if not pipeline.any_camera and len(cameras) > 1:
        raise TrainingError(
            f"{pipeline.name} learns one camera, and {folder} holds those of {', '.join(cameras)}"
        )
    return cameras


def split(items: Sequence[T], folder: Path) -> tuple[Sequence[T], Sequence[T]]:
    """Hold out the last tenth of a folder's items, at least one.

    Raises
    ------
    TrainingError
        If there are fewer than two.
    """
    if len(items) < 2:
        raise TrainingError(f"{folder} holds {len(items)} usable files; training needs at least 2")
    held_out = max(1, len(items) // 10)
    return items[:-held_out], items[-held_out:]


def read_captures(folder: Path) -> Iterator[RawImage]:
    """Read every RAW file under a folder that can be developed; the others are passed over."""
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder of RAW files")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            yield replace(read_raw(path), file=None)  # many are held: without their files
        except RawError:
            continue
