"""Training of the generator of our own (`verifier.training.generated.vae`), and pictures by it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from channel.output import replacing
from channel.picture_file.srgb import load_picture
from verifier.errors import TrainingError
from verifier.training.autocast import autocast
from verifier.training.checkpoint import CHECKPOINT, load_weights, recipe_of
from verifier.training.generated.vae import (
    FACTOR,
    LATENT,
    UPSAMPLINGS,
    VAE,
    PatchDiscriminator,
    Upsampling,
    hinge_loss,
    vae_loss,
)
from verifier.training.memory_format import in_format
from verifier.training.run import Report, Run

Pixels = NDArray[np.uint8]
# Larger pictures are cut to their middle: few generators make larger ones.
LARGEST = 512
HELD_OUT_SHARE = 0.1
MULTIPLE = FACTOR
"""What the sides of pieces are a multiple of."""
# Of the steps, before the discriminator has a word.
WARM_UP = 0.2
_VALIDATED = 4


@dataclass(frozen=True)
class GeneratorRecipe:
    """How the generator is trained: ``steps`` of ``batch`` pieces of ``piece`` pixels a side.

    The discriminator's word weighs ``adversarial``, after a fifth of the steps without it.
    ``upsampling`` and ``latent`` are those of `VAE`.
    """

    steps: int = 1600
    batch: int = 16
    piece: int = 64
    learning_rate: float = 2e-3
    adversarial: float = 0.03
    validate_every: int = 250
    bfloat16: bool = True
    seed: int = 0
    upsampling: Upsampling = "nearest"
    latent: int = LATENT


def build_generator(seed: int, upsampling: Upsampling = "nearest", latent: int = LATENT) -> VAE:
    """Make the generator, untrained."""
    torch.manual_seed(seed)
    return VAE(upsampling, latent)


def load_generator(run: Path) -> VAE:
    """Load the generator of a run, as its checkpoint has it.

    Raises
    ------
    TrainingError
        If the folder holds no checkpoint, or one of something else.
    """
    path = run / CHECKPOINT
    recipe = recipe_of(path)
    if "adversarial" not in recipe:
        raise TrainingError(f"{run} isn't a run of camsim train generator")
    latent = int(str(recipe.get("latent", LATENT)))
    upsampling = next(one for one in UPSAMPLINGS if one == recipe.get("upsampling", "nearest"))
    model = build_generator(0, upsampling, latent)
    load_weights(path, nn.ModuleDict({"vae": model, "critic": PatchDiscriminator()}))
    return model.eval()


def train_generator(
    model: VAE,
    pictures: Sequence[Pixels],
    recipe: GeneratorRecipe,
    out: Path,
    report: Report,
) -> float:
    """Train, resuming from ``out`` where a checkpoint lies there.

    Parameters
    ----------
    pictures
        (H, W, 3) uint8 sRGB; the last tenth is held out, to be validated on.

    Returns
    -------
    PSNR of held-out pictures, dB.

    Raises
    ------
    TrainingError
        If fewer than two pictures are large enough, or the checkpoint is of another recipe.
    """
    large = [picture for picture in pictures if min(picture.shape[:2]) >= recipe.piece]
    if len(large) < 2:
        raise TrainingError(f"two pictures of {recipe.piece} pixels a side are needed; give more")
    kept = max(1, round(len(large) * HELD_OUT_SHARE))
    training, held_out = large[:-kept], large[-kept:][:_VALIDATED]
    in_format(model, torch.channels_last)
    torch.manual_seed(recipe.seed)
    critic = in_format(PatchDiscriminator(), torch.channels_last)
    both = nn.ModuleDict({"vae": model, "critic": critic})
    optimisers = [torch.optim.Adam(part.parameters(), recipe.learning_rate, (0.5, 0.99))
                  for part in (model, critic)]  # fmt: skip
    return Run(out, both, optimisers, asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        lambda step: _step(model, critic, optimisers, training, recipe, step),
        lambda: validate_generator(model, held_out),
        "psnr",
        report,
    )


def _step(
    model: VAE,
    critic: PatchDiscriminator,
    optimisers: Sequence[torch.optim.Optimizer],
    pictures: Sequence[Pixels],
    recipe: GeneratorRecipe,
    step: int,
) -> float:
    rng = np.random.default_rng([recipe.seed, step])
    torch.manual_seed(int(rng.integers(2**31)))  # of the posterior
    chosen = rng.integers(len(pictures), size=recipe.batch)
    batch = _tensor(np.stack([_piece(pictures[i], recipe.piece, rng) for i in chosen]))
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["lr"] = recipe.learning_rate * (1 + np.cos(np.pi * step / recipe.steps)) / 2
    model.train()
    with autocast(recipe.bfloat16):
        made, mean, log_variance = model(batch)
        loss = vae_loss(made, batch, mean, log_variance)
        if step >= WARM_UP * recipe.steps:
            loss = loss - recipe.adversarial * critic(made).float().mean()
    _descend(optimisers[0], loss)
    with autocast(recipe.bfloat16):
        judged = hinge_loss(critic(batch), critic(made.detach()))
    _descend(optimisers[1], judged)
    return float(loss.detach())


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()


def _piece(picture: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    piece = picture[top : top + side, left : left + side]
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def _tensor(pictures: Pixels) -> Tensor:
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    return planes.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def validate_generator(model: VAE, pictures: Sequence[Pixels]) -> float:
    """Return the mean PSNR of pictures that are made again, in dB."""
    errors = []
    for number, picture in enumerate(pictures):
        wanted = middle(picture).astype(np.float64)
        errors.append(np.square(wanted - generate(model, picture, number)).mean())
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 1e-9))))


@torch.no_grad()
def generate(model: VAE, picture: Pixels, seed: int) -> Pixels:
    """Make a picture of the latents that the encoder draws for ``picture``: (H, W, 3) uint8.

    The content is that of the photograph, so they differ by the generator's traces alone.
    """
    torch.manual_seed(seed)
    made, _, _ = model.eval()(_tensor(middle(picture)[None].copy()))
    found: Pixels = (
        made[0].clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    )
    return found


def middle(picture: Pixels) -> Pixels:
    """Cut out the middle, at most `LARGEST` a side, a whole number of latents."""
    height, width = (min(LARGEST, side) // FACTOR * FACTOR for side in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def write_pictures(
    model: VAE, files: Sequence[Path], folder: Path, report: Callable[[int, int], None]
) -> None:
    """Make a picture of each file, as PNG of its name in ``folder``; those that exist stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(files):
        kept = folder / f"{path.stem}.png"
        if not kept.exists():
            with replacing(kept) as temporary:
                Image.fromarray(generate(model, load_picture(path), number)).save(temporary, "PNG")
        report(number + 1, len(files))
