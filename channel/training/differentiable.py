"""The channel as a layer of a network: what a platform does to pixels, with gradients (torch).

Forward, each step is the platform's own arithmetic at 8 bits: resampling in the order and with the
roundings of `channel.resample`, sharpening, libjpeg-turbo's JPEG. Backward, roundings are the
identity. Metadata, scan order and Huffman coding touch no pixel and are left out; so is what only
`channel.transmission` does: libjpeg 9's chroma, mozjpeg's trellis, decoding JPEG to half its size.
docs/channel.md says how far from `transmit` each profile is for that.

>>> from channel.training.differentiable import DifferentiableChannel
>>> channel = DifferentiableChannel("twitter", qualities=(70, 90))
>>> downloaded = channel(torch.rand(2, 3, 128, 128))
>>> downloaded.shape
torch.Size([2, 3, 128, 128])
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from channel.errors import ChannelValueError
from channel.platforms import platform
from channel.profile import Encoding, PlatformProfile, Subsampling, UnsharpMask, annex_k
from channel.profile import target_size as size_by_rule
from channel.resample import PILLOW_FILTERS
from channel.resampling_filters import Resampling, matrix
from channel.sharpening import gaussian_weights
from channel.training.differentiable_jpeg import DifferentiableJPEG, Rounding, eight_bit, instead


class DifferentiableChannel(nn.Module):
    """One platform, for training.

    Parameters
    ----------
    profile
        A profile or its name.
    qualities
        Instead of the profile's tables: Annex K at a quality from this range (both ends may be
        drawn), one for each picture.
    scales, crop
        Instead of the profile's size rule, which leaves training patches as they are: a factor
        from this range for each picture. Of the resized picture the middle ``crop`` × ``crop``
        pixels go through JPEG, so that a batch stays a batch.
    rounding
        Of the codec; see `channel.training.differentiable_jpeg`.
    seed
        Of what is drawn for each picture.

    Raises
    ------
    UnknownPlatformError
        For a name without a profile.
    ChannelValueError
        For ``scales`` without ``crop`` or a range that isn't one.
    """

    def __init__(
        self,
        profile: PlatformProfile | str,
        *,
        qualities: tuple[int, int] | None = None,
        scales: tuple[float, float] | None = None,
        crop: int | None = None,
        rounding: Rounding = "straight-through",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if (scales is None) != (crop is None):
            raise ChannelValueError("scales and crop go together; give both or neither")
        for low, high in filter(None, (qualities, scales)):
            if not 0 < low <= high:
                raise ChannelValueError(f"({low}, {high}) is no range; give 0 < low ≤ high")
        self.profile = platform(profile) if isinstance(profile, str) else profile
        self.qualities, self.scales, self.crop = qualities, scales, crop
        self._generator = np.random.default_rng(seed)
        self._codecs = {
            subsampling: DifferentiableJPEG(subsampling, rounding)
            for subsampling in ("4:4:4", "4:2:2", "4:2:0")
        }

    def forward(self, picture: Tensor) -> Tensor:
        """Send a batch.

        Parameters
        ----------
        picture
            (N, 3, H, W), float, sRGB, 0–1.

        Returns
        -------
        Tensor
            (N, 3, H′, W′), float32, 0–1 in steps of 1/255. Pass-through profiles return their
            input.

        Raises
        ------
        ChannelValueError
            If a scaled picture is smaller than the crop.
        """
        if not self.profile.encodings and self.qualities is None:
            return picture
        draws = [self.profile.drawn(self._generator) for _ in range(len(picture))]
        encodings = [self._encoding(encoding) for _, encoding in draws]
        with torch.autocast(picture.device.type, enabled=False):
            working = eight_bit(picture.float().clamp(0, 1) * 255) / 255
            if self.profile.first_encoding_at == "upload size":
                working = self._coded_first(working)
            size = size_by_rule(draws[0][0], *picture.shape[-2:])
            working = self._resized(working, size)
            is_resized = self.scales is not None or size != tuple(picture.shape[-2:])
            if self.profile.first_encoding_at == "final size" and is_resized:
                working = self._coded_first(working)
            return self._coded(working, encodings)

    def _resized(self, picture: Tensor, size: tuple[int, int]) -> Tensor:
        if self.scales is None or self.crop is None:
            return self._developed(picture, size)
        parts = []
        for index, scale in enumerate(self._generator.uniform(*self.scales, len(picture))):
            height, width = (max(1, round(side * scale)) for side in picture.shape[-2:])
            scaled = self._developed(picture[index : index + 1], (height, width))
            parts.append(_middle(scaled, self.crop))
        return torch.cat(parts)

    def _developed(self, picture: Tensor, size: tuple[int, int]) -> Tensor:
        if tuple(picture.shape[-2:]) == size:
            return picture
        levels = picture * 255
        if self.profile.sharpening:
            levels = _by_matrices(levels, size, self.profile.resampling, between=False)
            return eight_bit(_sharpened(levels, self.profile.sharpening).clamp(0, 255)) / 255
        return resized_levels(levels, size, self.profile.resampling) / 255

    def _encoding(self, encoding: Encoding | None) -> Encoding:
        if self.qualities is not None:
            low, high = self.qualities
            tables = annex_k(int(self._generator.integers(low, high, endpoint=True)))
            return Encoding(tables, encoding.subsampling if encoding else "4:2:0")
        if encoding is None or encoding.tables is None:
            raise ChannelValueError(
                f"{self.profile.name} takes its tables from the upload; give qualities"
            )
        return encoding

    def _coded_first(self, picture: Tensor) -> Tensor:
        first = self.profile.first_encoding
        return picture if first is None else self._coded(picture, [first] * len(picture))

    def _coded(self, picture: Tensor, encodings: Sequence[Encoding]) -> Tensor:
        tables = [encoding.tables.array() for encoding in encodings if encoding.tables is not None]
        steps = torch.from_numpy(np.stack(tables)).to(picture.device)
        subsampling: Subsampling = encodings[0].subsampling  # one in every profile
        codec = self._codecs[subsampling].to(picture.device)
        transmitted: Tensor = codec(picture, tables=steps)
        return transmitted


def resize(picture: Tensor, size: tuple[int, int], resampling: Resampling = "lanczos") -> Tensor:
    """Resize as `channel.resample.resized` does at 8 bits, with gradients.

    Parameters
    ----------
    picture
        (N, 3, H, W), float, 0–1.
    size
        Height and width of the result.

    Returns
    -------
    Tensor
        (N, 3, *size), float32, 0–1 in steps of 1/255.
    """
    return resized_levels(eight_bit(picture.float().clamp(0, 1) * 255), size, resampling) / 255


def resized_levels(levels: Tensor, size: tuple[int, int], resampling: Resampling) -> Tensor:
    """`resize` on whole levels, 0–255."""
    if tuple(levels.shape[-2:]) == size:
        return levels
    values = _by_matrices(levels, size, resampling)
    cuts = resampling == "supersampled-bilinear"
    return _whole(values, cuts=cuts).clamp(0, 255)


def _by_matrices(
    levels: Tensor, size: tuple[int, int], resampling: Resampling, *, between: bool = True
) -> Tensor:
    down = _matrix(levels.shape[-2], size[0], resampling).to(levels.device)
    across = _matrix(levels.shape[-1], size[1], resampling).to(levels.device).T
    if between and resampling in PILLOW_FILTERS:
        return down @ _whole(levels @ across).clamp(0, 255)
    levels = down @ levels
    if resampling in ("unweighted-box", "supersampled-bilinear"):
        levels = _whole(levels, cuts=resampling == "supersampled-bilinear")
    return levels @ across


def _whole(levels: Tensor, *, cuts: bool = False) -> Tensor:
    """Round halves up or, if it cuts, down to whole levels; the identity backward."""
    with torch.no_grad():
        exact = torch.floor(levels + (1e-4 if cuts else 0.5 + 1e-4))  # float32 sums are that exact
    return instead(levels, exact)


def _sharpened(levels: Tensor, mask: UnsharpMask) -> Tensor:
    weights = torch.from_numpy(gaussian_weights(mask.sigma)).to(levels)
    radius = len(weights) // 2
    channels = levels.shape[1]
    row = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    blurred = F.pad(levels, (radius,) * 4, mode="replicate")
    blurred = F.conv2d(blurred, row, groups=channels)
    blurred = F.conv2d(blurred, row.transpose(2, 3), groups=channels)
    return levels + mask.amount * (levels - blurred)


def _middle(picture: Tensor, side: int) -> Tensor:
    height, width = picture.shape[-2:]
    if min(height, width) < side:
        raise ChannelValueError(
            f"a picture scaled to {height}×{width} is smaller than the crop of {side}; "
            "send larger patches, or scale or crop less"
        )
    top, left = (height - side) // 2, (width - side) // 2
    return picture[..., top : top + side, left : left + side]


@lru_cache(maxsize=256)
def _matrix(before: int, after: int, resampling: Resampling) -> Tensor:
    return torch.from_numpy(matrix(before, after, resampling)).float()
