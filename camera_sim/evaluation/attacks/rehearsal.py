"""All attacks on all photos, one photo after another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from camera_sim.developing.files import RAW_SUFFIXES
from camera_sim.engines import Engine
from camera_sim.errors import CameraSimError
from camera_sim.evaluation.attacks.attack import Array, Attack, Attacker, Target
from camera_sim.evaluation.attacks.averaging import averaging
from camera_sim.evaluation.attacks.colluding import colluding
from camera_sim.evaluation.attacks.copying import copying
from camera_sim.evaluation.attacks.gathering import SCENES, Gathering, gathered, reduced_scene
from camera_sim.evaluation.attacks.impersonating import impersonating
from camera_sim.evaluation.attacks.judging import Judge, Outcome
from camera_sim.evaluation.attacks.redeveloping import redeveloping
from camera_sim.evaluation.attacks.removing import removing
from camera_sim.evaluation.attacks.repairing import repairing
from camera_sim.evaluation.watermark.photos import (
    OFF_THE_SQUARES,
    Keys,
    Picture,
    Shot,
    raw_shots,
    shots,
)
from channel.errors import ChannelError
from channel.picture_file.opening import open_picture
from channel.picture_file.srgb import SUFFIXES, load_picture
from channel.terminal import complain, track

ATTACKS: dict[str, Attack] = {
    "averaging": averaging,
    "copying": copying,
    "repairing": repairing,
    "redeveloping": redeveloping,
    "removing": removing,
    "colluding": colluding,
    "impersonating": impersonating,
}
AVERAGED = frozenset(["averaging", "repairing"])
"""Attacks that need averages."""


@dataclass(frozen=True)
class Rehearsal:
    """What is attacked, and how.

    Attributes
    ----------
    files
        Photographs, or RAW files; at least two.
    limit
        How many of them are attacked; averages are taken of all.
    counts
        Of photos that are averaged.
    side
        Pixels a side of those.
    """

    files: Sequence[Path]
    engine: Engine
    attacks: Sequence[str]
    limit: int
    counts: Sequence[int]
    side: int
    seed: int
    out: Path

    @cached_property
    def keys(self) -> Keys:
        """Of the rehearsal's own device."""
        return Keys.of_seed(self.seed)

    def outcomes(self, number: int, attacks: Sequence[str]) -> Iterator[list[Outcome]]:
        """Try attacks on a photo, and yield what came of each.

        Raises
        ------
        CameraSimError, ChannelError
            If its file, or that of the foreign picture, can't be used.
        """
        target = self._target(number)
        judge = Judge.of(target)
        for name in attacks:
            yield [judge.outcome(name, attempt) for attempt in ATTACKS[name](target)]

    def _target(self, number: int) -> Target:
        shot = self._shot(number)
        height, width = shot.photo.shape[:2]
        plain = Image.fromarray(self._other_than(number).plain)
        foreign = plain.resize((width, height), Image.Resampling.BICUBIC)
        twin = replace(shot, payload=self.keys.payload(number + len(self.files)))
        return Target(shot, twin, np.asarray(foreign), self.attacker)

    def _other_than(self, number: int) -> Shot:
        """Take the first photo before it that can be taken, going around."""
        for step in range(1, len(self.files)):
            with suppress(CameraSimError, ChannelError):  # it is told when its turn comes
                return self._shot((number - step) % len(self.files))
        raise CameraSimError("one photo alone can be read; a second is needed as a foreign picture")

    def _shot(self, number: int) -> Shot:
        file = self.files[number]
        if is_raw(file):
            found = raw_shots([file], self.engine, self.keys, first=number)
        else:
            side = self._longer_side
            found = shots([file], self.engine, self.keys, first=number, longer_side=side)
        return next(iter(found))

    @cached_property
    def attacker(self) -> Attacker:
        """What is prepared once for all photos."""
        means = self._means() if AVERAGED & set(self.attacks) else {}
        return Attacker(means, self._through_autoencoder, self.seed)

    def _through_autoencoder(self, picture: Picture) -> Picture:
        return self._autoencoder(picture)

    @cached_property
    def _autoencoder(self) -> Callable[[Picture], Picture]:
        """The attacker's autoencoder, trained where it is first used."""
        from camera_sim.evaluation.attacks.autoencoder import autoencoder

        return autoencoder(self._scenes, self.out / "vae", self.seed)

    def _means(self) -> dict[int, Array]:
        gathering = Gathering(
            self.engine, self.keys, self.side, self._longer_side, self.seed,
            tuple(file.name for file in self.files[:SCENES]),
        )  # fmt: skip
        return gathered(
            gathering,
            lambda: self._scenes,
            self.counts,
            self.out / "averages.npz",
            lambda numbers, total: track(numbers, "photos that are averaged", total),
        )

    @cached_property
    def _longer_side(self) -> int:
        """Of the camera's photos: that of the smallest photograph which is attacked."""
        sides = [side for file in self.files[: self.limit] if (side := _side(file))]
        return min(sides) if sides else max(self._shot(0).photo.shape)

    @cached_property
    def _scenes(self) -> list[Picture]:
        """What the attacker's own photos show."""
        scenes = []
        for number in range(min(SCENES, len(self.files))):
            try:
                file = self.files[number]
                picture = self._shot(number).plain if is_raw(file) else load_picture(file)
            except (CameraSimError, ChannelError) as error:
                complain(error)
                continue
            scenes.append(reduced_scene(picture))
        if not scenes:
            raise CameraSimError("no photograph can be read; name a folder of photographs")
        return scenes


def photo_files(source: Path) -> list[Path]:
    """List the photographs and RAW files of a folder.

    Raises
    ------
    CameraSimError
        If there are fewer than two.
    """
    if not source.is_dir():
        raise CameraSimError(f"{source} is not a folder; name one of photographs or RAW files")
    suffixes = {*SUFFIXES, *RAW_SUFFIXES}
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in suffixes)
    if len(files) < 2:
        raise CameraSimError(
            f"{source} holds fewer than two photographs; watermarks are copied from one to another"
        )
    return files


def is_raw(file: Path) -> bool:
    """Whether a file is a RAW file, by its name."""
    return file.suffix.lower() in RAW_SUFFIXES


def _side(file: Path) -> int | None:
    """Return the even longer side that a photograph is captured with; None of what isn't one."""
    if is_raw(file):
        return None
    try:
        opened = open_picture(file.read_bytes())
    except (OSError, ChannelError):
        return None
    side = max(opened.width, opened.height) - max(OFF_THE_SQUARES)
    return side - side % 2
