"""Figure 3 (b–d) of Korus & Memon for our codec: PSNR of libjpeg against PSNR of ours."""

from collections.abc import Sequence

import numpy as np

from channel.evaluation.agreement import Agreement
from channel.evaluation.drawing import new_figure, png_of
from channel.training.differentiable_jpeg import ROUNDINGS


def figure_3(agreements: Sequence[Agreement]) -> bytes:
    """One panel a rounding, one point a picture and quality; returns a PNG file."""
    figure = new_figure(15, 4.2)
    axes = figure.subplots(1, 4, sharex=True, sharey=True)
    for axis, rounding in zip(axes, ROUNDINGS, strict=True):
        chosen = [a for a in agreements if a.rounding == rounding]
        x = np.array([a.psnr_libjpeg for a in chosen])
        y = np.array([a.psnr_ours for a in chosen])
        points = axis.scatter(x, y, s=6, c=[a.quality for a in chosen], cmap="viridis")
        ends = [x.min() - 1, x.max() + 1]
        axis.plot(ends, ends, color="0.6", linewidth=0.8, zorder=0)
        axis.set(title=f"{rounding}\nmean of ours − libjpeg {np.mean(y - x):+.2f} dB")
        axis.set_xlabel("PSNR of libjpeg, dB")
    axes[0].set_ylabel("PSNR of the differentiable codec, dB")
    figure.colorbar(points, ax=axes, label="quality", fraction=0.02, pad=0.01)
    return png_of(figure)
