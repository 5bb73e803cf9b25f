"""The manifest store that a signed photo carries, as it is published: without the photo."""

from typing import Final

from verifier.errors import ManifestRefusedError
from verifier.reading.credentials.container import ContainerError
from verifier.reading.credentials.store_bytes import manifest_store_of

# By what a file begins with, from a place in it.
_BEGINNINGS: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (4, b"JXL \r\n\x87\n", "image/jxl"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
)


def manifest_store_of_photo(photo: bytes) -> bytes:
    """Take the manifest store out of a photo, whatever its format.

    Raises
    ------
    ManifestRefusedError
        If it carries none, or one that isn't whole.
    """
    kinds = [kind for start, text, kind in _BEGINNINGS if photo[start:].startswith(text)]
    if not kinds:
        raise ManifestRefusedError("it is no picture of a kind that is signed, such as JPEG")
    try:
        store = manifest_store_of(photo, kinds[0])
    except ContainerError as error:
        raise ManifestRefusedError(
            f"its content credentials can't be taken out: {error}"
        ) from error
    if store is None:
        raise ManifestRefusedError(
            "it carries no content credentials, so there is nothing to publish; develop it with "
            "--device or --identity to have it signed"
        )
    return store
