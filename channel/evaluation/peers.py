"""Differentiable JPEG beside kornia's: agreement with libjpeg, and time."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.table import Table

from channel.evaluation.agreement import psnr, through_pillow
from channel.evaluation.pictures import lossless, scene
from channel.training.differentiable_jpeg import DifferentiableJPEG

Codec = Callable[[torch.Tensor, int], torch.Tensor]
SIDE = 1024  # pixels: 1.05 megapixels
QUALITIES = (50, 75, 90)
PICTURES = 24


def peers_table(runs: int, data: Path | None) -> Table:
    """Agreement over a folder's lossless pictures, or made-up ones, and CPU seconds of a thread."""
    pictures = (
        [pixels for _, pixels in lossless(data, PICTURES)]
        if data
        else [scene(512, 512, seed) for seed in range(PICTURES)]
    )
    torch.set_num_threads(1)
    table = Table(
        "codec",
        "pixels equal to libjpeg's",
        "median PSNR to libjpeg, dB",
        "worst difference",
        "forward, CPU s/MP",
        "forward and backward, CPU s/MP",
    )
    for name, codec in _codecs().items():
        equal, between, worst = _agreement(codec, pictures)
        table.add_row(
            name,
            f"{100 * equal:.2f}%",
            f"{between:.1f}",
            str(worst),
            f"{_seconds(codec, runs, backward=False):.3f}",
            f"{_seconds(codec, runs, backward=True):.3f}",
        )
    return table


def _codecs() -> dict[str, Codec]:
    ours: dict[str, Codec] = {
        "camsim, straight-through, 4:2:0": DifferentiableJPEG("4:2:0"),
        "camsim, straight-through, 4:4:4": DifferentiableJPEG("4:4:4"),
        "camsim, sinusoidal, 4:2:0": DifferentiableJPEG("4:2:0", "sinusoidal"),
    }
    try:
        from kornia.enhance import JPEGCodecDifferentiable
    except ImportError:
        return ours
    codec: Any = JPEGCodecDifferentiable()

    def kornia(picture: torch.Tensor, quality: int) -> torch.Tensor:
        transmitted: torch.Tensor = codec(picture, torch.tensor([float(quality)]))
        return transmitted

    return {**ours, "kornia JPEGCodecDifferentiable, 4:2:0": kornia}


def _agreement(codec: Codec, pictures: list[NDArray[np.uint8]]) -> tuple[float, float, int]:
    subsampling = getattr(codec, "subsampling", "4:2:0")
    equal, between, worst = [], [], 0
    for pixels in pictures:
        for quality in QUALITIES:
            picture = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None] / 255
            with torch.no_grad():
                sent = (codec(picture, quality)[0] * 255).round().clamp(0, 255)
            ours = np.asarray(sent.permute(1, 2, 0).to(torch.uint8))
            expected = through_pillow(pixels, quality, subsampling)
            difference = np.abs(ours.astype(int) - expected)
            equal.append(float((difference == 0).mean()))
            between.append(psnr(ours, expected))
            worst = max(worst, int(difference.max()))
    return float(np.mean(equal)), median(between), worst


def _seconds(codec: Codec, runs: int, *, backward: bool) -> float:
    picture = torch.from_numpy(scene(SIDE, SIDE)).permute(2, 0, 1)[None] / 255
    times = []
    for _ in range(runs + 1):
        picture = picture.detach().requires_grad_(backward)
        start = time.process_time()
        with torch.set_grad_enabled(backward):
            sent = codec(picture, 75)
            if backward:
                torch.autograd.backward(sent.sum())
        times.append(time.process_time() - start)
    return median(times[1:]) / (SIDE * SIDE / 1e6)  # the first run warms up
