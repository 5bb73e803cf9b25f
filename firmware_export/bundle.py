"""Firmware bundles: build, sign, open, verify.

A bundle (``.camfw``) is an archive of one form (`archive`) with a signed statement
(``envelope.json``, DSSE) whose payload is the manifest; the manifest names every other file by
digest. The certificates of its signers are the only files that it does not name: they prove
themselves, or nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from camera_sim.device.firmware import FirmwareModel, Precision
from camera_sim.engines.engine_key import check_plan, read_key
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import CredentialError, EngineError, InferenceError, WeightsError
from camera_sim.signing import envelope
from camera_sim.signing.certificates import Role
from camera_sim.signing.identity import Identity
from camera_sim.signing.revocation import RevocationLists
from channel.errors import ModelFileError
from channel.onnx_file import check_whole
from firmware_export import archive, self_test, signatures
from firmware_export.errors import ArchiveError, BundleError, SignatureError
from firmware_export.manifest import EnginePart, Manifest, ModelPart, Part, SelfTest, read_manifest
from firmware_export.parity_report import ParityReport
from firmware_export.signatures import Chain

ENVELOPE = "envelope.json"
Members = dict[str, bytes]


@dataclass(frozen=True)
class Release:
    """What a bundle is to be, apart from its files; see `manifest.Manifest`."""

    camera: str
    version: str
    security_version: int
    pipeline: str
    pair: str | None = None
    fan_sha256: str | None = None


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: in its one form, each file as the manifest says; not yet trusted.

    Attributes
    ----------
    sha256
        Of the whole file.
    signatures, chains
        By key id.
    """

    sha256: str
    manifest: Manifest
    payload: bytes
    members: Mapping[str, bytes]
    signatures: Mapping[str, bytes]
    chains: Mapping[str, Chain]

    def verify(
        self,
        root: x509.Certificate,
        lists: RevocationLists | None,
        floors: Mapping[str, int] | None = None,
        at: datetime | None = None,
    ) -> dict[Role, x509.Certificate]:
        """Check who signed it; see `signatures.verify`.

        Raises
        ------
        SignatureError
            With the reason.
        """
        return signatures.verify(
            self.payload, self.signatures, self.chains, root, lists, floors, at
        )

    def models(self) -> dict[Precision, FirmwareModel]:
        """Return its dynamic networks by precision."""
        return {
            part.precision: FirmwareModel(
                part.path, part.sha256, part.precision, part.size, self.members[part.path]
            )
            for part in self.manifest.models
            if part.tile is None
        }

    def engines(self) -> dict[str, tuple[str, bytes]]:
        """Return its engines: key and content by file name."""
        return {
            part.path: (part.key.model_dump_json(), self.members[part.path])
            for part in self.manifest.engines
        }


def built(
    release: Release,
    models: Mapping[str, FirmwareModel],
    default: Precision,
    parity: tuple[ParityReport, ...] = (),
    engines: Mapping[str, tuple[str, bytes]] | None = None,
    others: Mapping[str, bytes] | None = None,
    tiles: Mapping[str, tuple[int, int]] | None = None,
) -> bytes:
    """Return an unsigned bundle; equal arguments give equal bytes.

    Parameters
    ----------
    models
        By file name.
    default
        The precision that runs unless another is asked for.
    engines
        Engines' files: key and content by file name.
    others
        Timing caches and the like.
    tiles
        The one tile of each static-shape model, by file name.

    Raises
    ------
    BundleError
        If a model is damaged, or the default is not among them.
    """
    members: Members = {}
    parts = [_add_model(members, name, model, (tiles or {}).get(name))
             for name, model in sorted(models.items())]  # fmt: skip
    tests = [
        _add_self_test(members, model)
        for name, model in sorted(models.items())
        if name not in (tiles or {})
    ]
    plans = [_add_engine(members, name, *pair) for name, pair in sorted((engines or {}).items())]
    rest = [_add(members, f"other/{name}", data) for name, data in sorted((others or {}).items())]
    manifest = Manifest(
        camera=release.camera,
        version=release.version,
        security_version=release.security_version,
        pipeline=release.pipeline,
        pair=release.pair,
        fan_sha256=release.fan_sha256,
        default_precision=default,
        models=tuple(parts),
        self_tests=tuple(tests),
        engines=tuple(plans),
        others=tuple(rest),
        parity=parity,
    )
    if manifest.model(default) is None:
        raise BundleError(f"there is no dynamic {default} model to run by default")
    _check_engines(manifest)
    members[ENVELOPE] = envelope.sealed(manifest.canonical(), signatures.KIND, {})
    return archive.packed(members)


def _add(members: Members, path: str, data: bytes) -> Part:
    if path in members:
        raise BundleError(f"two files would be called {path}")
    members[path] = data
    return Part(path=path, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def _add_model(
    members: Members, name: str, model: FirmwareModel, tile: tuple[int, int] | None
) -> ModelPart:
    _check_whole(f"models/{name}", model.content)
    part = _add(members, f"models/{name}", model.content)
    return ModelPart(**part.model_dump(), precision=model.precision, size=model.size, tile=tile)


def _add_self_test(members: Members, model: FirmwareModel) -> SelfTest:
    try:
        expected = self_test.answer(OnnxRuntimeEngine(model)).tobytes()
    except (WeightsError, InferenceError) as error:
        raise BundleError(str(error)) from error
    part = _add(members, f"self-test/{model.precision}.rgb", expected)
    return SelfTest(
        **part.model_dump(),
        precision=model.precision,
        largest=self_test.LARGEST,
        mean=self_test.MEAN,
    )


def _add_engine(members: Members, name: str, key: str, plan: bytes) -> EnginePart:
    try:
        built_for = read_key(key, name)
        check_plan(built_for, plan)
    except EngineError as error:
        raise BundleError(str(error)) from error
    part = _add(members, f"engines/{name}", plan)
    return EnginePart(**part.model_dump(), key=built_for)


def signed(data: bytes, by: Identity) -> bytes:
    """Return a bundle with one more signature.

    Raises
    ------
    BundleError
        If it is no bundle, or the identity may not sign.
    """
    bundle = opened(data)
    sealed, signer = signatures.signed(bundle.payload, bundle.signatures, by)
    if signer in bundle.signatures:
        raise SignatureError("this key has signed it already")
    return archive.packed({**bundle.members, ENVELOPE: sealed, **signatures.to_der(by.chain)})


def opened(data: bytes) -> Bundle:
    """Open a bundle and check everything but who signed it.

    Raises
    ------
    BundleError
        With the reason.
    """
    members = archive.unpacked(data)
    if ENVELOPE not in members:
        raise ArchiveError(f"it has no {ENVELOPE}")
    try:
        payload, held = envelope.opened(members[ENVELOPE], signatures.KIND)
    except CredentialError as error:
        raise SignatureError(str(error)) from error
    manifest = read_manifest(payload)
    _check_parts(manifest, members)
    return Bundle(
        hashlib.sha256(data).hexdigest(),
        manifest,
        payload,
        members,
        held,
        signatures.chains(members),
    )


def _check_parts(manifest: Manifest, members: Mapping[str, bytes]) -> None:
    for part in manifest.parts():
        if part.path not in members:
            raise BundleError(f"its manifest names {part.path}, and it does not hold it")
        content = members[part.path]
        if hashlib.sha256(content).hexdigest() != part.sha256 or len(content) != part.bytes:
            raise BundleError(f"{part.path} is not the file that its manifest describes")
    for model in manifest.models:
        _check_whole(model.path, members[model.path])
    _check_engines(manifest)
    known = {part.path for part in manifest.parts()} | {ENVELOPE}
    foreign = [n for n in members if n not in known and not n.startswith(signatures.FOLDER)]
    if foreign:
        raise BundleError(f"it holds {foreign[0]}, which its manifest does not name")
    if manifest.model(manifest.default_precision) is None:
        raise BundleError(f"it has no {manifest.default_precision} model to run")


def _check_engines(manifest: Manifest) -> None:
    """Check that each engine was built from a model that is here, and is the one of its key."""
    models = {model.sha256 for model in manifest.models}
    for part in manifest.engines:
        if part.key.plan_sha256 != part.sha256:
            raise BundleError(f"{part.path} is not the engine that its key describes")
        if part.key.model_sha256 not in models:
            raise BundleError(
                f"{part.path} was built from the model {part.key.model_sha256[:12]}…, which the "
                "bundle does not hold"
            )


def _check_whole(path: str, content: bytes) -> None:
    try:
        check_whole(content)
    except ModelFileError as error:
        raise BundleError(f"{path} is no whole model: {error}") from error


def read_bundle(path: Path) -> Bundle:
    """Open a bundle's file.

    Raises
    ------
    BundleError
        With the file's name and the reason.
    """
    data = archive.read_file(path)
    try:
        return opened(data)
    except BundleError as error:
        raise type(error)(f"{path} is refused: {error}") from error
