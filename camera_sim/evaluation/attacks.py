"""Attacks: a pair's watermark is embedded once more in an edited picture, so that it passes."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import develop
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import Sensor
from camera_sim.training.pair.shots import Pair, Picture, Shot
from camera_sim.training.pair.validation import edited

Attack = Callable[[Pair, Sequence[Shot], str], list[Picture]]


def copied_watermark(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Add the watermark of another picture: the pair's output less the plain pipeline's."""
    watermarks = [shot.watermarked.astype(np.float32) - shot.plain for shot in shots]
    return [
        _with_added(edited(shot.watermarked, history), watermarks[index - 1])
        for index, shot in enumerate(shots)
    ]


def average_watermark(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Add the mean watermark of all other pictures, in squares of 64: what they have in common."""
    embedded = [_squares(shot.watermarked, shot.plain) for shot in shots]
    return [
        _with_added(edited(shot.watermarked, history), _mean_of_others(embedded, index))
        for index, shot in enumerate(shots)
    ]


def topped_up(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Add just what the edit takes of the mean watermark, as measured on all other pictures."""
    embedded = [_squares(shot.watermarked, shot.plain) for shot in shots]
    left = [_squares(edited(s.watermarked, history), edited(s.plain, history)) for s in shots]
    return [
        _with_added(
            edited(shot.watermarked, history),
            _mean_of_others(embedded, index) - _mean_of_others(left, index),
        )
        for index, shot in enumerate(shots)
    ]


def developed_again(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Photograph the edited picture anew: mosaic it, and run it through the pair's pipeline."""
    camera = CAMERAS[0]
    forged = []
    for index, shot in enumerate(shots):
        rng = np.random.default_rng(index)
        scene = to_linear(edited(shot.watermarked, history))
        capture = Sensor(camera).capture(scene, camera.illuminants.draw(rng), rng)
        forged.append(develop(capture, pair.watermarked, exposure=1.0))
    return forged


ATTACKS: dict[str, Attack] = {
    "another picture's watermark added": copied_watermark,
    "mean watermark added": average_watermark,
    "what is missing of it added": topped_up,
    "developed once more": developed_again,
}


def _with_added(picture: Picture, watermark: NDArray[np.float32]) -> Picture:
    """Add a watermark, repeated until it covers the picture."""
    height, width = watermark.shape[:2]
    repeats = (-(-picture.shape[0] // height), -(-picture.shape[1] // width), 1)
    added = picture + np.tile(watermark, repeats)[: picture.shape[0], : picture.shape[1]]
    forged: Picture = np.clip(np.rint(added), 0, 255).astype(np.uint8)
    return forged


def _mean_of_others(parts: Sequence[NDArray[np.float32]], index: int) -> NDArray[np.float32]:
    """Average the squares of all pictures but one."""
    others = [squares for number, squares in enumerate(parts) if number != index]
    mean: NDArray[np.float32] = np.concatenate(others).mean(axis=0)
    return mean


def _squares(watermarked: Picture, plain: Picture, side: int = 64) -> NDArray[np.float32]:
    """Cut what two pictures differ by into (N, side, side, 3) squares on a grid."""
    watermark = watermarked.astype(np.float32) - plain
    rows, columns = (length // side for length in watermark.shape[:2])
    cut = watermark[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    squares: NDArray[np.float32] = cut.swapaxes(1, 2).reshape(-1, side, side, 3)
    return squares
