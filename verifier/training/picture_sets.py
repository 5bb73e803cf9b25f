"""Pictures by class and set, and splits by whole sets and scenes.

A folder holds one folder a class, and in that the class's pictures, or a folder for each of its
sets: ``class/picture.png`` or ``class/set/picture.png``. A classifier that was trained on a set has
learnt that set; what it knows beyond shows on sets that it never saw.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import ChannelError, reason_of
from channel.picture_file import open_picture
from verifier.errors import PicturesError

Pixels = NDArray[np.uint8]

SUFFIXES: Final = (".png", ".webp", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Picture:
    """A picture of a folder: its class (``kind``), its set, and its file.

    ``set`` is "class/set", or the class's name where its pictures lie in no set.
    """

    kind: str
    set: str
    path: Path

    @property
    def name(self) -> str:
        """Class, set and file name, such as "cgg/Vulkan/bloom.jpg"."""
        return f"{self.set}/{self.path.name}"

    def pixels(self) -> Pixels:
        """Decode upright to (H, W, 3), uint8, sRGB; raises `PicturesError`."""
        try:
            return np.asarray(open_picture(self.path.read_bytes()).srgb().convert("RGB"))
        except (OSError, ChannelError) as error:
            raise PicturesError(
                f"{self.path} can't be read as a picture: {reason_of(error)}"
            ) from error


@dataclass(frozen=True)
class Split:
    """Pictures by what they are for.

    Attributes
    ----------
    training, calibration, seen
        Of the sets that are trained on; no two of the three share a scene. ``seen`` is for tests.
    unseen
        Of whole sets that are for tests alone.
    """

    training: tuple[Picture, ...]
    calibration: tuple[Picture, ...]
    seen: tuple[Picture, ...]
    unseen: tuple[Picture, ...]


def list_pictures(folder: Path, kinds: Sequence[str]) -> tuple[Picture, ...]:
    """List the pictures of some classes, sorted by class (as given), set and name.

    Parameters
    ----------
    folder
        Has one folder a class.
    kinds
        Names of those folders; others are left alone.

    Raises
    ------
    PicturesError
        If a class has no folder or no pictures.
    """
    found: list[Picture] = []
    for kind in kinds:
        if not (folder / kind).is_dir():
            raise PicturesError(f"{folder} has no folder {kind!r}; it needs one for each class")
        files = sorted(p for p in (folder / kind).rglob("*") if p.suffix.lower() in SUFFIXES)
        if not files:
            raise PicturesError(f"{folder / kind} holds no pictures ({', '.join(SUFFIXES)})")
        found += [Picture(kind, _set_of(folder, path), path) for path in files]
    return tuple(found)


def _set_of(folder: Path, path: Path) -> str:
    return "/".join(path.relative_to(folder).parent.parts[:2])


def sets_of(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Name the sets, in the order of the pictures."""
    return tuple(dict.fromkeys(picture.set for picture in pictures))


def scenes_of(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Find which pictures of one set may show the same scene, going by their names.

    The scene is the first word of a name that isn't common to the whole set: ``kitchen`` of
    ``kitchen_arnold_2``, ``1090`` of ``n02381460_1090_fake-1``. Where names show nothing, each
    picture is a scene of its own.

    Returns
    -------
    A scene for each picture, beginning with its set.
    """
    words = {picture: _words(picture) for picture in pictures}
    common = {name: _common([words[p] for p in pictures if p.set == name])
              for name in sets_of(pictures)}  # fmt: skip
    return tuple(f"{p.set}/{words[p][common[p.set]]}" for p in pictures)


def _words(picture: Picture) -> list[str]:
    stem = picture.path.stem.lower()
    # "living-room-3" and "bedroom01-1" are takes of "living-room" and "bedroom".
    return [re.sub(r"(?<=[a-z])\d+$", "", word) for word in re.split(r"[-_ .]+", stem)]


def _common(names: Sequence[list[str]]) -> int:
    """How many first words all names of a set share, short of a whole name."""
    shortest = min(map(len, names))
    shared = 0
    while shared < shortest - 1 and len({name[shared] for name in names}) == 1:
        shared += 1
    return shared


def split(
    pictures: Sequence[Picture],
    unseen_sets: Collection[str] = (),
    *,
    seen: float = 0.1,
    calibration: float = 0.1,
    seed: int = 0,
) -> Split:
    """Hold out whole sets, and of the other sets some scenes.

    Parameters
    ----------
    unseen_sets
        Sets of which no picture is trained or calibrated on, by the name of `Picture.set`.
    seen, calibration
        Shares of the scenes of every other set, for tests and for calibration, 0 to 1. A set of
        fewer than three scenes stays whole in training.
    seed
        Of the draw of scenes; a set's draw doesn't depend on what other sets there are.

    Raises
    ------
    PicturesError
        If a set is named that isn't there, a share is out of range, or a class has nothing left to
        train on.
    """
    _check(pictures, unseen_sets, seen, calibration)
    part: dict[str, str] = {}
    scenes = dict(zip(pictures, scenes_of(pictures), strict=True))
    for name in sets_of(pictures):
        members = [scenes[p] for p in pictures if p.set == name]
        if name in unseen_sets:
            part |= dict.fromkeys(members, "unseen")
        else:
            part |= _drawn(members, seen, calibration, seed)
    parts = {
        wanted: tuple(p for p in pictures if part[scenes[p]] == wanted)
        for wanted in ("training", "calibration", "seen", "unseen")
    }
    for kind in dict.fromkeys(p.kind for p in pictures):
        if not any(p.kind == kind for p in parts["training"]):
            raise PicturesError(f"class {kind!r} has no set left to train on; hold out fewer")
    return Split(**parts)


def _check(
    pictures: Sequence[Picture], unseen_sets: Collection[str], seen: float, calibration: float
) -> None:
    unknown = set(unseen_sets) - set(sets_of(pictures))
    if unknown:
        raise PicturesError(
            f"there is no set {sorted(unknown)[0]!r}; the sets are {', '.join(sets_of(pictures))}"
        )
    if min(seen, calibration) < 0 or seen + calibration >= 1:
        raise PicturesError(
            f"{seen:g} for tests and {calibration:g} for calibration leave nothing to train on; "
            "give shares whose sum is below 1"
        )


def _drawn(members: Sequence[str], seen: float, calibration: float, seed: int) -> dict[str, str]:
    """Draw scenes until each part has its share of the pictures; the rest is for training."""
    scenes = sorted(set(members))
    part = dict.fromkeys(scenes, "training")
    if len(scenes) < 3:
        return part
    rng = np.random.default_rng([seed, *"".join(scenes).encode()])
    left = [scenes[place] for place in rng.permutation(len(scenes))]
    for wanted, share in (("seen", seen), ("calibration", calibration)):
        count = 0
        while count < round(share * len(members)) and len(left) > 1:
            scene = left.pop()
            part[scene] = wanted
            count += members.count(scene)
    return part
