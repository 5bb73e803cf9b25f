"""What an attack is: it takes a target and gives pictures that are to deceive a verifier."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.watermark.photos import Picture, Shot

Array = NDArray[np.float32]
Aim = Literal["removal", "forgery", "repair"]
"""The watermark gone; a photo's watermark in a foreign picture; an edit that no longer shows."""


@dataclass(frozen=True)
class Attacker:
    """What the attacker brought along.

    Attributes
    ----------
    means
        By the number of averaged photos: (S, S) float32, what their watermarks have in common.
    vae
        Sends a (H, W, 3) uint8 picture through a variational autoencoder.
    seed
        Of all that attacks draw.
    """

    means: Mapping[int, Array]
    vae: Callable[[Picture], Picture]
    seed: int


@dataclass(frozen=True)
class Target:
    """A photo that is attacked, and what there is beside it.

    Attributes
    ----------
    twin
        The same scene with another payload.
    foreign
        A picture of the same size without a watermark, of another scene.
    """

    shot: Shot
    twin: Shot
    foreign: Picture
    attacker: Attacker


@dataclass(frozen=True)
class Attempt:
    """A picture that is to deceive.

    Attributes
    ----------
    way
        What was done: a row of the attack's table.
    start
        The picture that it was made of.
    """

    way: str
    aim: Aim
    start: Picture
    picture: Picture


Attack = Callable[[Target], Iterator[Attempt]]
