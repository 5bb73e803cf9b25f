"""A small variational autoencoder (Kingma & Welling, ICLR 2014): our own generator. Needs torch.

It is there to be detected. A discriminator of patches keeps its pictures from being smooth, as in
the autoencoder of latent diffusion (Rombach et al., CVPR 2022); without it, a detector would learn
that what is generated is blurred, and find no other generator. Nearest-neighbour upsampling and
convolutions, as in Karras et al. (*Progressive Growing of GANs*, ICLR 2018) and in the decoders of
latent diffusion, leave the traces that a detector of generated pictures goes by. All of it is
convolution, so it takes pictures of any size.
"""

from typing import Final, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Upsampling = Literal["nearest", "bilinear", "transposed", "shuffle"]
UPSAMPLINGS: Final[tuple[Upsampling, ...]] = get_args(Upsampling)
"""How a decoder doubles the size: each leaves another lattice."""
FACTOR = 4
"""Pixels of a side of the picture for one of the latent."""
LATENT = 6
WIDTHS = (24, 48)


def _doubling(upsampling: Upsampling, channels: int) -> nn.Module:
    if upsampling == "transposed":
        return nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
    if upsampling == "shuffle":
        wide = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        return nn.Sequential(wide, nn.PixelShuffle(2))
    return nn.Upsample(scale_factor=2, mode=upsampling)


class VAE(nn.Module):
    """Pictures to latents of a quarter of the side, and latents to pictures.

    Parameters
    ----------
    upsampling
        Of the decoder.
    latent
        Channels.
    """

    def __init__(self, upsampling: Upsampling = "nearest", latent: int = LATENT) -> None:
        super().__init__()
        few, many = WIDTHS
        self.encoder = nn.Sequential(
            nn.Conv2d(3, few, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(few, many, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(many, many, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(many, 2 * latent, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent, many, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(many, many, 3, padding=1),
            nn.SiLU(),
            _doubling(upsampling, many),
            nn.Conv2d(many, few, 3, padding=1),
            nn.SiLU(),
            _doubling(upsampling, few),
            nn.Conv2d(few, few, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(few, 3, 3, padding=1),
        )

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) in [0, 1] to mean and log variance, each (N, latent, H/4, W/4)."""
        mean, log_variance = self.encoder(2 * pictures - 1).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)

    def decode(self, latents: Tensor) -> Tensor:
        """(N, latent, h, w) to pictures (N, 3, 4·h, 4·w), about [0, 1], not clipped."""
        pictures: Tensor = (self.decoder(latents) + 1) / 2
        return pictures

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures drawn from the posterior of pictures, and its mean and log variance."""
        mean, log_variance = self.encode(pictures)
        noise = torch.randn_like(mean)
        return self.decode(mean + noise * torch.exp(log_variance / 2)), mean, log_variance

    def made_again(self, pictures: Tensor) -> Tensor:
        """Pictures drawn from the posterior of pictures, of the same shape."""
        made, _, _ = self.forward(pictures)
        return made


class PatchDiscriminator(nn.Module):
    """Distinguishes pieces of photographs from made ones, each 16×16 pixels or so by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 24, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(24, 48, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(48, 48, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(48, 1, 3, padding=1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) in [0, 1] to (N, 1, H/4, W/4), higher for photographs."""
        scores: Tensor = self.layers(2 * pictures - 1)
        return scores


def vae_loss(made: Tensor, pictures: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Absolute error, and the divergence from the normal distribution, 1e-5 for a pixel."""
    made, mean, log_variance = made.float(), mean.float(), log_variance.float()
    divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2
    return F.l1_loss(made, pictures) + 1e-5 * divergence / pictures[:, 0].numel()


def hinge_loss(real: Tensor, made: Tensor) -> Tensor:
    """Loss of the discriminator: its scores of photographs above 1, of made ones below −1."""
    return F.relu(1 - real.float()).mean() + F.relu(1 + made.float()).mean()
