"""The tiny autoencoder of a latent diffusion family of 2025, to make photographs again with.

O. Boer Bohan's TAESD family (github.com/madebyollin/taesd, MIT): convolutions of 64 channels, three
halvings, nearest-neighbour upsampling on the way back. This one is for latents of 32 channels, and
its weights don't ship with us. It needs torch.
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from channel.errors import reason_of
from verifier.errors import WeightsError

FACTOR: Final = 8
"""Pixels of a side of the picture for one of the latent."""
WIDTH: Final = 64
LATENT: Final = 32
# Latents are bounded smoothly to this before they are decoded.
_BOUND: Final = 3.0
_GROUPS: Final = 4


def _conv(before: int, after: int, stride: int = 1, *, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=bias)


class Clamp(nn.Module):
    """Bound latents."""

    def forward(self, latents: Tensor) -> Tensor:
        """Any shape, to within ±3."""
        return torch.tanh(latents / _BOUND) * _BOUND


class Block(nn.Module):
    """Three convolutions beside the way past them; the coarsest look at groups of channels first.

    Parameters
    ----------
    pooled
        Whether there is that look.
    """

    def __init__(self, *, pooled: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(WIDTH, WIDTH), nn.ReLU(), _conv(WIDTH, WIDTH), nn.ReLU(), _conv(WIDTH, WIDTH)
        )
        self.fuse = nn.ReLU()
        wide = 4 * WIDTH
        self.pool = nn.Sequential(
            nn.Conv2d(WIDTH, wide, 1, bias=False),
            nn.GroupNorm(_GROUPS, wide),
            nn.ReLU(),
            nn.Conv2d(wide, WIDTH, 1, bias=False),
        ) if pooled else None  # fmt: skip

    def forward(self, planes: Tensor) -> Tensor:
        """(N, 64, H, W), kept in shape."""
        if self.pool is not None:
            planes = planes + self.pool(planes)
        found: Tensor = self.fuse(self.conv(planes) + planes)
        return found


def encoder() -> nn.Sequential:
    """(N, 3, H, W) in [0, 1] to latents (N, 32, H/8, W/8), untrained."""
    layers: list[nn.Module] = [_conv(3, WIDTH), Block()]
    for step in range(3):
        layers.append(_conv(WIDTH, WIDTH, stride=2, bias=False))
        layers += [Block(pooled=step == 2) for _ in range(3)]
    return nn.Sequential(*layers, _conv(WIDTH, LATENT))


def decoder() -> nn.Sequential:
    """Latents (N, 32, h, w) to (N, 3, 8·h, 8·w), about [0, 1], not clipped, untrained."""
    layers: list[nn.Module] = [Clamp(), _conv(LATENT, WIDTH), nn.ReLU()]
    for step in range(3):
        layers += [Block(pooled=step == 0) for _ in range(3)]
        layers += [nn.Upsample(scale_factor=2), _conv(WIDTH, WIDTH, bias=False)]
    return nn.Sequential(*layers, Block(), _conv(WIDTH, 3))


class TAEF2(nn.Module):
    """Pictures to latents and back."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(), decoder()

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) in [0, 1], sides multiples of 8, to the same again, not clipped."""
        made: Tensor = self.decoder(self.encoder(pictures))
        return made


def load_taef2(encoder_file: Path, decoder_file: Path) -> TAEF2:
    """Load published weights (``.pth``), tensors alone.

    Raises
    ------
    WeightsError
        If a file can't be read, or isn't of this autoencoder.
    """
    model = TAEF2()
    for part, path in ((model.encoder, encoder_file), (model.decoder, decoder_file)):
        try:
            stored = torch.load(path, map_location="cpu", weights_only=True)
            part.load_state_dict({name: value.float() for name, value in stored.items()})
        except OSError as error:
            raise WeightsError(f"{path}: {reason_of(error)}") from error
        except Exception as error:  # torch's errors of a damaged file have no root of their own
            raise WeightsError(f"{path} doesn't hold that half of TAEF2's weights") from error
    return model.eval()
