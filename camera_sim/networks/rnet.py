"""RNet: one network for any Bayer camera.

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

import torch
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
            features = self.look(torch.cat([even, NOISE_SCALE * deviation], dim=1))
            decisions = [
                self.green_weights(features).float(),
                self.chroma_weights(features).float(),
                self.correction(features).float(),
            ]
        camera = self.demosaic(even, *decisions).square() - PEDESTAL
        linear = apply_matrix(camera, camera_to_srgb * exposure[:, :, None])
        return F.pixel_shuffle(srgb_encode(linear).flatten(1, 2), 2)

    def look(self, seen: Tensor) -> Tensor:
        """Take (N, 8, h, w) mosaic and noise deviation to fine features."""
        fine = self.encode_fine(seen)
        middle = self.encode_middle(_leaky(self.down_middle(fine)))
        coarse = self.coarse(_leaky(self.down_coarse(middle)))
        middle = self.decode_middle(_leaky(_double(self.up_middle(coarse)) + middle))
        features: Tensor = self.decode_fine(_leaky(_double(self.up_fine(middle)) + fine))
        return features

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
