"""Where a pair's training patches come from: pictures through the sensor, or RAW files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camera_sim.errors import TrainingError
from camera_sim.pipelines import Pipeline
from camera_sim.sensor.cameras import CAMERAS, Camera
from camera_sim.training.nip.data import (
    CaptureSource,
    PatchSource,
    SceneSource,
    check_cameras,
    read_captures,
    split,
)
from channel.picture_file.srgb import load_picture, picture_files

Picture = NDArray[np.uint8]
# The widest channel takes 366 pixels a side, and borders of a watermark's period come on top.
LEAST_SIDE = 448


@dataclass(frozen=True)
class JointSources:
    """Patches to train on and held-out ones, and the scenes of unknown cameras.

    Attributes
    ----------
    matrix
        (3, 3) camera to sRGB of a per-camera pipeline's camera, or None.
    """

    training: PatchSource
    held_out: PatchSource
    scenes: Sequence[Picture]
    held_out_scenes: Sequence[Picture]
    matrix: Tensor | None = None


def joint_sources(
    pictures: Sequence[Path], raw: Path | None, pipeline: Pipeline, camera: Camera | None = None
) -> JointSources:
    """Make sources from folders of pictures or one of RAW files; a tenth of each is held out.

    Parameters
    ----------
    camera
        Whose captures are simulated; None draws one anew for each patch. A per-camera pipeline
        knows the colours of its own alone.

    Raises
    ------
    PictureError, TrainingError
        If a folder holds too few that are large enough, or RAW files of several cameras for a
        per-camera pipeline.
    """
    if raw:
        return _of_raw(raw, pipeline)
    if camera is None:
        return _of_pictures(pictures, CAMERAS)
    return replace(_of_pictures(pictures, (camera,)), matrix=torch.tensor(camera.camera_to_srgb))


def _of_pictures(folders: Sequence[Path], cameras: Sequence[Camera]) -> JointSources:
    training, held_out = list[Picture](), list[Picture]()
    for folder in folders:
        pictures = [load_picture(path) for path in picture_files(folder)]
        large = [picture for picture in pictures if min(picture.shape[:2]) >= LEAST_SIDE]
        if len(large) < 2:
            raise TrainingError(
                f"{folder} holds {len(large)} pictures of at least {LEAST_SIDE} pixels a side; "
                "joint training needs at least 2"
            )
        for part, kept in zip(split(large, folder), (training, held_out), strict=True):
            kept.extend(part)
    return JointSources(
        SceneSource(training, cameras, noise_free=0.7, darkest=3.0, selective=True, varied=True),
        SceneSource(held_out, cameras, noise_free=0.7, darkest=3.0, selective=True),
        training,
        held_out,
    )


def _of_raw(folder: Path, pipeline: Pipeline) -> JointSources:
    captures = [capture for capture in read_captures(folder) if min(capture.size) >= LEAST_SIDE]
    check_cameras(captures, folder, pipeline)
    training, held_out = split(captures, folder)
    source, held_out_source = (CaptureSource(part, selective=True) for part in (training, held_out))
    return JointSources(
        source,
        held_out_source,
        _developed(source),
        _developed(held_out_source),
        torch.tensor(captures[0].camera_to_srgb),
    )


def _developed(source: CaptureSource) -> list[Picture]:
    return [(target * 255 + 0.5).astype(np.uint8) for _, _, target in source.samples]
