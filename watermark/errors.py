"""What can go wrong with a watermark's keys and payloads."""


class WatermarkError(Exception):
    """A key that can't be read or stored, or a payload that isn't one."""
