"""What a file says of generation without a credential: told, as an unsigned entry."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from tests.verifier.conftest import jpeg
from tests.verifier.toy import native
from verifier import Report, Verifier
from verifier.features.xmp import properties

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
SETTINGS = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


def packet(attributes: str = "", content: str = "", prefix: str = "Iptc4xmpExt") -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {RDF}><rdf:Description rdf:about="" xmlns:{prefix}="{IPTC}" {attributes}>'
        f'{content}</rdf:Description></rdf:RDF></x:xmpmeta>   <?xpacket end="w"?>\0'
    ).encode()


FORMS = {
    "an attribute": packet(f'Iptc4xmpExt:DigitalSourceType="{AI}"'),
    "another prefix": packet(f'q:DigitalSourceType="{AI}"', prefix="q"),
    "an element": packet(
        content=f"<Iptc4xmpExt:DigitalSourceType>{AI}</Iptc4xmpExt:DigitalSourceType>"
    ),
    "a resource": packet(content=f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{AI}"/>'),
    "a list": packet(
        content="<Iptc4xmpExt:DigitalSourceType><rdf:Bag><rdf:li>"
        f"{AI}</rdf:li></rdf:Bag></Iptc4xmpExt:DigitalSourceType>"
    ),
    "the system's name": packet('Iptc4xmpExt:AISystemUsed="Some Model 3"'),
    "damaged XML": packet(f'Iptc4xmpExt:DigitalSourceType="{AI}"').replace(b"</rdf:RDF>", b"<"),
    "an entity": b'<!DOCTYPE a [<!ENTITY b "c">]>'
    + packet(f'Iptc4xmpExt:DigitalSourceType="{AI}"'),
}


def report(data: bytes) -> Report:
    with Verifier.facts_only() as verifier:
        return verifier.analyze(data)


def saved(file_format: str, **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(native(64, 64)).save(file, file_format, **options)
    return file.getvalue()


def with_segment(photo: bytes, marker: int, content: bytes) -> bytes:
    head = struct.pack(">HH", 0xFF00 + marker, len(content) + 2)
    return photo[:2] + head + content + photo[2:]


def is_told(data: bytes) -> bool:
    found = report(data)
    assert found.verdict.label == "inconclusive"
    declared = [s for s in found.credential.statements if s.made == "generated"]
    assert all((s.by, s.of) == ("nobody", "picture") for s in declared)
    first = found.verdict.summary.split("). ")[0]
    return bool(declared) and first.startswith("An unsigned entry") and "generated" in first


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_xmp_is_told_in_every_form(form: str) -> None:
    assert is_told(saved("JPEG", xmp=FORMS[form]))


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "AVIF"])
def test_xmp_is_told_in_every_format(file_format: str) -> None:
    assert is_told(saved(file_format, xmp=FORMS["an attribute"]))


def test_xmp_is_told_in_png_and_tiff() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", FORMS["an attribute"].decode())
    assert is_told(saved("PNG", pnginfo=text))
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700] = FORMS["an attribute"]
    tags.tagtype[700] = 1
    assert is_told(saved("TIFF", tiffinfo=tags))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("form", ["an attribute", "an element", "an entity"])
def test_xmp_is_told_in_every_encoding(encoding: str, form: str) -> None:
    text = FORMS[form].decode()
    assert is_told(saved("WEBP", xmp=text.encode(encoding)))


def test_xmp_is_told_in_other_texts_of_png() -> None:
    whole = FORMS["an attribute"]
    digits = f"\nxmp\n{len(whole):8}\n{whole.hex()}\n"
    for key, text in (
        ("Raw profile type xmp", digits),
        ("XML:com.adobe.xmp", whole.decode("latin-1")),
    ):
        entries = PngImagePlugin.PngInfo()
        entries.add_text(key, text, zip=True)
        assert is_told(saved("PNG", pnginfo=entries))


def test_extended_xmp_is_put_together() -> None:
    whole = FORMS["an attribute"]
    photo = jpeg(native(64, 64))
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">I", len(whole))
    middle = whole.index(b"Algorithmic")
    for offset, part in ((0, whole[:middle]), (middle, whole[middle:])):
        photo = with_segment(photo, 0xE1, head + struct.pack(">I", offset) + part)
    assert is_told(photo)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("parameters", SETTINGS),
        ("prompt", '{"3": {"class_type": "KSampler", "inputs": {}}}'),
        ("Software", "NovelAI"),
        ("Dream", "a cat -s 20"),
        ("AIGC", '{"Label": "1", "ContentProducer": "x"}'),
    ],
)
def test_texts_of_generators_are_told(key: str, text: str) -> None:
    entries = PngImagePlugin.PngInfo()
    entries.add_text(key, text, zip=True)
    assert is_told(saved("PNG", pnginfo=entries))


def test_a_text_after_the_pixels_is_told() -> None:
    photo = saved("PNG")
    body = b"tEXtparameters\0" + SETTINGS.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert is_told(photo[:-12] + chunk + photo[-12:])


@pytest.mark.slow
def test_exif_and_iptc_are_told() -> None:
    exif = Image.Exif()
    exif[0x0131] = "Midjourney v6"
    assert is_told(saved("JPEG", exif=exif))
    comment = Image.Exif()
    comment.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + SETTINGS.encode("utf-16-be")
    assert is_told(saved("WEBP", exif=comment))
    iim = b"\x1c\x02\x41" + struct.pack(">H", 14) + b"Adobe Firefly!"
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim + b"\0"
    assert is_told(with_segment(jpeg(native(64, 64)), 0xED, block))


def test_a_subject_is_no_maker() -> None:
    """A photograph of a stand of Midjourney isn't made by it, nor is what a caption denies."""
    exif = Image.Exif()
    exif[0x010E] = "The stand of Midjourney at a fair; this is no Stable Diffusion picture."
    exif[0x0131] = "Adobe Photoshop 26.0 (Macintosh)"
    found = report(saved("JPEG", exif=exif))
    assert found.credential.statements == ()


def test_a_capture_and_an_ingredient_are_told_as_what_they_are() -> None:
    capture = packet(
        f'Iptc4xmpExt:DigitalSourceType="{AI.replace("trainedAlgorithmicMedia", "digitalCapture")}"'
    )
    statement = report(saved("JPEG", xmp=capture)).credential.statements[0]
    assert (statement.made, statement.by) == ("captured", "nobody")
    inside = packet(
        'xmlns:m="http://ns.adobe.com/xap/1.0/mm/"',
        f"<m:Ingredients><rdf:Bag><rdf:li Iptc4xmpExt:DigitalSourceType='{AI}'/></rdf:Bag>"
        "</m:Ingredients>",
    )
    found = report(saved("JPEG", xmp=inside))
    assert [(s.of, s.made) for s in found.credential.statements] == [("component", "generated")]
    assert "a picture behind this one was generated" in found.verdict.summary


@pytest.mark.slow
def test_damaged_entries_do_no_harm() -> None:
    for content in (b"", b"<", b"<a", b"\xff" * 99, b"<a>" * 5000, b"\0" * 4000):
        assert report(saved("JPEG", xmp=content)).credential.statements == ()
    iptc = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff\xff\xff\x1c\x02"
    assert report(with_segment(jpeg(native(64, 64)), 0xED, iptc)).verdict.label == "inconclusive"


@pytest.mark.slow
def test_a_damaged_entry_hides_no_other() -> None:
    """Pillow warns of tags that end after the file, and raises on some."""
    exif = Image.Exif()
    exif[0x010E] = "x" * 400
    whole = exif.tobytes()
    for length in (10, 14, 20, 60, len(whole) // 2):
        photo = saved("WEBP", exif=whole[:length], xmp=FORMS["an attribute"])
        found = [statement.where for statement in report(photo).credential.statements]
        assert found == ["XMP DigitalSourceType"]


@pytest.mark.slow
def test_many_large_packets_are_bounded() -> None:
    """What is too long to be parsed is searched for IPTC's words."""
    filler = packet(content="<a>x</a>" * 60_000)
    found = list(properties([filler] * 20 + [FORMS["an attribute"]]))
    assert found[-1].value == "trainedAlgorithmicMedia"
    assert len(found) < 200_000


def test_entries_of_an_archive_s_file_are_in_every_report(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(saved("JPEG", xmp=FORMS["an attribute"]))
    with Verifier.facts_only() as verifier:
        found = verifier.analyze(photo)
    sentence = found.credential.statements[0].words
    assert sentence in " ".join(found.to_text().split())
    assert sentence in found.to_html()
    assert "Declared generated by an unsigned entry" in found.to_html()
