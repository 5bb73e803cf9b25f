"""Developing again: an edited picture goes through a sensor and the camera's own network.

The weights are public, the keys are not: the network lays no watermark here. An attacker who owns
a camera can have it lay that camera's watermark, which leads to the attacker's own photo.
"""

import zlib
from collections.abc import Iterator

import numpy as np

from camera_sim.developing.tiles import develop
from camera_sim.evaluation.attacks.attack import Attempt, Target
from camera_sim.evaluation.attacks.repairing import EDITS
from camera_sim.evaluation.watermark.photos import Picture
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.linear_light import to_linear
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR, Sensor


def redeveloping(target: Target) -> Iterator[Attempt]:
    """Develop the photo again as it is, and each edit of it."""
    photo = target.shot.photo
    rng = np.random.default_rng([target.attacker.seed, zlib.crc32(target.shot.name.encode())])
    yield Attempt("not edited", "removal", photo, _developed(target, photo, rng))
    for name, edit in EDITS.items():
        edited = edit(photo)
        yield Attempt(name, "repair", edited, _developed(target, edited, rng))


def _developed(target: Target, picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    rows, columns = height + height % 2, width + width % 2  # a mosaic has even sides
    even = np.pad(picture, ((0, rows - height), (0, columns - width), (0, 0)), mode="edge")
    camera = CAMERAS[0]
    sensor = Sensor(camera, noise=BASE_ISO, blur=LOW_PASS_BLUR)
    capture = sensor.capture(to_linear(even), camera.illuminants.draw(rng), rng)
    return develop(capture, target.shot.engine, exposure=1.0)[:height, :width]
