"""Make `assets/unpacks-to-40-mb.c2pa`: a manifest store of 2 kB whose manifest unpacks to 40 MB.

Run as ``python -m tests.verifier.reading.credentials.compressed_bomb``: ten seconds of a core. That
its signer's certificates end some day is no matter, for it is refused before.
"""

from io import BytesIO
from pathlib import Path

import c2pa

from tests.verifier.reading.credentials.test_coverage import coded
from tests.verifier.signing import make_chain
from verifier.reading.credentials.store_bytes import manifest_store_of

FILE = Path(__file__).with_name("assets") / "unpacks-to-40-mb.c2pa"
SIZE = 40 << 20


def packed(size: int) -> bytes:
    """Sign a picture with a thumbnail of so many zeros, and return its manifest store."""
    chain, out = make_chain(), BytesIO()
    packing = {"prefer_compress_manifests": True, "max_decompressed_manifest_size_in_mb": 500}
    settings = {"verify": {"verify_after_sign": False}, "core": packing}
    thumbnail = {"format": "image/jpeg", "identifier": "t.jpg"}
    info = c2pa.C2paSignerInfo(b"es256", chain.certificates, chain.key, None)
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder({"thumbnail": thumbnail}, context) as builder,
    ):
        builder.add_resource("t.jpg", BytesIO(bytes(size)))
        builder.sign(signer, "image/png", BytesIO(coded("image/png")), out)
    store = manifest_store_of(out.getvalue(), "image/png")
    assert store is not None
    return store


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(packed(SIZE))
