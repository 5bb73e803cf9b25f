"""QNet: one network for any Bayer camera at a third of RNet's work; the fast pipeline.

As `rnet`: the mosaic is brought to a scale on which shot noise is even, colours are mixed from
linear filters by weights that a network chooses for each place, and white balance, colour matrix,
exposure and the sRGB curve are inputs, not weights. What differs is where it looks. All that is
learnt works on 4×4 photosites at a time, at a quarter of the picture's height and width: as many
operations there are few passes over much data, which is what RNet spends most of its time on.
Filters start as Malvar, He & Cutler's for all three colours (ICASSP 2004), at each of the 16 sites.

It embeds a watermark: noise of unit variance that it is given, one plane for all three colours, is
added after the sRGB curve, as strong as `StrengthHead` finds that it is hidden.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.networks.nip import NIP, srgb_encode
from camera_sim.networks.rnet import LEAK, NOISE_SCALE, PEDESTAL, draw_weights
from camera_sim.networks.watermark_strength import StrengthHead
from watermark.pattern import OPERATING_POINT

SIDE = 4  # photosites that are seen together, each way
SITES = SIDE**2
COLOURS = 3
# The noisiest captures of training have a deviation of 0.06 on the even scale. Told of more, the
# network would guess.
MOST_DEVIATION = 0.08
SEEN_BY_STRENGTH = 0  # which layer's features: with later ones, pixels would reach further
# Malvar, He & Cutler, ICASSP 2004, figure 2, in sixteenths: green at red or blue; red at green
# between reds of its row; red at blue. Turned, and with red and blue exchanged, they are all eight.
GREEN = (
    (0, 0, -2, 0, 0),
    (0, 0, 4, 0, 0),
    (-2, 4, 8, 4, -2),
    (0, 0, 4, 0, 0),
    (0, 0, -2, 0, 0),
)
RED_BETWEEN_REDS = (
    (0, 0, 1, 0, 0),
    (0, -2, 0, -2, 0),
    (-2, 8, 10, 8, -2),
    (0, -2, 0, -2, 0),
    (0, 0, 1, 0, 0),
)
RED_AT_BLUE = (
    (0, 0, -3, 0, 0),
    (0, 4, 0, 4, 0),
    (-3, 0, 12, 0, -3),
    (0, 4, 0, 4, 0),
    (0, 0, -3, 0, 0),
)
Kernel = tuple[tuple[int, ...], ...]


class QNet(NIP):
    """The fast pipeline; see the module.

    Parameters
    ----------
    width
        Channels.
    layers
        Of 3×3 convolutions.
    """

    multiple_of = 2
    receptive_field = 8
    bytes_per_pixel = 600  # 510 measured
    takes_watermark = True
    sites: Tensor

    def __init__(self, width: int = 32, layers: int = 3) -> None:
        super().__init__()
        colours = COLOURS * SITES
        self.first = _every_second(5, width)
        self.body = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(layers))
        self.filters = _every_second(4, colours)
        self.gates = nn.Conv2d(width, colours, 1)
        self.mix = nn.Conv2d(colours, colours, 1)
        self.correct = nn.Conv2d(width, colours, 1)
        self.register_buffer("sites", torch.eye(SITES).view(SITES, 1, SIDE, SIDE), persistent=False)
        self._initialise()
        self.strength = StrengthHead(width)
        self.register_load_state_dict_pre_hook(_with_a_new_head)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def _initialise(self) -> None:
        """Start from the linear filters, half open, and from no correction."""
        draw_weights(self)
        self.filters.weight.copy_(malvar_filters())
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.correct.weight)
        nn.init.dirac_(self.mix.weight)
        self.mix.weight.mul_(2)

    def forward(
        self,
        mosaic: Tensor,
        white_balance: Tensor,
        camera_to_srgb: Tensor,
        exposure: Tensor,
        noise: Tensor,
        watermark: Tensor | None = None,
    ) -> Tensor:
        """Develop; see `NIP.forward`.

        Parameters
        ----------
        watermark
            (N, 1, 2h, 2w) noise of unit variance; zeros embed none, and so does None.
        """
        even = _even(mosaic, white_balance)
        with self.learnt_layers():
            layers = self.look(_with_noise(even, mosaic, noise))
            gates = self.gates(layers[-1]).sigmoid().float()
            correction = self.correct(layers[-1]).float()
        camera = (correction + self.mix(self.filters(even) * gates)).relu()
        matrix = camera_to_srgb * exposure[:, :, None]
        light = camera.square().unflatten(1, (COLOURS, SITES)).flatten(2)
        linear = matrix @ light - PEDESTAL * matrix.sum(dim=2, keepdim=True)
        if watermark is None:
            return F.pixel_shuffle(srgb_encode(linear).reshape(camera.shape), SIDE)
        laid = self.laid(watermark, layers[SEEN_BY_STRENGTH], exposure)
        srgb = srgb_encode(linear, laid).clamp(0, 1)
        return F.pixel_shuffle(srgb.reshape(camera.shape), SIDE)

    def strengths(
        self, mosaic: Tensor, white_balance: Tensor, exposure: Tensor, noise: Tensor
    ) -> Tensor:
        """Return how strong a watermark would be: (N, 1, h/2, w/2), see `StrengthHead`.

        Only the head learns from it: the network's own layers get no gradient.
        """
        with torch.no_grad():
            even = _even(mosaic, white_balance)
            features = self.look(_with_noise(even, mosaic, noise))[SEEN_BY_STRENGTH]
        strengths: Tensor = self.strength(features, exposure)
        return strengths

    def look(self, seen: Tensor) -> list[Tensor]:
        """(N, 5, h, w) mosaic and noise deviation to the features of every layer, the last last."""
        layers = [F.leaky_relu(self.first(seen), LEAK)]
        for layer in self.body:
            layers.append(F.leaky_relu(layer(layers[-1]), LEAK))
        return layers

    def laid(self, watermark: Tensor, features: Tensor, exposure: Tensor) -> Tensor:
        """Return what is added to all three colours in sRGB: (N, 1, pixels), by site.

        Pixels are sorted by site by a convolution, as runtimes shuffle pixels several times slower.
        """
        with self.learnt_layers():
            strength = self.strength(features, exposure)
        by_site = F.conv2d(watermark, self.sites, stride=SIDE)
        laid: Tensor = by_site * (strength * (OPERATING_POINT / 255))
        return laid.flatten(1)[:, None]


def _with_a_new_head(model: QNet, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Let files be loaded that know no watermark: their strength is the same everywhere."""
    head = {f"{prefix}strength.{k}": v for k, v in model.strength.state_dict().items()}
    if not head.keys() & state.keys():
        state |= head


def _even(mosaic: Tensor, white_balance: Tensor) -> Tensor:
    """Balance a mosaic, and bring it to a scale on which shot noise is even."""
    gains = white_balance[:, :, None, None]
    return ((mosaic * gains).clamp(PEDESTAL / 16 - PEDESTAL, 1.0) + PEDESTAL).sqrt()


def _with_noise(even: Tensor, mosaic: Tensor, noise: Tensor) -> Tensor:
    """Add the deviation of green's noise, on the even scale, as a fifth plane to the four."""
    shot, read = noise[:, :1, None, None], noise[:, 1:, None, None]
    deviation = (shot * mosaic[:, 1:2].clamp(min=0) + read).sqrt() / (2 * even[:, 1:2])
    return torch.cat([even, NOISE_SCALE * deviation.clamp(max=MOST_DEVIATION)], dim=1)


def _every_second(inputs: int, outputs: int) -> nn.Conv2d:
    """Convolve packed planes at every second place: all 16 sites, and two beyond on each side."""
    return nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)


def malvar_filters() -> Tensor:
    """Return the (48, 4, 4, 4) filters of red, green and blue at each of the 16 sites."""
    weight = torch.zeros(COLOURS, SITES, 4, 4, 4)
    turned = tuple(zip(*RED_BETWEEN_REDS, strict=True))
    own: Kernel = ((0,) * 5, (0,) * 5, (0, 0, 16, 0, 0), (0,) * 5, (0,) * 5)
    of_sites: dict[tuple[int, int], tuple[Kernel, Kernel, Kernel]] = {
        (0, 0): (own, GREEN, RED_AT_BLUE),
        (0, 1): (RED_BETWEEN_REDS, own, turned),
        (1, 0): (turned, own, RED_BETWEEN_REDS),
        (1, 1): (RED_AT_BLUE, GREEN, own),
    }
    for site in range(SITES):
        row, column = divmod(site, SIDE)
        for colour, kernel in enumerate(of_sites[row % 2, column % 2]):
            _place(weight[colour, site], kernel, row, column)
    return weight.flatten(0, 1) / 16


def _place(packed: Tensor, kernel: Kernel, row: int, column: int) -> None:
    """Put a 5×5 filter around a site of the 4×4 into a (4, 4, 4) one of packed planes."""
    for i, weights in enumerate(kernel, row - 2):
        for j, weight in enumerate(weights, column - 2):
            if weight:
                packed[2 * (i % 2) + j % 2, i // 2 + 1, j // 2 + 1] += weight
