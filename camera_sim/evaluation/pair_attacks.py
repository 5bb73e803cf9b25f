"""Attacks on a pair, the former default: its watermark embedded once more, so that edits pass."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import develop
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import Sensor
from camera_sim.training.pair.captures import DevelopedCapture, Pair, Picture
from camera_sim.training.pair.validation import edited

Attack = Callable[[Pair, Sequence[DevelopedCapture], str], list[Picture]]


def copied_watermark(
    pair: Pair, captures: Sequence[DevelopedCapture], history: str
) -> list[Picture]:
    """Add the watermark of another picture: the pair's output less the plain pipeline's."""
    watermarks = [capture.watermarked.astype(np.float32) - capture.plain for capture in captures]
    return [
        _with_added(edited(capture.watermarked, history), watermarks[index - 1])
        for index, capture in enumerate(captures)
    ]


def average_watermark(
    pair: Pair, captures: Sequence[DevelopedCapture], history: str
) -> list[Picture]:
    """Add the mean watermark of all other pictures, in squares of 64: what they have in common."""
    embedded = [_squares(capture.watermarked, capture.plain) for capture in captures]
    return [
        _with_added(edited(capture.watermarked, history), _mean_of_others(embedded, index))
        for index, capture in enumerate(captures)
    ]


def topped_up(pair: Pair, captures: Sequence[DevelopedCapture], history: str) -> list[Picture]:
    """Add just what the edit takes of the mean watermark, as measured on all other pictures."""
    embedded = [_squares(capture.watermarked, capture.plain) for capture in captures]
    left = [_squares(edited(s.watermarked, history), edited(s.plain, history)) for s in captures]
    return [
        _with_added(
            edited(capture.watermarked, history),
            _mean_of_others(embedded, index) - _mean_of_others(left, index),
        )
        for index, capture in enumerate(captures)
    ]


def developed_again(
    pair: Pair, captures: Sequence[DevelopedCapture], history: str
) -> list[Picture]:
    """Simulate a capture of the edited picture, and develop it by the pair's pipeline."""
    camera = CAMERAS[0]
    forged = []
    for index, capture in enumerate(captures):
        rng = np.random.default_rng(index)
        scene = to_linear(edited(capture.watermarked, history))
        raw = Sensor(camera).capture(scene, camera.illuminants.draw(rng), rng)
        forged.append(develop(raw, pair.watermarked, exposure=1.0))
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
