"""An explanation as a figure: the picture, relevance over it, and the most relevant channels."""

import textwrap
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.evaluation.drawing import new_figure, png_of
from verifier.explain.explanation import Explanation

# The figure's side of a picture, pixels; more would not be seen.
_SHOWN: Final = 900
# Relevance of single pixels is grainy: it is drawn as the mean of so much of the picture's side.
_SMOOTHED: Final = 1 / 64


def draw_explanation(explanation: Explanation, pixels: NDArray[np.uint8], title: str) -> bytes:
    """Draw a PNG file.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB: what was explained.

    Raises
    ------
    DependencyError
        Without matplotlib.
    """
    height, width = pixels.shape[:2]
    size = 14, 1.7 + 5.2 * min(1.6, max(0.5, height / width))
    figure = new_figure(*size, extra="explain")
    left, middle, right = figure.subplots(1, 3, width_ratios=(5, 5, 2.4))
    shown = _smaller(Image.fromarray(pixels))
    left.imshow(shown)
    left.set_title("the picture")
    middle.imshow(shown.convert("L"), cmap="gray", vmin=-80, vmax=300)
    smooth = _smoothed(explanation, shown.size)
    most = max(float(np.quantile(np.abs(smooth), 0.995)), 1e-12)
    seen = np.clip(np.abs(smooth) / most, 0, 1)
    middle.imshow(smooth, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.85 * np.sqrt(seen))
    middle.set_title("relevance: red is evidence for it, blue against")
    for axes in (left, middle):
        axes.set_axis_off()
    names = [str(channel) for channel, _ in explanation.channels][::-1]
    right.barh(names, [100 * share for _, share in explanation.channels][::-1], color="tab:red")
    right.set(title="most relevant channels", xlabel="% of the layer's relevance")
    right.tick_params(axis="y", labelsize=8)
    figure.suptitle(title)
    figure.supxlabel(textwrap.fill(explanation.sentence, 150), fontsize=10)
    return png_of(figure)


def _smaller(image: Image.Image) -> Image.Image:
    image.thumbnail((_SHOWN, _SHOWN), Image.Resampling.BOX)
    return image


def _smoothed(explanation: Explanation, size: tuple[int, int]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    sigma = _SMOOTHED * max(explanation.relevance.shape) / 2
    smooth = gaussian_filter(explanation.relevance, sigma)
    # What a filter carries over the edge of what was looked at is no relevance.
    smooth = np.where(explanation.looked_at, smooth, 0)
    return np.asarray(Image.fromarray(smooth.astype(np.float32)).resize(size, Image.Resampling.BOX))
