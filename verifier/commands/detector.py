"""``camsim detector …``: detectors of others that a user adds, calibrates and removes."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from channel.command_line import complain_of
from channel.evaluation.table import Table
from channel.options import SOME, Count
from channel.terminal import complain, say, track
from verifier.errors import PhotoError, SettingsError
from verifier.photo_files import photos_of

if TYPE_CHECKING:
    from verifier.detectors.added.calibration import AddedCalibration, Scored
    from verifier.detectors.added.detector import AddedDetector
    from verifier.detectors.added.store import Added

_PLATFORMS: Final = ("none", "whatsapp", "facebook", "instagram", "twitter", "telegram")


@dataclass(frozen=True)
class AddDetector:
    """Add a network of others that tells generated pictures from photographs (ONNX).

    It answers in every report beside the product's own detectors, with its card; what it says
    informs, and no verdict rests on it. The model and its record are kept in $CAMSIM_DETECTORS,
    else in camsim/detectors of $XDG_DATA_HOME, else of ~/.local/share.

    Half of the calibration's pictures are held out: on them false alarms are measured, by platform,
    and printed. Pictures that the network was trained on prove nothing.

    Parameters
    ----------
    model
        The network, ONNX in one file.
    card
        Its card, JSON: docs/guides/own-detector.md has the fields.
    calibrate
        Two folders: photographs, then generated pictures; at least 40 each. Without them it answers
        nothing, and its raw score is shown.
    platform
        Through which the pictures are also sent.
    limit
        Use the first so many pictures of each folder.
    replace
        Take the place of a detector of the same name.
    """

    model: Path
    _: KW_ONLY
    card: Path
    calibrate: tuple[Path, Path] | None = None
    platform: Annotated[tuple[str, ...], SOME] = _PLATFORMS
    limit: Count | None = None
    replace: bool = False

    def __call__(self) -> int:
        """Try it, calibrate it, keep it, and say how good it is."""
        from verifier.detectors.added.card import read_card
        from verifier.detectors.added.network import read_model
        from verifier.detectors.added.store import (
            Added,
            check_free,
            digest_of,
            named_folder,
            store,
        )
        from verifier.detectors.added.trial import check_runs

        card, folder = read_card(self.card), named_folder()
        check_free(folder, card.name, replace=self.replace)
        pictures = self._pictures()
        model = read_model(self.model)
        check_runs(self.model, self.card)
        added = Added(card=card, sha256=digest_of(model))
        if pictures:
            found = self._calibrated(added, pictures)
            added = added.model_copy(update={"calibration": found})
            say(str(_table(found)))
        store(folder, added, model, replace=self.replace)
        say(f"added {card.name}, SHA-256 {added.sha256}, in {folder}")
        if not pictures:
            complain(f"{card.name} answers nothing until it is added with --calibrate")
        return 0

    def _pictures(self) -> list[tuple[Path, bool]]:
        """Name the pictures of both folders, and whether each is generated."""
        from verifier.detectors.added.calibration import check_enough

        if self.calibrate is None:
            return []
        photographs, generated = (photos_of([f])[: self.limit] for f in self.calibrate)
        if both := set(photographs) & set(generated):
            raise SettingsError(f"{min(both)} lies in both folders; a picture is one or the other")
        check_enough(len(photographs), len(generated))
        return [(path, False) for path in photographs] + [(path, True) for path in generated]

    def _calibrated(
        self, added: "Added", pictures: Sequence[tuple[Path, bool]]
    ) -> "AddedCalibration":
        from verifier.detectors.added.calibration import calibrated
        from verifier.detectors.added.detector import AddedDetector
        from verifier.detectors.added.network import Network

        network = Network(added.card, self.model, added.sha256)
        scores = _scores(AddedDetector(added, network), pictures, self.platform)
        folders = " and ".join(str(folder) for folder in self.calibrate or ())
        return calibrated(scores, f"pictures of {folders}")


@dataclass(frozen=True)
class ListDetectors:
    """List the detectors that you added, with their cards and how often each is wrong."""

    def __call__(self) -> int:
        """Print each; 2 if one is damaged."""
        from verifier.detectors.added.store import named_folder, records

        folder, damaged = named_folder(), False
        found = list(records(folder))
        if not found:
            say(f"there are no added detectors in {folder}")
        for path, added in found:
            if added is None:
                damaged = True
                complain_of(path, "it is no added detector, or a damaged one; remove it")
                continue
            card = added.card
            say(f"{card.name}  {card.question}  {card.licence}, {card.source}")
            say(f"  SHA-256 {added.sha256}")
            say(f"  {_in_short(added.calibration)}")
        return 2 if damaged else 0


@dataclass(frozen=True)
class RemoveDetector:
    """Remove a detector that you added, and its model.

    Parameters
    ----------
    name
        As its card has it.
    """

    name: str

    def __call__(self) -> int:
        """Remove it."""
        from verifier.detectors.added.store import named_folder, remove

        remove(named_folder(), self.name)
        say(f"removed {self.name}")
        return 0


def _scores(
    detector: "AddedDetector", pictures: Sequence[tuple[Path, bool]], platforms: Sequence[str]
) -> "list[Scored]":
    """Score each picture as it is and through platforms; what can't be read is said, not used."""
    from verifier.analysis import Verifier
    from verifier.detectors.added.calibration import Scored

    found = []
    with Verifier.facts_only() as verifier:
        for path, generated in track(pictures, "scoring", len(pictures)):
            for platform in platforms:
                try:
                    reading = verifier.read(path, None if platform == "none" else platform)
                except PhotoError as error:
                    complain_of(path, error)
                    break
                score = detector.score(reading)
                if score is not None:
                    # As a report finds the channel: by what the file says of itself.
                    channel = reading.facts.channel.platform or "none"
                    found.append(Scored(str(path), generated, channel, score))
    return found


def _table(found: "AddedCalibration") -> Table:
    rows = [
        (
            name,
            f"{one.threshold.value:.3f}",
            f"{round(one.threshold.false_alarm_rate * one.threshold.pictures)} of "
            f"{one.threshold.pictures}",
            f"{one.threshold.upper_bound:.1%}",
            f"{one.found} of {one.generated}",
            "yes" if one.answers else "no: too often wrong",
        )
        for name, one in found.channels.items()
    ]
    columns = (
        "after", "threshold", "photographs called generated", "at most (95%)", "generated found",
        "answers",
    )  # fmt: skip
    return Table(columns, rows, "On the held-out half")


def _in_short(found: "AddedCalibration | None") -> str:
    if found is None:
        return "not calibrated: it answers nothing"
    one = found.channels["any"]
    wrong = round(one.threshold.false_alarm_rate * one.threshold.pictures)
    return (
        f"{wrong} of {one.threshold.pictures} held-out photographs called generated (at most "
        f"{one.threshold.upper_bound:.1%}, 95% sure), {one.found} of {one.generated} generated "
        "ones found"
    )
