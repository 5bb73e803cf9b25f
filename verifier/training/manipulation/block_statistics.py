"""What a patch's 8×8 blocks say together: statistics of their DCT coefficients (torch).

A watermark that is aligned with JPEG's blocks shows in the mean of a coefficient over
many blocks, where one block says nothing; double compression shows in the same coefficients'
histograms (as Fridrich & Lukáš, DFRWS 2003, and Bianchi & Piva, IEEE TIFS 2012, read them). After
other scales than 1 and 1:2 the watermark leaves the blocks; its lines still stand in the spectra
along both axes.
"""

from math import pi, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 8
COEFFICIENTS = BLOCK**2 - 1  # without the mean
# A watermark's period in blocks of the downloaded picture; 1:2 makes half of it.
PERIOD = 4
# Features of each coefficient beside its mean at each place of the period.
KINDS = ("mean, even", "energy", "energy, even", "empty", "empty, even")
# Rec. ITU-T T.871, clause 7.
LUMA = (0.299, 0.587, 0.114)
# Blocks weigh less the more is in them. Energies, in levels², that halve a block's weight: with the
# smaller one even blocks count nearly alone, with the larger textured ones do as well.
EVEN_ENERGY, TEXTURED_ENERGY = 200.0, 3000.0
# Coefficients within so many levels of 0 are those that compression has emptied.
EMPTY = 1.0
# Bring the statistics to about the size of one.
MEAN_GAIN, LOG_GAIN, SPECTRUM_GAIN = 0.25, 0.4, 0.5


class BlockStatistics(nn.Module):
    """Statistics of a patch's blocks; nothing here is learnt.

    Attributes
    ----------
    count
        How many numbers describe a patch.
    """

    dct: Tensor
    places: Tensor
    lines: Tensor
    luma: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.count = COEFFICIENTS * (PERIOD**2 + len(KINDS)) + 2 * (side // 2)
        basis = torch.cos(_odd(BLOCK) * torch.arange(BLOCK)[:, None] * pi / (2 * BLOCK)) / 2
        basis[0] /= sqrt(2)
        kernels = torch.einsum("ui,vj->uvij", basis, basis).reshape(BLOCK**2, 1, BLOCK, BLOCK)
        self.register_buffer("dct", kernels, persistent=False)
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("places", _lattice(side // BLOCK), persistent=False)
        self.register_buffer("lines", _fourier(side), persistent=False)

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, side, side) sRGB in [0, 1] to (N, count) statistics, float32."""
        plane = (255 * patches.float() * self.luma).sum(dim=1, keepdim=True) - 128
        coefficients = F.conv2d(plane, self.dct, stride=BLOCK)[:, 1:].flatten(2)
        squares = coefficients.square()
        energy = squares.sum(dim=1, keepdim=True)
        even, textured = (1 / (energy + half) for half in (EVEN_ENERGY, TEXTURED_ENERGY))
        empty = (coefficients.abs() < EMPTY).float()
        of_even = even / even.sum(dim=2, keepdim=True)
        parts = [
            MEAN_GAIN * self._by_place(coefficients, textured),
            MEAN_GAIN * (coefficients * of_even).sum(dim=2),
            LOG_GAIN * (squares.mean(dim=2) + 0.1).log(),
            LOG_GAIN * ((squares * of_even).sum(dim=2) + 0.1).log(),
            empty.mean(dim=2) - 0.5,
            (empty * of_even).sum(dim=2) - 0.5,
            *(self._spectrum(plane.mean(dim=axis).flatten(1)) for axis in (2, 3)),
        ]
        return torch.cat(parts, dim=1)

    def _by_place(self, coefficients: Tensor, weight: Tensor) -> Tensor:
        """Average coefficients over the blocks at each place of the watermark's period."""
        sums: Tensor = (coefficients * weight) @ self.places
        return (sums / (weight @ self.places)).flatten(1)

    def _spectrum(self, profile: Tensor) -> Tensor:
        """(N, side) mean along one axis to (N, side / 2) log magnitudes."""
        real, imaginary = ((profile @ part) for part in self.lines)
        spectrum: Tensor = SPECTRUM_GAIN * (real.square() + imaginary.square() + 0.01).log()
        return spectrum


def statistic_name(number: int, side: int) -> str:
    """Name a statistic of patches of ``side`` pixels, with its frequency down and across."""
    coefficient, place = divmod(number, PERIOD**2)
    if coefficient < COEFFICIENTS:
        return f"{_frequency(coefficient)} mean at {place}"
    kind, coefficient = divmod(number - COEFFICIENTS * PERIOD**2, COEFFICIENTS)
    if kind < len(KINDS):
        return f"{_frequency(coefficient)} {KINDS[kind]}"
    lines = number - COEFFICIENTS * (PERIOD**2 + len(KINDS))
    axis, line = divmod(lines, side // 2)
    return f"line {line + 1} {('across', 'down')[axis]}"


def _frequency(coefficient: int) -> str:
    down, across = divmod(coefficient + 1, BLOCK)
    return f"DCT {down},{across}"


def _odd(count: int) -> Tensor:
    return 2 * torch.arange(count) + 1


def _lattice(blocks: int) -> Tensor:
    """Return (blocks², period²): which blocks lie at which place of the period."""
    row = torch.arange(blocks)[:, None].expand(blocks, blocks) % PERIOD
    place = (PERIOD * row + row.T).flatten()
    return F.one_hot(place, PERIOD**2).float()


def _fourier(side: int) -> Tensor:
    """Return (2, side, side / 2): cosines and sines under a Hann window, the mean left out."""
    n, k = torch.arange(side)[:, None], torch.arange(1, side // 2 + 1)
    window = torch.hann_window(side)[:, None] * 4 / side
    angle = 2 * pi * n * k / side
    return torch.stack([window * angle.cos(), window * angle.sin()])
