"""Bytes that no hash covers: whoever makes a credential shorter has room for them."""

import struct
from collections.abc import Callable
from io import BytesIO

import c2pa
import numpy as np
import pytest
from PIL import Image

from tests.verifier.signing import CAPTURE, Chain, signed_with
from tests.verifier.toy import native
from verifier.reading.credentials import read_credential
from verifier.reading.credentials.container import ContainerError, store_ranges
from verifier.reading.credentials.coverage import uncovered
from verifier.report.record import Credential

CREATED = {"action": "c2pa.created", "digitalSourceType": CAPTURE}
TYPES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}
ROOM = 900


@pytest.fixture(scope="module")
def photos(chain: Chain) -> dict[str, bytes]:
    """A signed file of each type."""
    return {kind: signed_with(coded(kind), chain, [CREATED], mime_type=kind) for kind in TYPES}


def coded(mime_type: str, pixels: np.ndarray | None = None) -> bytes:
    file = BytesIO()
    image = Image.fromarray(native(96, 128) if pixels is None else pixels)
    image.save(file, TYPES[mime_type])
    return file.getvalue()


def read(data: bytes, chain: Chain, mime_type: str = "image/jpeg") -> Credential:
    return read_credential(data, mime_type, chain.root)


@pytest.mark.parametrize("mime_type", TYPES)
def test_a_file_as_it_was_signed_is_intact(
    mime_type: str, photos: dict[str, bytes], chain: Chain
) -> None:
    credential = read(photos[mime_type], chain, mime_type)
    assert credential.integrity.state == "intact", credential.integrity.words
    assert credential.trust.state == "trusted"


def test_a_file_of_jpeg_xl_is_intact_and_a_longer_box_is_not(chain: Chain) -> None:
    pytest.importorskip("pillow_jxl")
    file = BytesIO()
    entries = b"Exif\0\0II*\0\x08\0\0\0" + bytes(6)  # boxes are written for entries alone
    Image.fromarray(native(96, 128)).save(file, "JXL", exif=entries)
    photo = signed_with(file.getvalue(), chain, [CREATED], mime_type="image/jxl")
    assert read(photo, chain, "image/jxl").integrity.state == "intact"
    [(start, length)] = store_ranges(photo, "image/jxl")
    store = shrunk(photo[start : start + length], ROOM)
    other = struct.pack(">I4s", ROOM, b"Exif") + bytes(ROOM - 8)
    changed = photo[:start] + store + other + photo[start + length :]
    credential = read(changed, chain, "image/jxl")
    assert "assertion.dataHash.match" in credential.codes
    assert credential.integrity.state == "unclear"
    with pytest.raises(ContainerError):
        store_ranges(photo[:start] + bytes([0, 0, 0, 4]) + photo[start + 4 :], "image/jxl")


def test_a_store_of_many_segments_is_intact(chain: Chain) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (500, 500, 3)).astype(np.uint8)
    long = {"label": "org.example.long", "data": {"text": "x" * 150_000}}
    photo = signed_with(coded("image/jpeg", noise), chain, [CREATED], assertions=[long])
    assert photo.count(b"\xff\xeb\xfa") >= 2  # as c2pa fills them
    assert read(photo, chain).integrity.state == "intact"


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/png", "image/gif"])
def test_a_credential_that_only_adds_to_another_is_read_with_that_ones_hash(
    mime_type: str, photos: dict[str, bytes], chain: Chain
) -> None:
    photo = photos[mime_type]
    assert (
        read(with_addition(photo, chain, mime_type), chain, mime_type).integrity.state == "intact"
    )


def test_a_credential_that_is_added_to_webp_accuses_nobody(
    photos: dict[str, bytes], chain: Chain
) -> None:
    photo = photos["image/webp"]
    found = read(with_addition(photo, chain, "image/webp"), chain, "image/webp")
    assert "assertion.dataHash.mismatch" in found.codes  # c2pa's own hash fails
    assert found.integrity.state == "unclear"
    changed = bytearray(photo)
    changed[60] ^= 1
    assert read(bytes(changed), chain, "image/webp").integrity.state == "broken"


def with_addition(photo: bytes, chain: Chain, mime_type: str = "image/jpeg") -> bytes:
    """Add a manifest that leaves the picture as it is."""
    return signed_with(photo, chain, [], mime_type=mime_type, intent=c2pa.C2paBuilderIntent.UPDATE)


# Room inside the bytes that the hash leaves out


def shrunk(store: bytes, by: int) -> bytes:
    """Take bytes out of the padding beside the last signature, which nobody signs."""
    place = store.rindex(b"\x63pad\x59") + 4
    [length] = struct.unpack(">H", store[place + 1 : place + 3])
    assert length > by
    shorter = bytearray(store)
    for at in _boxes_around(store, 0, len(store), place):
        struct.pack_into(">I", shorter, at, struct.unpack_from(">I", store, at)[0] - by)
    struct.pack_into(">H", shorter, place + 1, length - by)
    del shorter[place + 3 : place + 3 + by]
    return bytes(shorter)


def _boxes_around(store: bytes, start: int, end: int, place: int) -> list[int]:
    """Return where the boxes begin that hold a place."""
    at = start
    while at < end:
        length, kind = struct.unpack_from(">I4s", store, at)
        if at <= place < at + length:
            inner = _boxes_around(store, at + 8, at + length, place) if kind == b"jumb" else []
            return [at, *inner]
        at += length
    return []


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def app11(store: bytes, part: int = 1) -> bytes:
    return segment(0xEB, b"JP" + struct.pack(">HI", 1, part) + store)


def filled(length: int, *first: bytes) -> bytes:
    """Return segments of a length: these, and a comment that fills the rest."""
    found = b"".join(first)
    return found + segment(0xFE, b" " * (length - len(found) - 4))


EXIF_TURNED = segment(
    0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x112, 3, 1, 6, 0) + bytes(4)
)
RESTARTS = segment(0xDD, struct.pack(">H", 2))


def in_jpeg(make: Callable[[bytes, int], bytes]) -> Callable[[bytes], bytes]:
    """Put what ``make`` gives for a shorter store and its room in the place of the credential."""

    def changed(photo: bytes) -> bytes:
        [(start, length)] = store_ranges(photo, "image/jpeg")
        store = shrunk(photo[start + 12 : start + length], ROOM)
        made = make(store, length)
        assert len(made) == length
        return photo[:start] + made + photo[start + length :]

    return changed


def behind(*segments: bytes) -> Callable[[bytes], bytes]:
    return in_jpeg(lambda store, room: app11(store) + filled(room - len(app11(store)), *segments))


def before(*segments: bytes) -> Callable[[bytes], bytes]:
    return in_jpeg(lambda store, room: filled(room - len(app11(store)), *segments) + app11(store))


def _between(store: bytes, room: int) -> bytes:
    first, rest = app11(store[:1000]), app11(store[:8] + store[1000:], 2)
    return first + filled(room - len(first) - len(rest), EXIF_TURNED) + rest


def _longer_than_its_box(store: bytes, room: int) -> bytes:
    return app11(store + bytes(room - len(app11(store))))


def _fill_bytes(store: bytes, room: int) -> bytes:
    return b"\xff" * (room - len(app11(store))) + app11(store)


JPEG_CHANGES = {
    "an orientation behind": behind(EXIF_TURNED),
    "an orientation before": before(EXIF_TURNED),
    "a restart interval": behind(RESTARTS),
    "a caption": behind(),
    "between two parts of the store": in_jpeg(_between),
    "behind the store's own end": in_jpeg(_longer_than_its_box),
    "fill bytes": in_jpeg(_fill_bytes),
}


def in_png(photo: bytes) -> bytes:
    [(start, length)] = store_ranges(photo, "image/png")
    store = shrunk(photo[start + 8 : start + length - 4], ROOM)
    text = chunk(b"tEXt", b"Comment\0".ljust(ROOM - 12, b"x"))
    return photo[:start] + chunk(b"caBX", store) + text + photo[start + length :]


def chunk(kind: bytes, content: bytes) -> bytes:
    import zlib

    summed = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + summed


def in_webp(photo: bytes) -> bytes:
    [(start, length)] = store_ranges(photo, "image/webp")
    store = shrunk(photo[start + 8 : start + length], ROOM)
    store_chunk = b"C2PA" + struct.pack("<I", len(store)) + store + bytes(len(store) % 2)
    rest = length - len(store_chunk)
    exif = b"EXIF" + struct.pack("<I", rest - 8) + bytes(rest - 8)
    return photo[:start] + store_chunk + exif + photo[start + length :]


def in_tiff(photo: bytes) -> bytes:
    (count, _), (start, length) = store_ranges(photo, "image/tiff")
    store = shrunk(photo[start : start + length], ROOM)
    changed = bytearray(photo[:start] + store + b"x" * ROOM + photo[start + length :])
    struct.pack_into("<I", changed, count, len(store))
    return bytes(changed)


def in_gif(photo: bytes) -> bytes:
    [(start, length)] = store_ranges(photo, "image/gif")
    blocks = photo[start + 14 : start + length]
    store, place = b"", 0
    while size := blocks[place]:
        store += blocks[place + 1 : place + 1 + size]
        place += 1 + size
    told = photo[start : start + 14] + sub_blocks(shrunk(store, ROOM))
    comment, left = b"\x21\xfe", length - len(told) - 3
    while left:
        size = min(left, 200)
        comment, left = comment + bytes([size - 1]) + b"x" * (size - 1), left - size
    return photo[:start] + told + comment + b"\0" + photo[start + length :]


def sub_blocks(content: bytes) -> bytes:
    parts = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


CHANGES = [
    *(pytest.param("image/jpeg", change, id=name) for name, change in JPEG_CHANGES.items()),
    pytest.param("image/png", in_png, id="PNG text"),
    pytest.param("image/webp", in_webp, id="WebP EXIF"),
    pytest.param("image/gif", in_gif, id="GIF comment"),
    pytest.param("image/tiff", in_tiff, id="TIFF filler"),
]


@pytest.mark.parametrize(("mime_type", "change"), CHANGES)
def test_room_in_what_the_hash_leaves_out_is_not_intact(
    mime_type: str, change: Callable[[bytes], bytes], photos: dict[str, bytes], chain: Chain
) -> None:
    changed = change(photos[mime_type])
    assert changed != photos[mime_type]
    credential = read(changed, chain, mime_type)
    assert credential.trust.state == "trusted"
    assert {"assertion.dataHash.match", "claimSignature.validated"} <= set(credential.codes)
    assert credential.integrity.state == "unclear"
    assert "It is not known whether" in credential.integrity.words


def test_some_are_found_by_nobody_else(photos: dict[str, bytes], chain: Chain) -> None:
    """c2pa's own reader calls these files valid and trusted."""
    for name in ("between two parts of the store", "behind the store's own end"):
        credential = read(JPEG_CHANGES[name](photos["image/jpeg"]), chain)
        assert not {code for code in credential.codes if "mismatch" in code}
        assert credential.integrity.state == "unclear"


def test_a_picture_that_was_changed_is_still_another(
    photos: dict[str, bytes], chain: Chain
) -> None:
    """Bytes that the hash covers were changed, besides what it leaves out."""
    changed = bytearray(JPEG_CHANGES["a caption"](photos["image/jpeg"]))
    changed[-50] ^= 1
    assert read(bytes(changed), chain).integrity.state == "broken"


def test_an_addition_gives_no_room_for_anything_else(
    photos: dict[str, bytes], chain: Chain
) -> None:
    added = with_addition(photos["image/jpeg"], chain)
    [(start, length)] = store_ranges(added, "image/jpeg")
    for place in (start, start + length):
        other = added[:place] + EXIF_TURNED + added[place:]
        assert read(other, chain).integrity.state in ("broken", "unclear")
    for change in JPEG_CHANGES.values():
        assert read(change(added), chain).integrity.state in ("broken", "unclear")


def test_a_credential_where_none_is_read_is_no_credential_that_says_something(
    photos: dict[str, bytes], chain: Chain
) -> None:
    jpeg, png, avif = (photos[f"image/{name}"] for name in ("jpeg", "png", "avif"))
    [(start, length)] = store_ranges(jpeg, "image/jpeg")
    behind_the_scan = jpeg[:start] + jpeg[start + length : -2] + jpeg[start : start + length]
    [(start, length)] = store_ranges(png, "image/png")
    behind_the_end = png[:start] + png[start + length :] + png[start : start + length]
    for mime_type, data in (
        ("image/jpeg", behind_the_scan + jpeg[-2:]),
        ("image/png", behind_the_end),
        ("image/avif", avif + b"junkjunk"),
    ):
        credential = read(data, chain, mime_type)
        assert credential.integrity.state == "unreadable"
        assert credential.trust.state == "not checked"
    assert read(coded("image/jpeg"), chain).integrity.state == "no credential"


def test_a_hash_that_leaves_out_where_boxes_lie_covers_too_little() -> None:
    """An empty box, which no hash covers, moves pixels; the first version doesn't see that."""
    stated = {"exclusions": [{"xpath": "/uuid"}, {"xpath": "/ftyp"}, {"xpath": "/mfra"}]}

    def store(label: str) -> dict[str, object]:
        return {"active_manifest": "a", "manifests": {"a": {"assertion_store": {label: stated}}}}

    assert uncovered(b"", "image/avif", store("c2pa.hash.bmff.v3")) == ""
    assert "where the parts" in uncovered(b"", "image/avif", store("c2pa.hash.bmff"))


def test_a_box_that_moves_the_pixels_is_seen(photos: dict[str, bytes], chain: Chain) -> None:
    photo = photos["image/avif"]
    place = photo.index(b"mdat") - 4
    box = struct.pack(">I4s", 64, b"free") + bytes(56)
    moved = photo[:place] + box + photo[place:]
    assert read(moved, chain, "image/avif").integrity.state == "broken"


@pytest.mark.parametrize(
    "mime_type", ["image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"]
)
def test_a_damaged_container_gives_ranges_or_a_reason(
    mime_type: str, photos: dict[str, bytes]
) -> None:
    rng = np.random.default_rng(0)
    first = store_ranges(photos[mime_type], mime_type)[0][0]
    refused = 0
    for _ in range(300):
        data = bytearray(photos[mime_type])
        for at in rng.integers(max(0, first - 20), first + 40, 4):
            data[at] = rng.integers(256)
        cut = bytes(data[: rng.integers(first, len(data))])
        try:
            found = store_ranges(cut, mime_type)
        except ContainerError:  # and no other
            refused += 1
        else:
            assert all(start >= 0 and length >= 0 for start, length in found)
    assert refused > 50
