"""A pair that was trained for two steps, its FAN tiny: tests of joint training share it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from camera_sim.networks.nip import NIP
from camera_sim.pipelines import find_pipeline
from camera_sim.training.nip.data import SceneSource
from camera_sim.training.nip.export import build_network
from camera_sim.training.pair.export import export_pair
from camera_sim.training.pair.recipe import FAST_JOINT, JointRecipe
from camera_sim.training.pair.sending import Pair
from camera_sim.training.pair.train import JointProgress, train_pair
from camera_sim.training.pair.unknown_camera import UnknownCameraSource, unknown_camera_pictures
from camera_sim.training.pair.validation import Validation
from camera_sim.training.pair.workflow import PAPER_CHANNEL
from camera_sim.weights import FOLDER
from tests.camera_sim.scenes import picture
from verifier.training.checkpoint import load_weights

NAME = "mine"
SMALL = replace(
    FAST_JOINT,
    steps=4,
    scenes=1,
    unknown_camera=1,
    channel="paper",
    curriculum=0,
    fan_warm_up=0,
    validate_every=2,
    bfloat16=False,
)


def narrow(patch: pytest.MonkeyPatch) -> None:
    """Let FANs have an eighth of the channels: their structure is the paper's."""
    patch.setattr("verifier.training.manipulation.fan.WIDTHS", (4, 8, 16, 32))


def rnet() -> NIP:
    nip = build_network(find_pipeline("rnet"))
    load_weights(FOLDER / "rnet.safetensors", nip)
    return nip


def run(
    out: Path, recipe: JointRecipe, kind: type[SceneSource] = SceneSource
) -> tuple[Pair, list[JointProgress]]:
    """Train a pair on two made scenes, of which a source of a kind takes its patches."""
    torch.manual_seed(0)
    scenes = [picture(320, 320, number) for number in range(2)]
    nip = rnet()
    others = UnknownCameraSource(unknown_camera_pictures(scenes[:1], nip, np.random.default_rng(0)))
    held_out = Validation(
        SceneSource(scenes, selective=True).batch(np.random.default_rng(1), 1, 288),
        [scenes[0][:256, :256]],
        PAPER_CHANNEL,
    )
    pair, seen = Pair(nip, recipe.classes), list[JointProgress]()
    train_pair(pair, kind(scenes, selective=True), others, held_out, recipe, out, seen.append)
    return pair, seen


def train_and_export(folder: Path) -> None:
    """Train one, and write its run, with ``camera`` and ``verifier`` in it."""
    recipe = replace(SMALL, steps=2)
    pair, seen = run(folder, recipe)
    point = seen[-1].point
    assert point is not None
    export_pair(pair, point, find_pipeline("rnet"), NAME, recipe, "made", folder)
