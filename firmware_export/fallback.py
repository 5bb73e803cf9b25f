"""Falling back after the boot: a model that fails while a photo is developed.

The other slot boots, in full, and develops the photo; the log says why. It stays until the next
boot. Where the failing image never developed a photo since it was written, it is not tried first
again. Where the other slot's model fails at the same frame, the frame is at fault, and no slot.
"""

from pathlib import Path
from typing import cast

from camera_sim.device import durable
from camera_sim.device.device import Device
from camera_sim.device.firmware import Firmware, FirmwareSource
from camera_sim.errors import CameraSimError, DeviceError
from firmware_export.boot import attempt, booted, write_log
from firmware_export.boot_log import Recorder
from firmware_export.errors import BootError, FirmwareError
from firmware_export.slots import OTHER, Slot, Slots, State


class SlotFirmware(FirmwareSource):
    """Firmware out of a device's two slots."""

    def __init__(self) -> None:
        self._logs: dict[Path, bytes] = {}

    def booted(self, device: Device) -> Firmware:
        """Return the firmware that a device last booted; see `boot.booted`."""
        return booted(device)

    def fall_back(self, device: Device, failed: Firmware, reason: str) -> Firmware:
        """Boot the other slot; see `FirmwareSource.fall_back`."""
        slots, slot = Slots(device.folder), cast(Slot, failed.slot)
        recorder = Recorder()
        recorder.measure("refused", f"slot {slot}: it failed while it developed: {reason}")
        try:
            with durable.locked(device.folder):
                bundle = attempt(device, slots, OTHER[slot], recorder)
                self._logs[device.folder] = slots.log.read_bytes()
                write_log(slots, OTHER[slot], bundle, recorder, fell_back=True)
            return booted(device)
        except (FirmwareError, CameraSimError, OSError) as error:
            raise DeviceError(
                f"slot {OTHER[slot]}, to fall back to, is refused: {error}"
            ) from error

    def take_back(self, device: Device, failed: Firmware) -> None:
        """Put the log of the slot that failed back; see `FirmwareSource.take_back`."""
        log = self._logs.pop(device.folder, None)
        if log is not None:
            with durable.locked(device.folder):
                durable.write_whole(Slots(device.folder).log, log)

    def has_run(self, device: Device, firmware: Firmware) -> None:
        """Note that a photo was developed; see `FirmwareSource.has_run`."""
        slots, slot = Slots(device.folder), cast(Slot, firmware.slot)
        if _after(slots, slot) is None:
            return
        with durable.locked(device.folder):
            state = _after(slots, slot)
            if state is not None:
                slots.choose(state)


def _after(slots: Slots, slot: Slot) -> State | None:
    """Return the state once a slot's image has run; None where it stays as it is."""
    try:
        state = slots.state()
    except BootError:
        return None  # damaged; the next boot mends it
    if state is None or state.trial:  # what is on trial since is another's affair
        return None
    changed = state.having_run(slot)
    if slot != state.active and state.active not in state.ran:
        changed = changed.model_copy(update={"active": slot})
    return None if changed == state else changed
