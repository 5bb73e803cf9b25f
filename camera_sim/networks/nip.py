"""The contract of a neural imaging pipeline (NIP), and what all of them share. Needs torch.

A NIP takes a normalised RGGB mosaic, the white balance, the colour matrix, the exposure and the
noise profile, and gives sRGB. The paper's networks learn one camera's colours; `PerCameraNIP`
gives them the same contract, carrying their output over to another camera's matrix in linear
light.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.engines import WATERMARK

SRGB_TOE = 0.0031308  # up to here sRGB's curve is linear, by 12.92
# Coefficients of 1, y, y² and y³, y = (x + SRGB_SHIFT)^1/4, nearest to sRGB's curve above its toe
# (minimax by reweighted least squares; the ends are met: nothing is under 0 or over 1).
SRGB_SHIFT = 0.0003012947724726992
SRGB_FIT = (-0.08372685121984264, 0.3053784600282105, 0.8834641732617945, -0.10524908089740104)
# Two matrices to sRGB are of one camera where one undoes the other but for so much.
SAME_CAMERA = 1e-3
INPUT_NAMES = ("mosaic", "white_balance", "camera_to_srgb", "exposure", "noise")


class NIP(nn.Module, ABC):
    """A neural imaging pipeline.

    Attributes
    ----------
    multiple_of
        Height and width of the packed mosaic must be multiples of this.
    receptive_field
        How many packed pixels on each side an output pixel can depend on.
    bytes_per_pixel
        That ONNX Runtime takes of a packed pixel of a tile, measured, and more.
    watermarked
        Whether it embeds a watermark on the 8×8 squares of the upright picture.
    takes_watermark
        Whether it embeds a watermark that it is given: ``forward`` then takes one more input,
        (N, 1, 2h, 2w) of unit variance, or None.
    autocast
        What the learnt layers compute in while training; None is float32. Colour never leaves it.
    """

    multiple_of: int
    receptive_field: int
    bytes_per_pixel: int
    watermarked: bool = False
    takes_watermark: bool = False
    autocast: torch.dtype | None = None

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its ONNX file calls the arguments of ``forward``."""
        return (*INPUT_NAMES, WATERMARK) if self.takes_watermark else INPUT_NAMES

    def learnt_layers(self) -> AbstractContextManager[object]:
        """Return the context in which the learnt layers run."""
        return torch.autocast("cpu", dtype=self.autocast) if self.autocast else nullcontext()

    @abstractmethod
    def forward(
        self,
        mosaic: Tensor,
        white_balance: Tensor,
        camera_to_srgb: Tensor,
        exposure: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Develop.

        Parameters
        ----------
        mosaic
            (N, 4, h, w) planes R, G1, G2, B; black 0, saturation 1.
        white_balance
            (N, 4) gains of the four planes, the smallest 1.
        camera_to_srgb
            (N, 3, 3) white-balanced camera RGB to linear sRGB.
        exposure
            (N, 1) linear gain.
        noise
            (N, 2) noise profile: variance = noise[0] · signal + noise[1] of the mosaic.

        Returns
        -------
        (N, 3, 2h, 2w) sRGB in [0, 1].
        """


class PerCameraNIP(NIP):
    """One of the paper's networks, trained for one camera: balanced mosaic in, sRGB out.

    Parameters
    ----------
    network
        (N, 4, h, w) white-balanced mosaic in [0, 1] to (N, 3, 2h, 2w) sRGB.
    trained_matrix
        (3, 3) camera to sRGB of the camera that it learnt.
    """

    srgb_to_trained: Tensor

    def __init__(self, network: nn.Module, trained_matrix: Tensor) -> None:
        super().__init__()
        self.network = network
        self.multiple_of = int(network.multiple_of)  # type: ignore[arg-type]
        self.receptive_field = int(network.receptive_field)  # type: ignore[arg-type]
        self.bytes_per_pixel = int(network.bytes_per_pixel)  # type: ignore[arg-type]
        self.register_buffer("srgb_to_trained", torch.linalg.inv(trained_matrix.float()))

    def is_for(self, matrix: Tensor | None) -> bool:
        """Whether it was trained for a camera, by its (3, 3) matrix to sRGB."""
        if matrix is None:
            return False
        same = self.srgb_to_trained @ matrix.float() - torch.eye(3)
        return float(same.abs().max()) < SAME_CAMERA

    def forward(
        self,
        mosaic: Tensor,
        white_balance: Tensor,
        camera_to_srgb: Tensor,
        exposure: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Develop; see `NIP.forward`."""
        gains = (white_balance * exposure)[:, :, None, None]
        with self.learnt_layers():
            srgb: Tensor = self.network((mosaic * gains).clamp(0, 1))
        if self.training:  # of its own camera, and unclipped: a clipped value has no gradient
            return srgb.float()
        srgb = srgb.float().clamp(0, 1)
        change = camera_to_srgb @ self.srgb_to_trained
        return srgb_encode(apply_matrix(srgb_decode(srgb), change))


def apply_matrix(rgb: Tensor, matrix: Tensor) -> Tensor:
    """Multiply each colour of (N, 3, …) by its picture's (N, 3, 3) matrix."""
    return (matrix @ rgb.flatten(2)).reshape(rgb.shape)


def srgb_encode(linear: Tensor, added: Tensor | float = 0.0) -> Tensor:
    """Linear light to sRGB, clipped to [0, 1] (IEC 61966-2-1), within 0.02 of an 8-bit level.

    What is ``added`` is added after the curve, unclipped: here it costs no pass of its own.

    The power 1/2.4 is fitted by square roots (`SRGB_FIT`), for which processors have a vector
    instruction; the toe is what is left under it. As few passes over the picture as that takes:
    the exact power alone took a tenth of the network's time, a choice of two as much again.
    """
    shifted = (linear + SRGB_SHIFT).clamp(SRGB_SHIFT, 1 + SRGB_SHIFT)
    above = shifted.clamp(min=SRGB_TOE + SRGB_SHIFT)
    root = above.sqrt().sqrt()
    constant, one, two, three = SRGB_FIT
    curve = ((three * root + two) * root + one) * root
    return curve + (12.92 * (shifted - above) + (added + constant))


def srgb_decode(encoded: Tensor) -> Tensor:
    """SRGB in [0, 1] to linear light."""
    return torch.where(
        encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055).clamp(min=1e-6).pow(2.4)
    )


def spread(mosaic: Tensor) -> Tensor:
    """Spread packed planes over a full-size (N, 3, 2h, 2w) picture, zero where not sampled."""
    red, green1, green2, blue = mosaic.unbind(dim=1)
    none = torch.zeros_like(red)
    planes = [red, none, none, none, none, green1, green2, none, none, none, none, blue]
    return F.pixel_shuffle(torch.stack(planes, dim=1), 2)
