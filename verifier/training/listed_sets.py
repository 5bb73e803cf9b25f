"""Which sets there are, what each shows, and what each is for: a table in CSV.

A class whose pictures are the only ones of a subject is learnt by the subject: where all zebras of
a training were a generator's, photographs of zebras were called generated. So a list says what each
set shows, and a set of one subject is trained on only if every other class shows that subject too.
"""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from channel.errors import reason_of
from verifier.errors import PicturesError
from verifier.training.picture_sets import Picture, sets_of

Part = Literal["training", "calibration", "test"]

MIXED: Final = "mixed"
"""The subject of a set that shows many different things."""
WHAT_SETS_SHOW: Final = "what sets show"
"""In a model's recipe: whether it was looked at, and which sets were left out for it."""
_COLUMNS: Final = ("set", "subject", "part")


@dataclass(frozen=True)
class ListedSet:
    """A set by the name of its folder.

    Attributes
    ----------
    subject
        What all of its pictures show, such as "zebras", or `MIXED`.
    part
        What it is for, as a whole.
    """

    name: str
    subject: str
    part: Part


def read_listed_sets(path: Path) -> dict[str, ListedSet]:
    """Read a list of sets, by name.

    Parameters
    ----------
    path
        A CSV file with the columns ``set``, ``subject`` and ``part``; it may have others.

    Raises
    ------
    PicturesError
        If it can't be read, lacks a column, names a set twice, or leaves a subject or part out.
    """
    found: dict[str, ListedSet] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if missing := set(_COLUMNS).difference(reader.fieldnames or ()):
                raise PicturesError(f"{path} has no column {sorted(missing)[0]!r}; add it")
            for line in reader:
                one = _listed(line, path)
                if one.name in found:
                    raise PicturesError(f"{path} lists the set {one.name!r} twice; keep one line")
                found[one.name] = one
    except (OSError, UnicodeError, csv.Error) as error:
        raise PicturesError(
            f"{path} can't be read as a list of sets: {reason_of(error)}"
        ) from error
    return found


def _listed(line: Mapping[str, str | None], path: Path) -> ListedSet:
    name, subject, part = ((line[column] or "").strip() for column in _COLUMNS)
    if not name or not subject:
        raise PicturesError(
            f"{path} has a line without a set or a subject ({name or subject!r}); write what all "
            f"pictures of the set show, or {MIXED!r}"
        )
    for known in get_args(Part):
        if part == known:
            return ListedSet(name, subject, known)
    raise PicturesError(
        f"{path} has the part {part!r} for {name!r}; it is {', '.join(get_args(Part))}"
    )


def folder_of(set_name: str) -> str:
    """Return the name by which a set of `Picture` is listed: its folder's."""
    return set_name.rsplit("/", 1)[-1]


def named_in(listed: Mapping[str, ListedSet], set_name: str) -> ListedSet:
    """Find a set in a list.

    Raises
    ------
    PicturesError
        If it isn't listed.
    """
    try:
        return listed[folder_of(set_name)]
    except KeyError:
        raise PicturesError(
            f"the set {set_name!r} isn't in the list of sets; add a line that says what it shows"
        ) from None


def training_sets(
    pictures: Sequence[Picture], listed: Mapping[str, ListedSet]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Say which sets are trained on, and which are refused for what they show.

    A set of one subject is refused unless every class has a set of that subject to train on.

    Returns
    -------
    Names of the sets that are trained on, and of those refused, with their subjects.

    Raises
    ------
    PicturesError
        If a set isn't listed.
    """
    kinds = {picture.set: picture.kind for picture in pictures}
    wanted = [name for name in sets_of(pictures) if named_in(listed, name).part == "training"]
    refused = {
        name: subject
        for name in wanted
        if (subject := named_in(listed, name).subject) != MIXED
        and _showing(subject, wanted, listed, kinds) != set(kinds.values())
    }
    return tuple(name for name in wanted if name not in refused), refused


def _showing(
    subject: str,
    names: Collection[str],
    listed: Mapping[str, ListedSet],
    kinds: Mapping[str, str],
) -> set[str]:
    """Return the classes that have a set of a subject."""
    return {kinds[name] for name in names if named_in(listed, name).subject == subject}


def trained_on(
    pictures: Sequence[Picture], path: Path | None
) -> tuple[tuple[Picture, ...], dict[str, str]]:
    """Keep the pictures of the sets that a list gives for training; all without a list.

    Returns
    -------
    Pictures, and the sets that were refused for what they show, with their subjects.

    Raises
    ------
    PicturesError
        If the list can't be read, or a set isn't in it.
    """
    if path is None:
        return tuple(pictures), {}
    names, refused = training_sets(pictures, read_listed_sets(path))
    return tuple(picture for picture in pictures if picture.set in names), refused


def shown_words(path: Path | None, refused: Mapping[str, str]) -> str:
    """Say for a model's recipe whether what its sets show was looked at."""
    if path is None:
        return "not stated"
    return f"listed; {refusal_words(refused) or 'none left out'}"


def refusal_words(refused: Mapping[str, str]) -> str:
    """Say which sets were refused, and why; "" if none was."""
    if not refused:
        return ""
    sets = ", ".join(f"{name} ({subject})" for name, subject in refused.items())
    return f"left out, as no other class shows what they show: {sets}"


def say_what_is_shown(path: Path | None, refused: Mapping[str, str]) -> str:
    """Say it to whoever trains; "" if there is nothing to say."""
    if path is None:
        return (
            "What the sets show isn't stated: where one class alone shows something, the detector "
            "learns that instead. List the sets with --sets."
        )
    return refusal_words(refused)
