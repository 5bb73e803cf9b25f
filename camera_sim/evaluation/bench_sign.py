"""What signing costs beside developing: token, hashes, manifest, signature, and writing it."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from camera_sim.developing.credential import Development, Signing
from camera_sim.developing.files import Job, Options, develop_file, open_engine
from camera_sim.device.device import DEFAULT_CAMERA, Device, provision
from camera_sim.evaluation.bench import ROUNDS, SIZES, write_sample
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.identity import Secrets, open_identity
from camera_sim.signing.keys import ALGORITHMS, Algorithm, SoftwareKey
from camera_sim.signing.vendor import Vendor


@dataclass(frozen=True)
class SigningCost:
    """Medians over rounds, in seconds.

    Attributes
    ----------
    developing
        From the RAW file to the unsigned JPEG on disk.
    signing
        All that a signed one takes beside that.
    """

    algorithm: Algorithm
    megapixels: float
    developing: float
    signing: float


def bench_sign(pipeline: str, size: int) -> Iterator[SigningCost]:
    """Develop a capture of a simulated device and sign it as one, with each algorithm."""
    width, height = SIZES[size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vendor = Vendor.create(folder / "vendor", "Benchmark", "ed25519", None)
        for algorithm in ALGORITHMS:
            key = SoftwareKey.generate(algorithm)
            device = provision(folder / algorithm, vendor, DEFAULT_CAMERA, key, Secrets())
            rounds = [
                _round(device, pipeline, folder / f"{n}.dng", width, height) for n in range(ROUNDS)
            ]
            developing, signing = (median(column) for column in zip(*rounds, strict=True))
            yield SigningCost(algorithm, width * height / 1e6, developing, signing)


def _round(
    device: Device, pipeline: str, raw: Path, width: int, height: int
) -> tuple[float, float]:
    write_sample(raw, width, height, device.attest)
    engine = open_engine(pipeline)
    identity = open_identity(device.identity_folder, Secrets())
    made = Development(pipeline=pipeline, pair=None, weights_sha256=None, engine=engine.name,
                       precision="fp32")  # fmt: skip
    signing = Signing(lambda: identity, made, device, captures_only=True)
    photo = raw.with_suffix(".jpg")
    moments = [time.perf_counter()]
    origin = signing.origin(RawFile.read(raw))
    moments.append(time.perf_counter())
    develop_file(Job(raw, photo), Options(pipeline=pipeline, force=True), engine)
    moments.append(time.perf_counter())
    signing.finish(photo.read_bytes(), "jpeg", origin, photo, force=True)
    moments.append(time.perf_counter())
    before, developing, after = (end - start for start, end in pairwise(moments))
    raw.unlink()
    return developing, before + after
