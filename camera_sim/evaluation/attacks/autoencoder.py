"""The variational autoencoder that pictures are sent through: our own, trained on the spot.

Purification by a generator's autoencoder is the removal that needs the least skill (Zhao et al.,
*Invisible Image Watermarks Are Provably Removable*, NeurIPS 2024). Needs torch.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from camera_sim.evaluation.watermark.photos import Picture
from verifier.training.generated.generator import (
    GeneratorRecipe,
    build_generator,
    train_generator,
)
from verifier.training.generated.vae import FACTOR, VAE

RECIPE = GeneratorRecipe(steps=600, validate_every=200, bfloat16=False)
TILE, BESIDE = 512, 32  # pixels a side, and around it what its edge depends on


def autoencoder(scenes: Sequence[Picture], out: Path, seed: int) -> Callable[[Picture], Picture]:
    """Train the autoencoder on photographs, or take the one that lies in a folder.

    Raises
    ------
    TrainingError
        If fewer than two photographs are large enough.
    """
    model = build_generator(seed)
    train_generator(model, scenes, RECIPE, out, lambda *_: None)
    model.eval()
    return lambda picture: _through(model, picture)


def _through(model: VAE, picture: Picture) -> Picture:
    """Send a (H, W, 3) picture through it, in tiles."""
    height, width = picture.shape[:2]
    beyond = [(BESIDE, BESIDE + -side % TILE) for side in (height, width)]
    padded = np.pad(picture, (*beyond, (0, 0)), mode="symmetric")
    made = np.empty((height - height % -TILE, width - width % -TILE, 3), np.uint8)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            tile = padded[top : top + TILE + 2 * BESIDE, left : left + TILE + 2 * BESIDE]
            made[top : top + TILE, left : left + TILE] = _tile(model, tile)
    return made[:height, :width]


def _tile(model: VAE, tile: Picture) -> Picture:
    assert BESIDE % FACTOR == 0  # the latent's grid is that of the picture
    given = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1))).float()[None] / 255
    with torch.inference_mode():
        mean, _ = model.encode(given)
        levels = model.decode(mean).clamp(0, 1) * 255
    inner = levels[0, :, BESIDE:-BESIDE, BESIDE:-BESIDE].round().to(torch.uint8)
    return inner.numpy().transpose(1, 2, 0)
