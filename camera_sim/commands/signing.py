"""The part of `camsim develop`` that says which network runs, on what, and who signs."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

from cyclopts import Parameter

from camera_sim import weights
from camera_sim.commands import watermarking
from camera_sim.commands.secrets import PassphraseOptions, secrets
from camera_sim.commands.watermarking import WatermarkOptions
from camera_sim.developing.credential import Development, Signing
from camera_sim.developing.developer import Developer
from camera_sim.developing.files import open_engine
from camera_sim.device.device import Device
from camera_sim.device.firmware import Firmware, FirmwareSource, Precision
from camera_sim.device.one_photo import settle
from camera_sim.engines import Engine
from camera_sim.engines.opening import DEFAULT_ENGINE, ENGINES, Where, find_engine, open_network
from camera_sim.errors import CameraSimError, DeviceError, PipelineError
from camera_sim.pipelines import DEFAULT_PIPELINE, PIPELINES, find_pipeline
from camera_sim.signing.identity import Identity, Secrets, open_identity, take_photo_identity
from channel.terminal import complain

_ENGINES = "; ".join(f"{kind.name}: {kind.summary}" for kind in ENGINES.values())
_PIPELINES = "; ".join(f"{p.name}: {p.summary}" for p in PIPELINES.values())


@dataclass(frozen=True)
class DevelopingOptions(PassphraseOptions, WatermarkOptions):
    """Which network runs, on what, and who signs.

    Parameters
    ----------
    weights
        Folder of weights with a manifest (default: those shipped).
    device
        Develop as this simulated device: by the firmware that it booted, signed by its key.
    identity
        Sign by this identity, without a device: as opened, never as a capture.
    captures_only
        Refuse RAW files that the device's sensor does not vouch for.
    certificate_per_photo
        Sign each photo by a one-time certificate (identity issue --photos).
    timestamp
        Have signatures dated by this RFC 3161 authority (default: none).
    engines
        Folder of engines made by camsim firmware engine, for those that run files.
    fall_back
        Run ONNX Runtime where another engine cannot, and say so.
    precision
        Which model of the device's firmware.
    """

    firmware: ClassVar[FirmwareSource]
    """Knows what a device booted."""

    _: KW_ONLY
    pipeline: Annotated[
        str | None, Parameter(help=f"One of these (default {DEFAULT_PIPELINE}). {_PIPELINES}.")
    ] = None
    weights: Path | None = None
    device: Path | None = None
    identity: Path | None = None
    captures_only: bool = False
    certificate_per_photo: bool = False
    timestamp: str | None = None
    engine: Annotated[str, Parameter(help=f"What runs the network: one of these. {_ENGINES}.")] = (
        DEFAULT_ENGINE
    )
    engines: Path | None = None
    fall_back: bool = False
    precision: Precision | None = None


def developer(args: DevelopingOptions) -> Developer:
    """Open what develops and who signs.

    Raises
    ------
    CameraSimError
        If the arguments contradict each other, or something cannot be opened.
    """
    watermarking.check(args)
    find_engine(args.engine)
    if args.device:
        return _as_device(args, args.device)
    for name in ("precision", "captures_only", "certificate_per_photo"):
        if getattr(args, name):
            raise DeviceError(f"--{name.replace('_', '-')} goes with --device")
    folder = args.weights or weights.FOLDER
    pipeline = find_pipeline(args.pipeline or weights.default_pipeline(folder))
    if not pipeline.is_neural:
        if args.engine != DEFAULT_ENGINE:
            raise PipelineError(f"{pipeline.name} is no network; --engine goes with one")
        engine: Engine = open_engine(pipeline.name)
        made = Development(pipeline=pipeline.name, pair=None, weights_sha256=None,
                           engine=engine.name, precision="fp64")  # fmt: skip
    else:
        entry = weights.read_manifest(folder).find(pipeline.name)
        engine = network = open_network(entry, folder, _where(args))
        made = Development(pipeline=pipeline.name, pair=entry.pair, weights_sha256=entry.sha256,
                           engine=network.name, precision=network.precision or "fp32",
                           engine_sha256=network.engine_sha256)  # fmt: skip
    fall_back = (lambda _: developer(_on_processor(args))) if _may_fall_back(args, engine) else None
    signing = None
    if args.identity:
        identity = open_identity(args.identity, secrets(args))
        signing = Signing(lambda: identity, made, timestamp_authority=args.timestamp)
    marking = watermarking.of_user(args, engine, pipeline.name)
    return Developer(pipeline.name, engine, signing, fall_back, watermarking=marking)


def _as_device(args: DevelopingOptions, folder: Path) -> Developer:
    """Run what booted, and nothing else."""
    for name in ("pipeline", "weights", "identity", "engines"):
        if getattr(args, name):
            raise DeviceError(f"--device runs what it booted; --{name} cannot be chosen with it")
    device = Device.open(folder)
    for words in settle(device):
        warn(words)
    return _of_firmware(args, device, args.firmware.booted(device), can_fall_back=True)


def _of_firmware(
    args: DevelopingOptions, device: Device, firmware: Firmware, *, can_fall_back: bool
) -> Developer:
    """Open a firmware's network; it may fall back to the other slot's, and that one no further."""
    source = args.firmware
    model = firmware.model(args.precision)
    engine = open_network(model, Path(), _where(args), firmware.engines, model.precision)
    made = Development(
        pipeline=firmware.pipeline,
        pair=firmware.pair,
        weights_sha256=model.sha256,
        engine=engine.name,
        precision=engine.precision or model.precision,
        engine_sha256=engine.engine_sha256,
        bundle_sha256=firmware.bundle_sha256,
        boot_log_sha256=firmware.boot_log_sha256,
    )
    signing = Signing(
        _identities(device, secrets(args), one_each=args.certificate_per_photo),
        made,
        device,
        args.captures_only,
        args.timestamp,
    )

    def fall_back(reason: str) -> Developer:
        if _may_fall_back(args, engine):
            words = _on_processor(args)
            return _of_firmware(words, device, firmware, can_fall_back=can_fall_back)
        return _of_other_slot(args, device, firmware, reason)

    return Developer(
        firmware.pipeline,
        engine,
        signing,
        fall_back if can_fall_back or _may_fall_back(args, engine) else None,
        lambda: source.take_back(device, firmware),
        lambda: source.has_run(device, firmware),
        f"slot {firmware.slot}",
        watermarking.of_device(args, engine, firmware.pipeline, device),
    )


def _of_other_slot(
    args: DevelopingOptions, device: Device, failed: Firmware, reason: str
) -> Developer:
    source = args.firmware
    other = source.fall_back(device, failed, reason)
    try:
        return _of_firmware(args, device, other, can_fall_back=False)
    except CameraSimError:
        source.take_back(device, failed)
        raise


def _may_fall_back(args: DevelopingOptions, engine: Engine) -> bool:
    return args.fall_back and engine.name in ENGINES and engine.name != DEFAULT_ENGINE


def _on_processor(args: DevelopingOptions) -> DevelopingOptions:
    """Return the arguments with ONNX Runtime in the other engine's place."""
    return replace(args, engine=DEFAULT_ENGINE)


def _identities(device: Device, opened_by: Secrets, *, one_each: bool) -> Callable[[], Identity]:
    if one_each:
        return lambda: take_photo_identity(device.identity_folder, opened_by)
    identity = open_identity(device.identity_folder, opened_by)
    return lambda: identity


def _where(args: DevelopingOptions) -> Where:
    return Where(args.engine, args.engines, args.fall_back, warn)


def warn(text: str) -> None:
    """Say something that stops nothing."""
    complain(text)
