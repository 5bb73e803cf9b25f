"""JPEG that gradients pass through (Korus & Memon, CVPR 2019, section 3.2).

Colour conversion, chroma filtering, 8×8 blocks, DCT as D·x·Dᵀ, quantisation, and back. Four ways
to round a coefficient:

``standard``
    Rounds. No gradient.
``straight-through``
    Forward, every operation is libjpeg-turbo's integer arithmetic, so the pixels are those that
    Pillow decodes. Backward, every rounding (and the clamp after it) is the identity.
``sinusoidal``
    ρ(x) = x − sin(2πx)/2π. Equation 2 of the paper.
``harmonic``
    x − Σₖ (−1)ᵏ⁺¹ sin(2πkx)/πk, k = 1…5: the Fourier series of rounding, cut off.

The last two run the same steps in floating point; only the coefficients are rounded smoothly.
"""

import math
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from channel.errors import ChannelValueError
from channel.jpeg_tables import annex_k
from channel.profile import Subsampling
from channel.training import libjpeg_dct
from channel.training.libjpeg_colour import (
    FACTORS,
    Descale,
    downsample,
    pad,
    rgb_from_ycc,
    unrounded,
    upsample,
    whole,
    ycc_from_rgb,
)

Rounding = Literal["standard", "straight-through", "sinusoidal", "harmonic"]
ROUNDINGS: Final = get_args(Rounding)
HARMONIC_TERMS: Final = 5  # Korus & Memon, section 3.2


def sinusoidal(value: Tensor) -> Tensor:
    """Round smoothly by one sine: x − sin(2πx)/2π."""
    return value - torch.sin(2 * math.pi * value) / (2 * math.pi)


def harmonic(value: Tensor) -> Tensor:
    """Round smoothly by the first terms of the Fourier series of rounding."""
    result = value
    for k in range(1, HARMONIC_TERMS + 1):
        result = result + (-1) ** k * torch.sin(2 * math.pi * k * value) / (math.pi * k)
    return result


_SMOOTH: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "sinusoidal": sinusoidal,
    "harmonic": harmonic,
}


class DifferentiableJPEG(nn.Module):
    """JPEG encoding and decoding in one differentiable step.

    Parameters
    ----------
    subsampling
        Chroma subsampling, ``"4:4:4"``, ``"4:2:2"`` or ``"4:2:0"``.
    rounding
        One of `ROUNDINGS`; see the module's description.
    eight_bit
        Round pictures to 8 bits on entry and on leaving, as files do (straight-through backward).
        Always so for ``standard`` and ``straight-through``; the smooth roundings can do without,
        which is what numerical gradient checks need.

    Raises `ChannelValueError` for a word that isn't one of these.
    """

    _annex_k: Tensor

    def __init__(
        self,
        subsampling: Subsampling = "4:2:0",
        rounding: Rounding = "straight-through",
        *,
        eight_bit: bool = True,
    ) -> None:
        super().__init__()
        _require("subsampling", subsampling, tuple(FACTORS))
        _require("rounding", rounding, ROUNDINGS)
        self.subsampling: Subsampling = subsampling
        self.rounding: Rounding = rounding
        self.eight_bit = eight_bit
        tables = np.stack([np.stack(annex_k(max(quality, 1))) for quality in range(101)])
        self.register_buffer("_annex_k", torch.from_numpy(tables).float(), persistent=False)

    def forward(
        self,
        picture: Tensor,
        quality: int | Tensor | None = None,
        tables: Tensor | None = None,
    ) -> Tensor:
        """Send pictures through JPEG.

        Parameters
        ----------
        picture
            (N, 3, H, W), any float type, sRGB in 0–1 (values outside are clamped). Any H and W.
        quality
            IJG quality 1–100 for all pictures, or an integer tensor (N,), one a picture.
        tables
            Instead of a quality: luma and chroma table, (2, 8, 8) or (N, 2, 8, 8), natural order,
            whole steps 1–65535.

        Returns
        -------
        Tensor
            (N, 3, H, W), 0–1. float64 for float64, else float32: bf16 can't hold 8-bit levels.

        Raises
        ------
        ChannelValueError
            For a shape, quality or table outside what is said above.
        """
        if picture.ndim != 4 or picture.shape[1] != 3 or 0 in picture.shape:
            raise ChannelValueError(
                f"pictures have shape {tuple(picture.shape)}; give (N, 3, height, width), none zero"
            )
        steps = self._steps(len(picture), quality, tables).to(picture.device)
        with torch.autocast(picture.device.type, enabled=False):
            working = picture if picture.dtype == torch.float64 else picture.float()
            return self._coded(255 * working.clamp(0, 1), steps) / 255

    def _steps(self, count: int, quality: int | Tensor | None, tables: Tensor | None) -> Tensor:
        if (quality is None) == (tables is None):
            raise ChannelValueError("give either a quality or tables")
        if tables is not None:
            if tables.shape[-3:] != (2, 8, 8) or tables.ndim not in (3, 4):
                raise ChannelValueError(
                    f"tables have shape {tuple(tables.shape)}; give (2, 8, 8) or (N, 2, 8, 8)"
                )
            if ((tables < 1) | (tables > 65535)).any():
                raise ChannelValueError("a table has a step outside 1–65535")
            return tables.float().expand(count, 2, 8, 8)
        qualities = torch.as_tensor(quality, device=self._annex_k.device)
        if qualities.is_floating_point() or ((qualities < 1) | (qualities > 100)).any():
            raise ChannelValueError(f"JPEG quality is {quality}; give whole numbers from 1 to 100")
        if qualities.shape not in ((), (count,)):
            raise ChannelValueError(f"{qualities.numel()} qualities for {count} pictures")
        return self._annex_k[qualities.long()].expand(count, 2, 8, 8)

    def _coded(self, levels: Tensor, steps: Tensor) -> Tensor:
        if self.rounding in _SMOOTH:
            return self._smooth(levels, steps)
        with torch.no_grad():
            exact = self._sent(levels.round(), steps, whole, libjpeg_dct.through_codec)
            exact = exact.clamp(0, 255)
        if self.rounding == "standard" or not levels.requires_grad:
            return exact
        # Without rounding, the DCT and its inverse cancel; colour and chroma filters stay.
        linear = self._sent(levels, steps, unrounded, lambda plane, table: plane)
        return instead(linear, exact)

    def _smooth(self, levels: Tensor, steps: Tensor) -> Tensor:
        rounded = _SMOOTH[self.rounding]
        levels = eight_bit(levels) if self.eight_bit else levels
        sent = self._sent(levels, steps, unrounded, lambda x, table: _blockwise(x, table, rounded))
        sent = sent.clamp(0, 255)
        return eight_bit(sent) if self.eight_bit else sent

    def _sent(
        self,
        levels: Tensor,
        steps: Tensor,
        descale: Descale,
        codec: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        height, width = levels.shape[-2:]
        down, across = FACTORS[self.subsampling]
        y, cb, cr = ycc_from_rgb(levels, descale)
        y = codec(pad(y, 8, 8), steps[:, 0])[..., :height, :width]
        chroma = torch.cat((cb, cr))
        chroma = downsample(chroma, self.subsampling, descale)
        chroma = codec(pad(chroma, 8, 8), steps[:, 1].repeat(2, 1, 1))
        chroma = chroma[..., : -(-height // down), : -(-width // across)]
        cb, cr = upsample(chroma, (height, width), self.subsampling, descale).chunk(2)
        return rgb_from_ycc((y, cb, cr), descale)


def dct_matrix() -> Tensor:
    """D of D·x·Dᵀ: the orthonormal DCT-II of T.81, annex A.3.3; (8, 8), float64."""
    k, n = torch.arange(8, dtype=torch.float64)[:, None], torch.arange(8, dtype=torch.float64)
    matrix = torch.cos((2 * n + 1) * k * math.pi / 16) / 2
    return torch.cat((matrix[:1] / math.sqrt(2), matrix[1:]))


def _blockwise(plane: Tensor, table: Tensor, rounded: Callable[[Tensor], Tensor]) -> Tensor:
    matrix = dct_matrix().to(plane)
    count, height, width = plane.shape
    blocks = plane.reshape(count, height // 8, 8, width // 8, 8).transpose(2, 3)
    step = table[:, None, None].to(plane)
    coefficients = rounded(matrix @ blocks @ matrix.T / step) * step
    blocks = matrix.T @ coefficients @ matrix
    return blocks.transpose(2, 3).reshape(count, height, width)


class _Instead(torch.autograd.Function):
    """The exact value forward, the gradient of the linear one backward."""

    @staticmethod
    def forward(ctx: Any, linear: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def instead(linear: Tensor, exact: Tensor) -> Tensor:
    """Return the value of ``exact`` with the gradient of ``linear``."""
    result: Tensor = _Instead.apply(linear, exact)  # type: ignore[no-untyped-call]
    return result


def eight_bit(levels: Tensor) -> Tensor:
    """Round to whole levels; the identity backward."""
    return instead(levels, levels.detach().round())


def _require(what: str, word: str, choices: tuple[str, ...]) -> None:
    if word not in choices:
        raise ChannelValueError(f"{what} is {word!r}; choose one of {', '.join(choices)}")
