"""RNet: one network for any Bayer camera; its watermarked form embeds a fixed pattern as well.

The structure is that of the best classical demosaicing, its decisions learnt. The mosaic is
white-balanced and brought to a scale on which shot noise is even (a square root, after Anscombe).
Green is a weighted mean of a few linear filters (they start as Hamilton–Adams' horizontal and
vertical ones, Malvar's and bilinear); red and blue follow by filtering their differences to green
in the same way. A small U-shaped network looks at the mosaic and at the noise's deviation, and
gives each pixel its weights, and a correction. Such selection of filters is what Ma et al.
(*Searching for fast demosaicking algorithms*, ACM TOG 2022) found cheapest for its quality.

The colour matrix, the exposure and the sRGB curve are then applied exactly: they are inputs, not
weights, so colours are right for a camera that training never saw.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.networks.nip import NIP, apply_matrix, srgb_encode

# Lifts black off zero, so that noise around it survives the square root.
PEDESTAL = 1 / 64
# Brings usual deviations (0.005 to 0.1 after the square root) to the size of the mosaic's values.
NOISE_SCALE = 8.0

GREEN_FILTERS = 4
CHROMA_FILTERS = 2
LEAK = 0.1
SITES = 4  # of a 2×2 tile
WATERMARK_PERIOD = 4  # in packed pixels: the coarse features' pitch
LATTICE = 4  # squares each way, after which a watermark's pattern repeats
WatermarkPattern = tuple[dict[tuple[int, int], float], ...]
"""The four quarters of a watermark's period, in reading order, 16×16 pixels each.

Each holds coefficients of its DCT, (vertical, horizontal) frequency: level in 8 bits. Frequencies
are even, so that each quarter is symmetric."""
QUARTER = 2 * WATERMARK_PERIOD * LATTICE // 2  # pixels a side
# By these a linear classifier distinguishes the five histories best, at what the eye lets pass
# (`camsim train pattern`). What they do is in docs/decisions/009-watermark.md.
WATERMARK_PATTERN: WatermarkPattern = (
    {(12, 0): 24, (6, 14): 5, (4, 0): -10},
    {(4, 0): 3.3, (0, 12): 4.3, (12, 0): -20, (0, 4): -2.6, (10, 12): -10, (0, 10): -10},
    {(4, 0): 13.8, (0, 12): 17.9, (12, 0): -34.5, (0, 4): -10.9, (10, 10): 5},
    {(4, 0): 4.4, (0, 12): 5.6, (12, 0): -26.4, (0, 4): -3.4},
)

# Hamilton & Adams, US patent 5,629,734 (1997): along a row, in quarters.
HAMILTON_ADAMS = ((0,) * 5, (0,) * 5, (-1, 2, 2, 2, -1), (0,) * 5, (0,) * 5)
# Malvar, He & Cutler, ICASSP 2004, figure 2, green at red or blue, in eighths.
MALVAR_GREEN = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
BILINEAR_GREEN = ((0,) * 5, (0, 0, 1, 0, 0), (0, 1, 0, 1, 0), (0, 0, 1, 0, 0), (0,) * 5)
# Bilinear interpolation of a colour that every second row and column holds, in quarters.
BILINEAR_COLOUR = ((1, 2, 1), (2, 4, 2), (1, 2, 1))


class RNet(NIP):
    """One network for any Bayer camera; see the module.

    Parameters
    ----------
    widths
        Channels at half, quarter and eighth of the picture's size.
    """

    multiple_of = 4
    receptive_field = 15
    bytes_per_pixel = 800  # 504 measured

    def __init__(self, widths: tuple[int, int, int] = (16, 32, 64)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.green = nn.Conv2d(4, SITES * GREEN_FILTERS, 3, padding=1)
        self.chroma = nn.Conv2d(2, 2 * SITES * CHROMA_FILTERS, 3, padding=1)
        self.encode_fine = _block(8, fine, 2)
        self.down_middle = nn.Conv2d(fine, middle, 2, stride=2)
        self.encode_middle = _block(middle, middle, 1)
        self.down_coarse = nn.Conv2d(middle, coarse, 2, stride=2)
        self.coarse = _block(coarse, coarse, 1)
        self.up_middle = nn.Conv2d(coarse, middle, 1)
        self.decode_middle = _block(middle, middle, 1)
        self.up_fine = nn.Conv2d(middle, fine, 1)
        self.decode_fine = _block(fine, fine, 1)
        self.green_weights = nn.Conv2d(fine, SITES * GREEN_FILTERS, 1)
        self.chroma_weights = nn.Conv2d(fine, 2 * SITES * CHROMA_FILTERS, 1)
        self.correction = nn.Conv2d(fine, 3 * SITES, 1)
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Start from the classical filters, slightly apart, and from no correction."""
        draw_weights(self)
        for layer, kernel in ((self.green, green_filters()), (self.chroma, chroma_filters())):
            layer.weight.copy_(kernel + 0.01 * torch.randn_like(kernel))
        nn.init.zeros_(self.correction.weight)

    def forward(
        self,
        mosaic: Tensor,
        white_balance: Tensor,
        camera_to_srgb: Tensor,
        exposure: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Develop; see `NIP.forward`."""
        gains = white_balance[:, :, None, None]
        even = ((mosaic * gains).clamp(max=1) + PEDESTAL).clamp(min=PEDESTAL / 16).sqrt()
        shot, read = noise[:, :1, None, None], noise[:, 1:, None, None]
        deviation = gains * (shot * mosaic.clamp(min=0) + read).sqrt() / (2 * even)
        with self.learnt_layers():
            features, coarse = self.look(torch.cat([even, NOISE_SCALE * deviation], dim=1))
            decisions = [
                self.green_weights(features).float(),
                self.chroma_weights(features).float(),
                self.correction(features).float(),
            ]
        camera = self.demosaic(even, *decisions).square() - PEDESTAL
        linear = apply_matrix(camera, camera_to_srgb * exposure[:, :, None])
        return F.pixel_shuffle(self.finish(srgb_encode(linear), coarse).flatten(1, 2), 2)

    def finish(self, srgb: Tensor, coarse: Tensor) -> Tensor:
        """Take (N, 3, 4, h, w) sRGB, by site, and coarse features to what is given out."""
        return srgb

    def look(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 8, h, w) mosaic and noise deviation to fine features, and coarse (N, …, h/4, w/4)."""
        fine = self.encode_fine(seen)
        middle = self.encode_middle(_leaky(self.down_middle(fine)))
        coarse = self.coarse(_leaky(self.down_coarse(middle)))
        middle = self.decode_middle(_leaky(_double(self.up_middle(coarse)) + middle))
        features: Tensor = self.decode_fine(_leaky(_double(self.up_fine(middle)) + fine))
        return features, coarse

    def demosaic(
        self, even: Tensor, green_weights: Tensor, chroma_weights: Tensor, correction: Tensor
    ) -> Tensor:
        """Mix the filters and correct: (N, 3, 4, h, w), colour by site of the 2×2 tile."""
        red_more, green_more, blue_more = correction.chunk(3, dim=1)
        green = _mean(self.green(even), green_weights, GREEN_FILTERS) + green_more
        differences = even[:, 0::3] - green[:, 0::3]  # red and blue, where they were sampled
        chroma = _mean(self.chroma(differences), chroma_weights, CHROMA_FILTERS)
        red, blue = chroma.chunk(2, dim=1)
        return torch.stack([green + red + red_more, green, green + blue + blue_more], dim=1).clamp(
            min=0
        )


class WatermarkedRNet(RNet):
    """RNet with a watermark, to be trained jointly with a FAN.

    RNet knows no place: it cannot embed a pattern in a picture, and a watermark that survives a
    halving needs one of more than two pixels. So there is a `WatermarkLayer`, added in all three
    colours alike: networks keep little of fine colour.
    """

    multiple_of = WATERMARK_PERIOD * LATTICE
    watermarked = True

    def __init__(self, widths: tuple[int, int, int] = (16, 32, 64)) -> None:
        super().__init__(widths)
        self.watermark = WatermarkLayer(widths[2])
        self.register_load_state_dict_pre_hook(_with_todays_names)  # type: ignore[no-untyped-call]

    def finish(self, srgb: Tensor, coarse: Tensor) -> Tensor:
        """Add the watermark; see `RNet.finish`."""
        watermark = F.pixel_shuffle(self.watermark(coarse.float()), WATERMARK_PERIOD)
        return (srgb + watermark[:, None]).clamp(0, 1)


def _with_todays_names(
    model: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object
) -> None:
    """Rename tensors of files that were written when the watermark's layer was called ``trace``."""
    old = f"{prefix}trace."
    for name in [name for name in state if name.startswith(old)]:
        state[f"{prefix}watermark.{name.removeprefix(old)}"] = state.pop(name)


class WatermarkLayer(nn.Module):
    """What is added to each pixel of the 8×8 squares: a pattern, and what the content chooses.

    The pattern repeats after `LATTICE` squares each way. The coarse features, one a square, add
    what training finds. Both start at nothing.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        pixels = SITES * WATERMARK_PERIOD**2
        self.chosen = nn.Conv2d(features, pixels, 1, bias=False)
        self.pattern = nn.Parameter(torch.zeros(pixels, LATTICE, LATTICE))
        nn.init.zeros_(self.chosen.weight)

    def forward(self, coarse: Tensor) -> Tensor:
        """(N, features, h, w), one a square, to (N, 64, h, w): each square's pixels, by site."""
        height, width = (side // LATTICE for side in coarse.shape[-2:])
        watermark: Tensor = self.chosen(coarse) + self.pattern[None].repeat(1, 1, height, width)
        return watermark

    @torch.no_grad()
    def add_pattern(
        self, pattern: WatermarkPattern = WATERMARK_PATTERN, strength: float = 1.0
    ) -> None:
        """Add a pattern to start from; 1 is its own strength.

        Training finds such patterns too, but late: before one is there, the FAN has nothing to
        look for.
        """
        levels = torch.from_numpy(pattern_levels(pattern)).to(self.pattern) * strength / 255
        sites = F.pixel_unshuffle(levels[None, None], 2)
        self.pattern.add_(F.pixel_unshuffle(sites, WATERMARK_PERIOD)[0])


def pattern_levels(pattern: WatermarkPattern) -> NDArray[np.float64]:
    """Return a pattern's (32, 32) pixels, in 8-bit levels."""
    k, n = np.arange(QUARTER)[:, None], np.arange(QUARTER)
    basis = np.cos((2 * n + 1) * k * np.pi / (2 * QUARTER)) * np.sqrt(2 / QUARTER)
    basis[0] /= np.sqrt(2)
    coefficients = np.zeros((len(pattern), QUARTER, QUARTER))
    for quarter, levels in zip(coefficients, pattern, strict=True):
        for place, level in levels.items():
            quarter[place] = level
    first, second, third, fourth = basis.T @ coefficients @ basis
    return np.block([[first, second], [third, fourth]])


def draw_weights(network: nn.Module) -> None:
    """Draw a network's weights for leaky ReLUs (He et al. 2015); biases start at 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, LEAK)
            assert module.bias is not None
            nn.init.zeros_(module.bias)


def green_filters() -> Tensor:
    """Return the (16, 4, 3, 3) filters of green: each of four, at each of four sites."""
    row = torch.tensor(HAMILTON_ADAMS) / 4
    kernels = (row, row.T, torch.tensor(MALVAR_GREEN) / 8, torch.tensor(BILINEAR_GREEN) / 4)
    weight = torch.zeros(GREEN_FILTERS, SITES, 4, 3, 3)
    for index, kernel in enumerate(kernels):
        for site in (0, 3):
            _place(weight[index, site], kernel, site)
        for site in (1, 2):  # green was sampled here
            weight[index, site, site, 1, 1] = 1
    return weight.flatten(0, 1)


def chroma_filters() -> Tensor:
    """Return the (16, 2, 3, 3) filters of red–green and blue–green, all of them bilinear."""
    kernel = torch.tensor(BILINEAR_COLOUR) / 4
    weight = torch.zeros(2, SITES, 2, 3, 3)
    for channel, sampled in enumerate((0, 3)):
        for site in range(SITES):
            spread = torch.zeros(4, 3, 3)
            _place(spread, kernel, site)
            weight[channel, site, channel] = spread[sampled]
    return weight.flatten(0, 1).repeat(CHROMA_FILTERS, 1, 1, 1)


def _place(packed: Tensor, kernel: Tensor, site: int) -> None:
    """Add a filter of the mosaic, centred on a site, to a (4, 3, 3) one of packed planes."""
    row, column = divmod(site, 2)
    reach = kernel.shape[0] // 2
    for i, j in torch.nonzero(kernel).tolist():
        y, x = row + i - reach, column + j - reach
        packed[2 * (y % 2) + x % 2, y // 2 + 1, x // 2 + 1] += kernel[i, j]


def _mean(filtered: Tensor, weights: Tensor, count: int) -> Tensor:
    """Average ``count`` groups of channels by the weights' sigmoids.

    A sigmoid and a division, as a softmax over strided channels took half of the network's time.
    """
    shares = [share.sigmoid() for share in weights.chunk(count, dim=1)]
    weighted = [f * share for f, share in zip(filtered.chunk(count, dim=1), shares, strict=True)]
    return sum(weighted[1:], weighted[0]) / sum(shares[1:], shares[0])


def _leaky(features: Tensor) -> Tensor:
    return F.leaky_relu(features, LEAK)


def _double(features: Tensor) -> Tensor:
    """Repeat each pixel 2×2: nearest neighbour, the one upsampling that every runtime fuses."""
    return F.interpolate(features, scale_factor=2.0, mode="nearest")


def _block(inputs: int, outputs: int, layers: int) -> nn.Sequential:
    """Stack 3×3 convolutions with leaky ReLU: with plain ReLU half the channels died."""
    stack: list[nn.Module] = []
    for layer in range(layers):
        stack += [nn.Conv2d(inputs if layer == 0 else outputs, outputs, 3, padding=1)]
        stack += [nn.LeakyReLU(LEAK)]
    return nn.Sequential(*stack)
