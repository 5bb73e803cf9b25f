"""Putting a pair's trace back onto an edited picture, as somebody would who wants it to pass."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.cameras import CAMERAS
from camera_sim.develop import develop
from camera_sim.picture import to_linear
from camera_sim.sensor import Sensor
from camera_sim.training.pair_bench import Pair, Picture, Shot
from camera_sim.training.validation import edited

Attack = Callable[[Pair, Sequence[Shot], str], list[Picture]]


def copied_trace(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Add the trace of another picture: the pair's output less the plain pipeline's."""
    traces = [shot.traced.astype(np.int16) - shot.plain.astype(np.int16) for shot in shots]
    forged = []
    for index, shot in enumerate(shots):
        picture = edited(shot.traced, history)
        trace = _tiled(traces[index - 1], picture.shape)
        forged.append(np.clip(picture + trace, 0, 255).astype(np.uint8))
    return forged


def average_trace(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Add the mean trace of all other pictures, in squares of 64: what they have in common."""
    parts = [_squares(shot) for shot in shots]
    forged = []
    for index, shot in enumerate(shots):
        others = np.concatenate([p for number, p in enumerate(parts) if number != index])
        picture = edited(shot.traced, history)
        trace = _tiled(np.rint(others.mean(axis=0)).astype(np.int16), picture.shape)
        forged.append(np.clip(picture + trace, 0, 255).astype(np.uint8))
    return forged


def developed_again(pair: Pair, shots: Sequence[Shot], history: str) -> list[Picture]:
    """Photograph the edited picture anew: mosaic it, and run it through the pair's pipeline."""
    camera = CAMERAS[0]
    forged = []
    for index, shot in enumerate(shots):
        rng = np.random.default_rng(index)
        scene = to_linear(edited(shot.traced, history))
        capture = Sensor(camera).capture(scene, camera.illuminants.draw(rng), rng)
        forged.append(develop(capture, pair.traced, exposure=1.0))
    return forged


ATTACKS: dict[str, Attack] = {
    "another picture's trace added": copied_trace,
    "mean trace added": average_trace,
    "developed once more": developed_again,
}


def _tiled(trace: NDArray[np.int16], shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Repeat a trace until it covers a (H, W, 3) picture."""
    height, width = trace.shape[:2]
    repeats = (-(-shape[0] // height), -(-shape[1] // width), 1)
    tiled: NDArray[np.int16] = np.tile(trace, repeats)[: shape[0], : shape[1]]
    return tiled


def _squares(shot: Shot, side: int = 64) -> NDArray[np.float32]:
    """Cut a shot's trace into (N, side, side, 3) squares on a grid."""
    trace = shot.traced.astype(np.float32) - shot.plain
    rows, columns = (length // side for length in trace.shape[:2])
    cut = trace[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    squares: NDArray[np.float32] = cut.swapaxes(1, 2).reshape(-1, side, side, 3)
    return squares
