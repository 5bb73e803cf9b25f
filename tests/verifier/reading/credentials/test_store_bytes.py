"""The manifest store by itself: as it lies in the file, of every type, and never one of two."""

import json
from io import BytesIO
from typing import Any

import c2pa
import pytest

from tests.verifier.reading.credentials.test_coverage import CREATED, TYPES, coded, with_addition
from tests.verifier.signing import Chain, signed_with
from verifier.reading.credentials.container import STORE, ContainerError, store_ranges
from verifier.reading.credentials.store_bytes import manifest_store_of

LONG = {"label": "org.example.long", "data": {"text": "x" * 150_000}}


@pytest.fixture(scope="module")
def photos(chain: Chain) -> dict[str, bytes]:
    """A signed file of each type, its store longer than a JPEG segment."""
    return {
        kind: signed_with(coded(kind), chain, [CREATED], assertions=[LONG], mime_type=kind)
        for kind in TYPES
    }


def said(mime_type: str, data: bytes, store: bytes | None = None) -> dict[str, Any]:
    with c2pa.Reader(mime_type, BytesIO(data), store) as reader:
        manifest: dict[str, Any] = json.loads(reader.detailed_json())
        return manifest


@pytest.mark.parametrize("mime_type", TYPES)
def test_c2pa_reads_of_the_store_what_it_reads_of_the_file(
    mime_type: str, photos: dict[str, bytes]
) -> None:
    photo = photos[mime_type]
    store = manifest_store_of(photo, mime_type)
    assert store
    assert 150_000 < len(store) < len(photo)
    assert said(mime_type, photo, store)["manifests"] == said(mime_type, photo)["manifests"]
    assert said(mime_type, photo, store)["validation_state"] == "Valid"


def test_a_store_that_was_added_to_is_whole(photos: dict[str, bytes], chain: Chain) -> None:
    store = manifest_store_of(with_addition(photos["image/png"], chain, "image/png"), "image/png")
    assert store
    assert len(said("image/png", coded("image/png"), store)["manifests"]) == 2


@pytest.mark.parametrize("mime_type", TYPES)
def test_a_file_without_a_store_has_none(mime_type: str) -> None:
    assert manifest_store_of(coded(mime_type), mime_type) is None


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/png", "image/webp"])
def test_of_two_stores_none_is_taken(mime_type: str, photos: dict[str, bytes]) -> None:
    photo = photos[mime_type]
    [(start, length)] = store_ranges(photo, mime_type)
    end = start + length + (length % 2 if mime_type == "image/webp" else 0)  # RIFF fills up
    twice = photo[:end] + photo[start:end] + photo[end:]
    with pytest.raises(ContainerError, match="more than one"):
        manifest_store_of(twice, mime_type)


def test_of_two_stores_of_avif_none_is_taken(photos: dict[str, bytes]) -> None:
    photo = photos["image/avif"]
    at = photo.index(bytes.fromhex("d8fec3d6")) - 8
    box = photo[at : at + int.from_bytes(photo[at : at + 4], "big")]
    with pytest.raises(ContainerError, match="more than one"):
        manifest_store_of(photo + box, "image/avif")


@pytest.mark.parametrize("mime_type", TYPES)
def test_a_cut_file_gives_the_whole_store_or_none(mime_type: str, photos: dict[str, bytes]) -> None:
    photo = photos[mime_type]
    whole = manifest_store_of(photo, mime_type)
    at = photo.index(STORE)
    for end in (at + 8, at + 16, at + 1000, at + 100_000, len(photo) - 1):
        try:
            store = manifest_store_of(photo[:end], mime_type)
        except ContainerError:
            continue
        assert store in (whole, None)


def test_a_store_behind_the_picture_is_named_not_taken(photos: dict[str, bytes]) -> None:
    [(start, length)] = store_ranges(photos["image/jpeg"], "image/jpeg")
    moved = coded("image/jpeg") + photos["image/jpeg"][start : start + length]
    with pytest.raises(ContainerError):
        manifest_store_of(moved, "image/jpeg")
    with pytest.raises(ContainerError, match="type image/bmp"):
        manifest_store_of(photos["image/jpeg"], "image/bmp")
