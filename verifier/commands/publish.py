"""``camsim publish``: have stripped copies of signed photos lead back to what was signed."""

import sys
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from channel.command_line import complain_of
from channel.options import within
from channel.terminal import complain, say
from verifier.errors import ManifestRefusedError, PhotoError, RepositoryError, SettingsError

if TYPE_CHECKING:
    from verifier.reading.credentials.recovered import RecoveredManifest
    from verifier.reading.process import DecoderProcesses
    from verifier.repository import Publication

_DAYS: Final = (0.001, 36_500)
_SHOWN = (
    "Published is what the camera signed, and not the photo: a small picture of it, the signer, "
    "the time, and how it was developed. Whoever has a copy of the photo, or may ask the "
    "repository, can see them; what others have kept can't be called back."
)


@dataclass(frozen=True)
class Publish:
    """Publish what a camera signed, so that stripped copies of its photos lead back to it.

    That is a photo's manifest, which holds a small reference picture. What it shows is said before
    anything is published; the photo itself never is. The same photo again is no error.

    Exit status: 0; 2 where a photo wasn't published.

    Parameters
    ----------
    photos
        Signed photos with a watermark, and folders, with all that is under them.
    repository
        A folder, which is made if need be, or the URL of a repository. Its key is that of the file
        which $CAMSIM_REPOSITORY_KEYS names, with a line “URL KEY”.
    expires
        Days after which they are deleted (default: never).
    yes
        Publish without being asked.
    preview
        Write the reference pictures into this folder, and publish nothing.
    """

    photos: tuple[Path, ...]
    _: KW_ONLY
    repository: str
    expires: Annotated[float, within(*_DAYS)] | None = None
    yes: bool = False
    preview: Path | None = None

    def __call__(self) -> int:
        """Say what would be published, ask, and print a line a photo; 2 if any was not."""
        from verifier.reading.process import DecoderProcesses
        from verifier.settings import Settings

        publisher = _publisher(self.repository, self.expires)
        reader = DecoderProcesses(Settings())
        try:
            candidates = _Candidates(reader, self.preview)
            candidates.read(self.photos)
        finally:
            reader.close()
        if self.preview or not candidates.found:
            return 2 if candidates.failed else 0
        self._ask(len(candidates.found))
        return candidates.publish(publisher())

    def _ask(self, count: int) -> None:
        what = "1 manifest" if count == 1 else f"{count} manifests"
        complain(_SHOWN)
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise SettingsError(
                f"nobody was asked, so nothing is published; add --yes to publish {what}"
            )
        print(f"Publish {what} to {self.repository}? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise SettingsError("nothing was published")


@dataclass
class _Candidates:
    """Photos whose manifests can be published, and whether any can't."""

    reader: "DecoderProcesses"
    preview: Path | None
    found: "list[tuple[Path, Publication]]" = field(default_factory=list)
    failed: bool = False

    def read(self, paths: tuple[Path, ...]) -> None:
        """Read each photo's manifest, and say what its reference picture shows."""
        for photo in self._files(paths):
            try:
                publication, read = _read(photo, self.reader)
                say(f"{photo}: {_in_words(read)}")
                if self.preview:
                    self._write(self.preview, photo, read)
            except (PhotoError, RepositoryError) as error:
                self._complain(photo, error)
                continue
            self.found.append((photo, publication))

    def publish(self, publish: "Callable[[Publication], bool]") -> int:
        """Publish each; one that isn't stops no other."""
        for photo, publication in self.found:
            try:
                new = publish(publication)
            except RepositoryError as error:
                self._complain(photo, error)
                continue
            words = "published as" if new else "was published before as"
            say(f"{photo}: {words} {publication.identifier}")
        return 2 if self.failed else 0

    def _write(self, folder: Path, photo: Path, read: "RecoveredManifest") -> None:
        """Write a reference picture under its photo's name; none is replaced."""
        from verifier.repository.preview import write_preview

        say(f"{photo}: its reference picture → {write_preview(folder, photo.name, read.reference)}")

    def _files(self, paths: tuple[Path, ...]) -> list[Path]:
        from verifier.photo_files import photos_of

        found: list[Path] = []
        for path in paths:
            try:
                found += photos_of([path])
            except PhotoError as error:
                self._complain(path, error)
        return found

    def _complain(self, photo: Path, error: Exception) -> None:
        self.failed = True
        complain_of(photo, error)


def _read(photo: Path, reader: "DecoderProcesses") -> "tuple[Publication, RecoveredManifest]":
    from verifier.limits import Limits
    from verifier.reading.photo import load
    from verifier.repository.active_manifest import active_label
    from verifier.repository.publication import checked
    from verifier.repository.signed_photo import manifest_store_of_photo

    content = load(photo, Limits()).content
    store = manifest_store_of_photo(bytes(content))
    try:
        identifier = active_label(store)
    except RepositoryError as error:
        raise ManifestRefusedError(f"it isn't published: {error}") from error
    read = reader.read_manifest(store)
    return checked(identifier, store, read), read


def _in_words(read: "RecoveredManifest") -> str:
    signer = read.credential.signer or "a signer without a name"
    when = f" on {read.credential.signed_at}" if read.credential.signed_at else ""
    if read.reference is None:
        return f"signed by {signer}{when}; it has no reference picture to compare copies with"
    height, width = read.reference.shape[:2]
    return (
        f"signed by {signer}{when}; its reference picture shows the whole photo in {width} by "
        f"{height} pixels, faces in it as well"
    )


def _publisher(where: str, days: float | None) -> "Callable[[], Callable[[Publication], bool]]":
    """Check where to publish, and return what opens it: no folder is made before it is asked."""
    from verifier.repository import FolderRepository, HttpRepository, open_repository
    from verifier.repository.folder import check_folder
    from verifier.repository.opening import is_url

    if is_url(where):
        remote = open_repository(where)
        assert isinstance(remote, HttpRepository)
        return lambda: lambda publication: remote.publish(publication, expires_days=days)
    check_folder(Path(where), make=True)

    def opened() -> "Callable[[Publication], bool]":
        folder = FolderRepository(where, make=True)
        expires = datetime.now(UTC) + timedelta(days=days) if days is not None else None
        return lambda publication: folder.publish(publication, expires=expires)

    return opened
