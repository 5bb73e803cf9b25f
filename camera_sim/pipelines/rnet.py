"""RNet, the default pipeline: one network for any Bayer camera.

A classical front and a learned residual. The mosaic is white-balanced and brought to a scale on
which shot noise is even (a square root, after Anscombe), with the noise's deviation beside it, so
that fine texture of a clean shot is not taken for noise; demosaicing there is a linear filter
that starts as Malvar's and a small U-shaped network that adds what the filter lacks. The
colour matrix, the exposure and the sRGB curve are then applied exactly: they are inputs, not weights,
so colours are right for a camera that training never saw.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.pipelines.nip import NIP, apply_matrix, srgb_encode

# Lifts black off zero, so that noise around it survives the square root.
PEDESTAL = 1 / 64
# Brings usual deviations (0.005 to 0.1 after the square root) to the size of the mosaic's values.
NOISE_SCALE = 8.0

# Malvar, He & Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned
# color images, ICASSP 2004, figure 2; in eighths.
GREEN_AT_RED_OR_BLUE = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
COLOUR_AT_GREEN_IN_ITS_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
COLOUR_AT_OPPOSITE = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)
ITSELF = ((0,) * 5, (0,) * 5, (0, 0, 8, 0, 0), (0,) * 5, (0,) * 5)


def malvar2004() -> Tensor:
    """Return Malvar's filters as a (12, 4, 3, 3) convolution from packed RGGB to packed RGB.

    Output channel 4·colour + 2·row + column is that colour at that site of the 2×2 tile, the
    order of `torch.nn.functional.pixel_shuffle`.
    """
    in_row = torch.tensor(COLOUR_AT_GREEN_IN_ITS_ROW)
    same, green = torch.tensor(ITSELF), torch.tensor(GREEN_AT_RED_OR_BLUE)
    opposite = torch.tensor(COLOUR_AT_OPPOSITE)
    kernels = (  # colour → site (R, G1, G2, B)
        (same, in_row, in_row.T, opposite),
        (green, same, same, green),
        (opposite, in_row.T, in_row, same),
    )
    weight = torch.zeros(12, 4, 3, 3)
    for colour, of_colour in enumerate(kernels):
        for site, kernel in enumerate(of_colour):
            row, column = divmod(site, 2)
            for i, j in torch.nonzero(kernel).tolist():
                y, x = row + i - 2, column + j - 2
                source = 2 * (y % 2) + x % 2
                weight[4 * colour + site, source, y // 2 + 1, x // 2 + 1] += kernel[i, j] / 8
    return weight


class RNet(NIP):
    """The default pipeline; see the module.

    Parameters
    ----------
    widths
        Channels at half, quarter and eighth of the picture's size.
    """

    multiple_of = 4
    receptive_field = 20

    def __init__(self, widths: tuple[int, int, int] = (16, 32, 64)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.demosaic = nn.Conv2d(4, 12, 3, padding=1)
        self.encode_fine = _block(8, fine, 2)
        self.down_middle = nn.Conv2d(fine, middle, 2, stride=2)
        self.encode_middle = _block(middle, middle, 1)
        self.down_coarse = nn.Conv2d(middle, coarse, 2, stride=2)
        self.coarse = _block(coarse, coarse, 2)
        self.up_middle = nn.Conv2d(coarse, middle, 1)
        self.decode_middle = _block(middle, middle, 1)
        self.up_fine = nn.Conv2d(middle, fine, 1)
        self.decode_fine = _block(fine, fine, 1)
        self.residual = nn.Conv2d(fine, 12, 3, padding=1)
        self._initialise()

    def _initialise(self) -> None:
        with torch.no_grad():
            self.demosaic.weight.copy_(malvar2004())
        for zero in (self.demosaic.bias, self.residual.weight, self.residual.bias):
            nn.init.zeros_(zero)  # type: ignore[arg-type]

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
        balanced = (mosaic * gains).clamp(max=1)
        even = (balanced + PEDESTAL).clamp(min=PEDESTAL / 16).sqrt()
        shot, read = noise[:, :1, None, None], noise[:, 1:, None, None]
        deviation = gains * (shot * mosaic.clamp(min=0) + read).sqrt() / (2 * even)
        with self.learnt_layers():
            correction = self.correction(torch.cat([even, NOISE_SCALE * deviation], dim=1))
        packed = self.demosaic(even) + correction.float()
        camera = packed.unflatten(1, (3, 4)).clamp(min=0).square() - PEDESTAL
        linear = apply_matrix(camera, camera_to_srgb * exposure[:, :, None])
        return F.pixel_shuffle(srgb_encode(linear).flatten(1, 2), 2)

    def correction(self, seen: Tensor) -> Tensor:
        """What the linear filter lacks: (N, 8, h, w) mosaic and deviation to (N, 12, h, w)."""
        fine = self.encode_fine(seen)
        middle = self.encode_middle(F.relu(self.down_middle(fine)))
        coarse = self.coarse(F.relu(self.down_coarse(middle)))
        middle = self.decode_middle(F.relu(_double(self.up_middle(coarse)) + middle))
        fine = self.decode_fine(F.relu(_double(self.up_fine(middle)) + fine))
        correction: Tensor = self.residual(fine)
        return correction


def _double(features: Tensor) -> Tensor:
    """Repeat each pixel 2×2: nearest neighbour, the one upsampling that every runtime fuses."""
    return F.interpolate(features, scale_factor=2.0, mode="nearest")


def _block(inputs: int, outputs: int, layers: int) -> nn.Sequential:
    """Stack 3×3 convolutions with ReLU."""
    stack: list[nn.Module] = []
    for layer in range(layers):
        stack += [nn.Conv2d(inputs if layer == 0 else outputs, outputs, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*stack)
