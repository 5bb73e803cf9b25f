"""``camsim develop``, by the firmware that a device booted."""

from camera_sim.commands import develop
from firmware_export.fallback import SlotFirmware


class Develop(develop.Develop):  # noqa: D101 - as the class that it is
    __doc__ = develop.Develop.__doc__
    firmware = SlotFirmware()
