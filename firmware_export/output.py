"""Writing results: each whole or not at all, and never over existing files unless asked to."""

from collections.abc import Mapping
from pathlib import Path

from camera_sim.developing.output import check_absent
from camera_sim.device import durable


def write_results(folder: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write files into a folder, once it is known that none is in the way.

    Raises
    ------
    OutputError
        If one exists and ``force`` is not given, or cannot be written.
    """
    for name in files:
        check_absent(folder / name, force=force)
    for name, data in files.items():
        durable.write_whole(folder / name, data)


def write_result(path: Path, data: bytes, *, force: bool) -> None:
    """Write one file; see `write_results`."""
    write_results(path.parent, {path.name: data}, force=force)
