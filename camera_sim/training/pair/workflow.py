"""What lies between camera and verifier while both are trained: an edit, then the channel (torch).

Korus & Memon 2019, figure 1. Forward, all of it is exact at 8 bits, JPEG included; backward,
roundings are the identity.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from channel import transmit
from channel.manipulations import RESAMPLE_FACTOR
from channel.resampling_filters import Resampling
from channel.training.differentiable import resize
from channel.training.differentiable_jpeg import DifferentiableJPEG, instead
from channel.training.differentiable_manipulations import OPERATIONS
from verifier.training.manipulation.fan import PATCH

EDITS = ("sharpen", "gaussian", "jpeg", "resample")
HISTORIES = ("native", *EDITS)
"""The five processing histories of section 4.2."""
UNKNOWN_CAMERA = "unknown-camera"
"""The class of pictures that this pipeline did not develop."""

ChannelKind = Literal["none", "paper", "wide"]
PAPER_SCALE, PAPER_QUALITY = 0.5, 50  # section 4.4
WIDE_SCALES, WIDE_QUALITIES = (0.35, 1.0), (30, 95)
PAPER_SHARE, PLATFORM_SHARE, RESIZED_SHARE = 0.35, 0.3, 0.4
PLATFORMS = ("twitter", "whatsapp", "telegram", "facebook", "instagram")
"""Those whose own encoders are among the wide channels."""
CROPPED = 0.1
FILTERS: tuple[Resampling, ...] = ("box", "bilinear", "hamming", "bicubic", "lanczos")


@dataclass(frozen=True)
class Channel:
    """One drawn channel: resize a square of ``side`` to 128 pixels, then JPEG, if any.

    Attributes
    ----------
    platform
        Whose profile compresses, in place of JPEG of a ``quality``.
    """

    side: int
    quality: int | None
    resampling: Resampling = "box"
    platform: str | None = None

    @property
    def grid_aligned(self) -> bool:
        """Whether every patch of a picture lies alike on the camera's 8×8 squares."""
        return self.side % PATCH == 0

    def draw_offset(self, room: int, rng: np.random.Generator) -> tuple[int, int]:
        """Draw where the channel's square lies in a developed patch: row and column up to ``room``.

        A platform resizes and cuts JPEG's squares from the picture's own corner. Where the scale is
        1 or 1:2 they stay grid-aligned with the camera's, save in the share `CROPPED` of pictures.
        """
        if self.grid_aligned and rng.random() >= CROPPED:
            return 0, 0
        return int(rng.integers(room + 1)), int(rng.integers(room + 1))


PAPER_CHANNEL = Channel(round(PATCH / PAPER_SCALE), PAPER_QUALITY)
NO_CHANNEL = Channel(PATCH, None)


def draw_channel(kind: ChannelKind, hardness: float, rng: np.random.Generator) -> Channel:
    """Draw a channel.

    Parameters
    ----------
    kind
        ``none``, the paper's 1:2 and JPEG 50, or ``wide``: `PAPER_SHARE` of the time the paper's,
        otherwise no resizing (as platforms leave small pictures) or any scale and filter; then, in
        `PLATFORM_SHARE` of the cases, one of `PLATFORMS`, or any quality.
    hardness
        Of a curriculum, 0 to 1: at 0 the picture keeps its size and has the best quality, at 1 the
        channel is what ``kind`` says.
    """
    if kind == "none":
        return NO_CHANNEL
    if kind == "paper" or rng.random() < PAPER_SHARE:
        scale, quality = PAPER_SCALE**hardness, _towards(PAPER_QUALITY, hardness)
        return Channel(round(PATCH / scale), round(quality))
    resized = rng.random() < RESIZED_SHARE
    scale = rng.uniform(1 - hardness * (1 - WIDE_SCALES[0]), 1) if resized else 1.0
    side, resampling = round(PATCH / scale), FILTERS[rng.integers(len(FILTERS))]
    if rng.random() < PLATFORM_SHARE * hardness:
        return Channel(side, None, resampling, PLATFORMS[rng.integers(len(PLATFORMS))])
    quality = rng.uniform(_towards(WIDE_QUALITIES[0], hardness), WIDE_QUALITIES[1])
    return Channel(side, round(quality), resampling)


def _towards(quality: float, hardness: float) -> float:
    return WIDE_QUALITIES[1] + hardness * (quality - WIDE_QUALITIES[1])


def resample(picture: Tensor) -> Tensor:
    """Resize to half and back, with Pillow's roundings, which the plain operation leaves out."""
    height, width = picture.shape[-2:]
    small = (round(height / RESAMPLE_FACTOR), round(width / RESAMPLE_FACTOR))
    return resize(resize(picture, small, "bilinear"), (height, width), "bilinear")


EDITING = OPERATIONS | {"resample": resample}


class Workflow(nn.Module):
    """Developed pictures to what the FAN receives, every history of each.

    >>> developed = torch.rand(2, 3, 272, 272)
    >>> Workflow()(developed, PAPER_CHANNEL, offset=(8, 8)).shape
    torch.Size([10, 3, 128, 128])
    """

    def __init__(self) -> None:
        super().__init__()
        self.jpeg = DifferentiableJPEG("4:2:0")
        self.camera_jpeg = DifferentiableJPEG("4:4:4")

    def forward(
        self,
        developed: Tensor,
        channel: Channel,
        offset: tuple[int, int],
        camera_quality: int | None = None,
    ) -> Tensor:
        """Edit, cut out the square that the channel takes at ``offset``, and send.

        Parameters
        ----------
        developed
            (N, 3, H, W) sRGB in [0, 1], both sides at least ``channel.side``.
        camera_quality
            At which the camera itself writes JPEG; None writes no JPEG.

        Returns
        -------
        (5·N, 3, 128, 128), by history in the order of `HISTORIES`.
        """
        if camera_quality is not None:
            developed = self.camera_jpeg(developed, camera_quality)
        edited = [developed, *(EDITING[edit](developed) for edit in EDITS)]
        rows, columns = (slice(start, start + channel.side) for start in offset)
        return self.send(torch.cat(edited)[:, :, rows, columns], channel)

    def send(self, pictures: Tensor, channel: Channel) -> Tensor:
        """Send (N, 3, side, side) pictures through the channel alone."""
        small = resize(pictures, (PATCH, PATCH), channel.resampling)
        if channel.platform is not None:
            return downloaded(small, channel.platform)
        if channel.quality is None:
            return small
        transmitted: Tensor = self.jpeg(small, channel.quality)
        return transmitted


def downloaded(pictures: Tensor, platform: str) -> Tensor:
    """Return what a platform makes of (N, 3, H, W) pictures, by its own encoder; backward as is.

    The pictures are small enough that no platform resizes them.
    """
    levels = (pictures.detach().clamp(0, 1) * 255 + 0.5).byte().permute(0, 2, 3, 1)
    files = [transmit(np.ascontiguousarray(picture), platform) for picture in levels.numpy()]
    downloaded = np.stack([opened(file) for file in files])
    return instead(pictures, torch.from_numpy(downloaded).permute(0, 3, 1, 2).float() / 255)


def opened(data: bytes) -> NDArray[np.uint8]:
    """Decode a file to (H, W, 3) uint8."""
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))
