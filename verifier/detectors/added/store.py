"""The folder of a user's added detectors: models by their digests, and a record of each.

``NAME.json`` is a detector's card, its model's digest and its calibration; ``DIGEST.onnx`` the
model. Nothing is ever replaced unasked.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channel.errors import OutputError as ChannelOutputError
from channel.errors import reason_of
from channel.output import write
from verifier.detectors.added.calibration import AddedCalibration
from verifier.detectors.added.card import Card
from verifier.detectors.added.network import Network, read_model
from verifier.errors import OutputError, SettingsError

VARIABLE: Final = "CAMSIM_DETECTORS"


class Added(BaseModel):
    """A detector that was added.

    Attributes
    ----------
    sha256
        Of its model.
    calibration
        None: it answers nothing yet, and shows its raw score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    card: Card
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    calibration: AddedCalibration | None = None

    def network(self, folder: Path) -> Network:
        """Return its network, which is opened when it is first asked."""
        return Network(self.card, folder / f"{self.sha256}.onnx", self.sha256)


def user_folder() -> Path | None:
    """Return the folder of a user's added detectors, which may not be there; None without a home.

    It is $CAMSIM_DETECTORS, else ``camsim/detectors`` in $XDG_DATA_HOME, else in ``~/.local/share``
    (XDG Base Directory Specification 0.8).
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if data.is_absolute():  # the standard has others ignored
        return data / "camsim" / "detectors"
    try:
        return Path.home() / ".local" / "share" / "camsim" / "detectors"
    except RuntimeError:
        return None


def named_folder() -> Path:
    """Return the user's folder; raises `SettingsError` without a home."""
    folder = user_folder()
    if folder is None:
        raise SettingsError(f"there is no home folder for detectors; name a folder by ${VARIABLE}")
    return folder


def records(folder: Path) -> Iterator[tuple[Path, Added | None]]:
    """Yield each record's file and its detector; None where it is damaged."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if not path.name.startswith("."):
            yield path, _read(path)


def check_free(folder: Path, name: str, *, replace: bool) -> None:
    """Refuse a name that is taken. Raises `SettingsError`."""
    if (folder / f"{name}.json").exists() and not replace:
        raise SettingsError(
            f"there is a detector {name} in {folder}; remove it first, or add --replace"
        )


def store(folder: Path, added: Added, model: bytes, *, replace: bool) -> None:
    """Keep a detector.

    Raises
    ------
    SettingsError
        If its name is taken.
    OutputError
        If it can't be written.
    """
    name = added.card.name
    check_free(folder, name, replace=replace)
    before = _read(folder / f"{name}.json") if replace else None
    file = folder / f"{added.sha256}.onnx"
    try:
        if not (file.exists() and digest_of(read_model(file)) == added.sha256):
            write(file, model, force=True)  # of the same digest, or damaged
        record = added.model_dump_json(indent=2) + "\n"
        write(folder / f"{name}.json", record.encode(), force=replace)
    except ChannelOutputError as error:
        raise OutputError(str(error)) from error
    if before is not None and before.sha256 != added.sha256:
        _drop_model(folder, before.sha256)


def remove(folder: Path, name: str) -> None:
    """Remove a detector, and its model where no other has the same.

    Raises
    ------
    SettingsError
        If there is none of that name.
    OutputError
        If it can't be removed.
    """
    path = folder / f"{name}.json"
    names = [path.stem for path, _ in records(folder)]
    if name not in names:
        raise SettingsError(
            f"there is no detector {name!r} in {folder} (there are: {', '.join(names) or 'none'})"
        )
    before = _read(path)
    try:
        path.unlink()
        if before is not None:
            _drop_model(folder, before.sha256)
    except OSError as error:
        raise OutputError(f"{path} can't be removed: {reason_of(error)}") from error


def digest_of(model: bytes) -> str:
    """Return a model's digest, SHA-256 in hexadecimal."""
    return hashlib.sha256(model).hexdigest()


def _drop_model(folder: Path, sha256: str) -> None:
    if not any(one is not None and one.sha256 == sha256 for _, one in records(folder)):
        (folder / f"{sha256}.onnx").unlink(missing_ok=True)


def _read(path: Path) -> Added | None:
    try:
        added = Added.model_validate_json(path.read_bytes(), strict=False)
    except (OSError, ValidationError):
        return None
    return added if added.card.name == path.stem else None
