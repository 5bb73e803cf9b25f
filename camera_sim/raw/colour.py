"""Camera colours to sRGB: matrices, the transfer function, white balance and exposure."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Linear sRGB to XYZ, D65 white: IEC 61966-2-1:1999, to the digits that dcraw and LibRaw use.
SRGB_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
# The share of a channel's pixels that auto exposure lets clip: LibRaw's auto_bright_thr.
AUTO_EXPOSURE_CLIPPED = 0.01
# Auto exposure never brightens more than this (4 EV): beyond it a frame is dark on purpose.
AUTO_EXPOSURE_LIMIT = 16.0
# White-balance gain of a channel over another's: of real light it is under 5.
MOST_GAIN = 16.0
# Largest coefficient of a matrix to sRGB: those of LibRaw's cameras are under 3. A larger one is
# nearly singular: it paints noise in bright colours.
MOST_COEFFICIENT = 4.0


def camera_to_srgb(xyz_to_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a camera's XYZ-to-camera matrix into white-balanced camera RGB to linear sRGB.

    As dcraw's ``cam_xyz_coeff``: camera values of sRGB white are scaled to 1, so that neutral
    stays neutral whatever the light, and the matrix is inverted. Rows of the result sum to 1.

    Parameters
    ----------
    xyz_to_camera
        (3, 3), the ColorMatrix of the DNG specification (1.7.1, chapter 6), for D65.

    Raises
    ------
    ValueError
        If no camera can have this matrix: a value is not finite, it is singular or nearly so, or
        mirrors colours.
    """
    camera_from_srgb = np.asarray(xyz_to_camera, np.float64) @ SRGB_TO_XYZ
    white = camera_from_srgb.sum(axis=1, keepdims=True)
    scale = np.abs(camera_from_srgb).max()
    if not np.isfinite(scale) or not white.min() > 1e-3 * scale:
        raise ValueError("the colour matrix is singular: by it white has no colour")
    balanced = camera_from_srgb / white
    if not np.linalg.det(balanced) > 1e-6:
        raise ValueError("the colour matrix is singular")
    inverse = np.linalg.inv(balanced)
    if not np.abs(inverse).max() <= MOST_COEFFICIENT:
        raise ValueError("the colour matrix is nearly singular")
    if not np.diag(inverse).min() > 0:
        raise ValueError("the colour matrix mixes colours up")
    return inverse


def apply_matrix(rgb: Array, matrix: NDArray[np.floating]) -> Array:
    """Multiply each colour of a (…, 3) picture by a (3, 3) matrix."""
    return rgb @ matrix.T.astype(np.float32)


def srgb_encode(linear: Array) -> Array:
    """Linear light to sRGB values: clipped to [0, 1], then IEC 61966-2-1's curve."""
    clipped = np.clip(linear, 0.0, 1.0)
    power = 1.055 * np.power(np.maximum(clipped, 0.0031308), np.float32(1 / 2.4)) - 0.055
    return np.where(clipped <= 0.0031308, 12.92 * clipped, power).astype(np.float32)


def srgb_decode(encoded: NDArray[np.floating]) -> Array:
    """SRGB values in [0, 1] to linear light in [0, 1]."""
    power = np.power((encoded + 0.055) / 1.055, np.float32(2.4))
    return np.where(encoded <= 0.04045, encoded / 12.92, power).astype(np.float32)


def render(camera: Array, matrix: NDArray[np.floating], exposure: float) -> Array:
    """Render white-balanced linear camera RGB as sRGB: matrix, exposure, clip, curve.

    This is the colour path of every pipeline here; they differ in what comes before it.

    Parameters
    ----------
    camera
        (…, 3) float32, white-balanced, 1 is saturation.
    matrix
        (3, 3) white-balanced camera RGB to linear sRGB.
    exposure
        Linear gain.

    Returns
    -------
    (…, 3) float32 sRGB in [0, 1].
    """
    return srgb_encode(apply_matrix(camera, matrix * exposure))


def auto_exposure(camera: Array, matrix: NDArray[np.floating]) -> float:
    """Choose the gain at which 1% of the brightest channel's pixels clip, as LibRaw does.

    Parameters
    ----------
    camera
        (…, 3) white-balanced linear camera RGB; a small version of the picture will do.
    matrix
        (3, 3) to linear sRGB.

    Returns
    -------
    A gain between 1 (never darker) and `AUTO_EXPOSURE_LIMIT`.
    """
    linear = apply_matrix(camera, matrix).reshape(-1, 3)
    white = np.percentile(linear, 100 * (1 - AUTO_EXPOSURE_CLIPPED), axis=0).max()
    return float(np.clip(1 / max(white, 1 / AUTO_EXPOSURE_LIMIT), 1.0, AUTO_EXPOSURE_LIMIT))


def grey_world(packed: Array) -> tuple[float, float, float]:
    """Return white-balance gains that make the (h, w, 4) mosaic's mean grey.

    The smallest is 1, none is over `MOST_GAIN`.
    """
    unclipped = packed[(packed < 0.98).all(axis=-1)]
    mean = (unclipped if len(unclipped) else packed.reshape(-1, 4)).mean(axis=0)
    red, green, blue = mean[0], (mean[1] + mean[2]) / 2, mean[3]
    means = np.maximum([red, green, blue], 1e-4)
    means = np.maximum(means, means.max() / MOST_GAIN)
    return normalise_gains(tuple(float(gain) for gain in 1 / means))


def normalise_gains(gains: tuple[float, ...]) -> tuple[float, float, float]:
    """Scale three white-balance gains so that the smallest is 1: saturated stays white."""
    red, green, blue = gains
    smallest = min(gains)
    return red / smallest, green / smallest, blue / smallest
