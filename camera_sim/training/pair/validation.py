"""What a pair can do, measured through the real codec: exact edits, exact resizing, libjpeg."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from camera_sim.developing.watermark_grid import PERIOD
from camera_sim.networks.nip import NIP
from camera_sim.training.nip.data import Batch
from camera_sim.training.pair.workflow import HISTORIES, UNKNOWN_CAMERA, Channel, opened
from channel import transmit
from channel.manipulations import MANIPULATIONS
from channel.resample import resized
from verifier.training.manipulation.fan import FAN, PATCH

Picture = NDArray[np.uint8]
# Cut off what is developed: patches then start where a watermark's period does.
BORDER = PERIOD
CAMERA_QUALITY = 95  # what `camsim develop` writes by default, 4:4:4
EXACT = {operation.name: operation for operation in MANIPULATIONS}


@dataclass(frozen=True)
class Validation:
    """Held-out patches: captures of scenes, and others cut to the channel's square."""

    scenes: Batch
    unknown_camera: Sequence[Picture]
    channel: Channel


@dataclass(frozen=True)
class Point:
    """A pair at a step.

    Attributes
    ----------
    accuracy
        Of patches over the five histories.
    unknown_camera
        The share of patches of unknown cameras that are named so. NaN: the FAN has no such class.
    psnr
        Mean over patches in dB, at 8 bits, to the pipeline before joint training.
    confusion
        Counts, true history by named class.
    """

    step: int
    accuracy: float
    unknown_camera: float
    psnr: float
    confusion: list[list[int]]


def edited(picture: Picture, history: str) -> Picture:
    """Give a (H, W, 3) uint8 picture a history, at 8 bits."""
    return EXACT[history](picture) if history in EXACT else picture


def transmitted(picture: Picture, channel: Channel) -> Picture:
    """Send a (side, side, 3) uint8 picture through a channel: resized to 128, through its codec."""
    small = resized(picture, (PATCH, PATCH), channel.resampling)
    if channel.platform is not None:
        return opened(transmit(small, channel.platform))
    if channel.quality is None:
        return small
    return through_jpeg(small, channel.quality, "4:2:0")


def as_camera_file(picture: Picture) -> Picture:
    """Write and read a picture as the camera does, 4:4:4."""
    return through_jpeg(picture, CAMERA_QUALITY, "4:4:4")


def through_jpeg(picture: Picture, quality: int, subsampling: str) -> Picture:
    """Write and read JPEG, by libjpeg."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return opened(file.getvalue())


@torch.no_grad()
def validate(nip: NIP, plain: NIP, fan: FAN, held_out: Validation, step: int) -> Point:
    """Measure a pair on held-out patches."""
    developed, reference = (developed_pictures(model, held_out.scenes) for model in (nip, plain))
    side = held_out.channel.side
    patches = [picture[:side, :side] for picture in developed]
    classes = fan.classes
    confusion = np.zeros((len(HISTORIES) + 1, classes), int)
    for row, history in enumerate((*HISTORIES, UNKNOWN_CAMERA)):
        pictures = held_out.unknown_camera if history == UNKNOWN_CAMERA else patches
        downloaded = [
            transmitted(edited(picture, history), held_out.channel) for picture in pictures
        ]
        if downloaded:
            confusion[row] = np.bincount(named(fan, downloaded), minlength=classes)
    correct = int(np.trace(confusion[: len(HISTORIES)]))
    unknown = confusion[-1, -1] / max(1, confusion[-1].sum())
    return Point(
        step,
        correct / int(confusion[: len(HISTORIES)].sum()),
        float(unknown) if classes > len(HISTORIES) else float("nan"),
        float(np.mean([psnr(a, b) for a, b in zip(developed, reference, strict=True)])),
        confusion.tolist(),
    )


def named(fan: FAN, downloaded: Sequence[Picture]) -> NDArray[np.int64]:
    """Return the class that the FAN gives each of (128, 128, 3) uint8 patches, in float32."""
    fan.autocast = None
    tensors = torch.from_numpy(np.stack(downloaded)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits = torch.cat([fan(tensors[i : i + 32]) for i in range(0, len(tensors), 32)])
    classes: NDArray[np.int64] = logits.argmax(dim=1).numpy()
    return classes


def developed_pictures(model: NIP, batch: Batch) -> list[Picture]:
    """Develop a batch at 8 bits, borders cut off: (H, W, 3) uint8 each."""
    return [(levels + 0.5).astype(np.uint8) for levels in developed_levels(model, batch)]


@torch.no_grad()
def developed_levels(model: NIP, batch: Batch) -> list[NDArray[np.float32]]:
    """Develop a batch, borders cut off: (H, W, 3) float32 each, 0 to 255 and not rounded."""
    model.eval()
    model.autocast = None
    starts = range(0, len(batch.mosaic), 8)
    parts = [model(*(tensor[i : i + 8] for tensor in batch.inputs)) for i in starts]
    levels = (torch.cat(parts).clamp(0, 1) * 255).permute(0, 2, 3, 1).numpy()
    return [np.ascontiguousarray(p[BORDER:-BORDER, BORDER:-BORDER]) for p in levels]


def psnr(picture: Picture, reference: Picture) -> float:
    """Return PSNR in dB of two uint8 pictures."""
    error = np.square(picture.astype(np.float32) - reference.astype(np.float32)).mean()
    return float(10 * np.log10(255**2 / max(float(error), 1e-6)))
