"""The patches that a model looks at, by what its manifest says of them."""

import numpy as np
from numpy.typing import NDArray

from verifier.features.edge_patches import edge_patches
from verifier.features.patches import Patches, choose_patches
from verifier.weights import Selection


def select_patches(
    pixels: NDArray[np.uint8], side: int, selection: Selection, *, brief: bool = False
) -> Patches:
    """Choose patches of ``side`` pixels of a picture, (H, W, 3), uint8, sRGB."""
    if selection.method == "grid":
        return choose_patches(pixels, side, selection, brief=brief)
    most = selection.brief_patches if brief else selection.most_patches
    return edge_patches(pixels, side, most, selection.candidates)
