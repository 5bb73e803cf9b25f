"""The device's boot: from the root of trust in its fuses to a network that may develop photos.

Each slot in turn: the bundle in its one form, every file by digest, developer and release
signatures up to the vendor's root, no signer revoked, for this camera, not older than the device
has run, and a self-test through the network. The first that passes boots; the anti-rollback fuse is
burnt only then. Each step is measured into the boot log. What fails after the boot, while a photo
is developed, is `fallback`'s.
"""

from dataclasses import dataclass
from pathlib import Path

from camera_sim.device import durable
from camera_sim.device.device import Device
from camera_sim.device.firmware import Firmware
from camera_sim.device.one_time_memory import LIST_STEP, VERSION_STEP, Fuses, check_step
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import (
    CameraSimError,
    DeviceError,
    IdentityError,
    InferenceError,
    WeightsError,
)
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import REVOKED
from channel.regular_file import read_regular
from firmware_export import archive, self_test
from firmware_export.boot_log import BootLog, Recorder, read_log
from firmware_export.bundle import Bundle, opened
from firmware_export.errors import BootError, BundleError, FirmwareError, RollbackError
from firmware_export.slots import OTHER, Slot, Slots, State


@dataclass(frozen=True)
class Booted:
    """A finished boot.

    Attributes
    ----------
    refused
        Why slots that were tried before did not boot.
    """

    slot: Slot
    bundle: Bundle
    log: BootLog
    refused: tuple[str, ...] = ()


def install(device: Device, image: Path) -> Slot:
    """Put a bundle into the slot that is not in use, if this device may run it.

    Raises
    ------
    FirmwareError
        If it may not; the device is left as it was.
    """
    data = archive.read_file(image)
    try:
        check(device, opened(data), Recorder())
    except (FirmwareError, CameraSimError) as error:
        kind = type(error) if isinstance(error, FirmwareError) else BootError
        raise kind(f"{image} is refused: {error}") from error
    with durable.locked(device.folder):
        slots = Slots(device.folder)
        _prove(device, slots)
        return slots.install(data)


def _prove(device: Device, slots: Slots) -> None:
    """Run the image that booted last, if no photo did, before the one that ran earlier goes.

    Where it fails, and the other could boot, it is the one to be written over.
    """
    state = slots.state()
    if state is None or state.trial or state.active in state.ran:
        return
    try:
        check(device, opened(archive.read_file(slots.image(OTHER[state.active]))), Recorder())
    except (FirmwareError, CameraSimError):
        return  # there is nothing to be kept
    try:
        run_in(opened(archive.read_file(slots.image(state.active))))
    except Exception:  # whatever it is, that image is not one to rely on
        slots.choose(state.model_copy(update={"active": OTHER[state.active]}))


def run_in(bundle: Bundle) -> None:
    """Run the network that runs by default on tiles as large as a photo's.

    Raises
    ------
    BootError
        If it fails.
    """
    model = bundle.models()[bundle.manifest.default_precision]
    try:
        self_test.run_in(OnnxRuntimeEngine(model))
    except (WeightsError, InferenceError) as error:
        raise BootError(f"its {model.precision} model fails on a photo's tiles: {error}") from error


def boot(device: Device) -> Booted:
    """Boot: the active slot, or the other one where that fails.

    Raises
    ------
    BootError
        If neither boots, with the reason for each.
    """
    with durable.locked(device.folder):
        slots, recorder = Slots(device.folder), Recorder()
        refused: list[str] = []
        for slot in slots.order():
            try:
                bundle = attempt(device, slots, slot, recorder)
            except Exception as error:  # whatever it is, the other slot may be sound
                refused.append(f"slot {slot}: {_words(error)}")
                recorder.measure("refused", refused[-1])
            else:
                log = _settle(device, slots, slot, bundle, recorder, fell_back=bool(refused))
                return Booted(slot, bundle, log, tuple(refused))
    if not refused:
        raise BootError(
            f"{device.folder} holds no firmware; install some with "
            f"`camsim boot BUNDLE --device {device.folder}`"
        )
    raise BootError(f"{device.folder} does not boot: {'; '.join(refused)}")


def _words(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    ours = isinstance(error, FirmwareError | CameraSimError)
    return " ".join((str(error) if ours else f"{type(error).__name__}: {error}").split())


def attempt(device: Device, slots: Slots, slot: Slot, recorder: Recorder) -> Bundle:
    """Do all that a slot must pass to boot.

    Raises
    ------
    FirmwareError
        With the reason.
    """
    path = slots.image(slot)
    if not path.exists():
        raise BootError("it is empty")
    bundle = opened(archive.read_file(path))
    check(device, bundle, recorder)
    run_self_tests(bundle, recorder)
    if bundle.manifest.security_version > device.fuses.security_version:
        run_in(bundle)  # there is no way back once the fuse is burnt
    return bundle


def check(device: Device, bundle: Bundle, recorder: Recorder) -> None:
    """Check all that can be known of a bundle without running it.

    Raises
    ------
    FirmwareError
        With the reason.
    """
    fuses, manifest = device.fuses, bundle.manifest
    recorder.measure("one-time memory", f"device {fuses.serial}", fuses.root_sha256)
    recorder.measure(
        "bundle",
        f"{manifest.pipeline} {manifest.version}, security version {manifest.security_version}",
        bundle.sha256,
    )
    signers = bundle.verify(device.root(), device.revocation_lists(), fuses.list_numbers)
    for role, certificate in sorted(signers.items()):
        recorder.measure("signer", f"{role} {certificate.serial_number:040x}")
    _check_is_for(bundle, fuses)
    for part in manifest.models:
        recorder.measure("model", part.path, part.sha256)
    for engine in manifest.engines:
        recorder.measure("engine", engine.key.words, engine.sha256)


def _check_is_for(bundle: Bundle, fuses: Fuses) -> None:
    manifest = bundle.manifest
    if manifest.camera != fuses.camera:
        raise BundleError(f"it is for the camera {manifest.camera!r}, this is a {fuses.camera!r}")
    if manifest.security_version < fuses.security_version:
        raise RollbackError(
            f"its security version is {manifest.security_version}, and this device has run "
            f"{fuses.security_version}: going back is not possible"
        )
    try:
        check_step("security version", fuses.security_version, manifest.security_version,
                   VERSION_STEP)  # fmt: skip
    except DeviceError as error:
        raise BundleError(str(error)) from error


def run_self_tests(bundle: Bundle, recorder: Recorder) -> None:
    """Have the network that runs by default answer its question.

    Raises
    ------
    BootError
        If it has none, or answers otherwise.
    """
    manifest = bundle.manifest
    default = manifest.default_precision
    tests = [test for test in manifest.self_tests if test.precision == default]
    if not tests:
        raise BootError(f"it holds no self-test of its {default} model")
    for test in tests:
        try:
            engine = OnnxRuntimeEngine(bundle.models()[test.precision])
            expected = bundle.members[test.path]
            self_test.check(engine, expected, test.largest, test.mean)
        except (WeightsError, InferenceError) as error:
            raise BootError(f"its {default} model does not run: {error}") from error
        recorder.measure("self-test", f"{test.precision}: passed", test.sha256)


def _settle(
    device: Device, slots: Slots, slot: Slot, bundle: Bundle, recorder: Recorder, *, fell_back: bool
) -> BootLog:
    """Keep what booted: the slot, the log, and at last the fuse that forbids anything older."""
    _keep_state(slots, slot)
    log = write_log(slots, slot, bundle, recorder, fell_back=fell_back)
    fuses = device.fuses
    if bundle.manifest.security_version > fuses.security_version:
        version = bundle.manifest.security_version
        device.memory.burn(fuses.model_copy(update={"security_version": version}))
    return log


def _keep_state(slots: Slots, slot: Slot) -> None:
    try:
        state = slots.state()
    except BootError:  # damaged: which slot boots is known again
        state = None
    settled = State(active=slot, ran=state.ran if state else ())
    if state != settled:
        slots.choose(settled)


def write_log(
    slots: Slots, slot: Slot, bundle: Bundle, recorder: Recorder, *, fell_back: bool
) -> BootLog:
    """Finish and keep the log of a boot."""
    if fell_back:
        recorder.measure("fallback", f"to slot {slot}")
    recorder.measure("booted", f"slot {slot}", bundle.sha256)
    log = BootLog(slot=slot, bundle_sha256=bundle.sha256, entries=tuple(recorder.entries))
    durable.write_whole(slots.log, log.content())
    return log


def booted(device: Device) -> Firmware:
    """Return the firmware that a device last booted, checked once more.

    The slot's file must still be, byte for byte, what was measured.

    Raises
    ------
    BootError
        If the device has not booted, or something was exchanged since.
    """
    slots = Slots(device.folder)
    try:
        log = read_log(slots.log.read_bytes())
    except OSError as error:
        raise BootError(
            f"{device.folder} has not booted; run `camsim boot --device {device.folder}`"
        ) from error
    try:
        bundle = opened(archive.read_file(slots.image(log.slot)))
        if bundle.sha256 != log.bundle_sha256:
            raise BootError("it is not what booted; boot again")
        check(device, bundle, Recorder())
    except (FirmwareError, CameraSimError) as error:
        raise BootError(f"the firmware in slot {log.slot} is refused: {error}") from error
    return Firmware(
        pipeline=bundle.manifest.pipeline,
        pair=bundle.manifest.pair,
        models=bundle.models(),
        default=bundle.manifest.default_precision,
        bundle_sha256=bundle.sha256,
        boot_log_sha256=log.sha256,
        engines=bundle.engines(),
        slot=log.slot,
    )


def update_revocation_lists(device: Device, path: Path) -> None:
    """Take newer revocation lists, and burn that nothing older is taken again.

    Raises
    ------
    BootError
        If they cannot be read, are not the vendor's, or are older than those held.
    """
    try:
        new = RevocationLists(read_regular(path), path)
    except OSError as error:
        raise BootError(f"{path} cannot be read: {error.strerror}") from error
    with durable.locked(device.folder):
        fuses, numbers = device.fuses, _verified_numbers(device, new)
        if set(numbers) != set(fuses.list_numbers):
            raise BootError(f"{path} holds the lists of another vendor")
        for name, old in fuses.list_numbers.items():
            _check_list_step(path, name, old, numbers[name])
        durable.write_whole(device.folder / REVOKED, new.content)
        device.memory.burn(fuses.model_copy(update={"list_numbers": numbers}))


def _verified_numbers(device: Device, lists: RevocationLists) -> dict[str, int]:
    try:
        return lists.verify(device.authorities())
    except IdentityError as error:
        raise BootError(str(error)) from error


def _check_list_step(path: Path, issuer: str, old: int, new: int) -> None:
    if new < old:
        raise BootError(
            f"{path} is older than what the device holds: the list of {issuer} is number {new}, "
            f"and number {old} was seen before"
        )
    try:
        check_step("number of a revocation list", old, new, LIST_STEP)
    except DeviceError as error:
        raise BootError(f"{path} is refused: {error}") from error
