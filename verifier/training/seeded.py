"""torch made ready for a training: its memory, its threads, and its seed."""

import ctypes
import sys
from typing import Final

import torch

# Of glibc's mallopt: its numbers of M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_MAX, and values.
_KEEPING: Final = ((-1, 2**31 - 1), (-2, 256 * 2**20), (-4, 0))


def make_ready(seed: int, threads: int | None) -> None:
    """Seed torch, and have it use so many threads; None: every core."""
    keep_memory()
    torch.set_num_threads(threads or torch.get_num_threads())
    torch.manual_seed(seed)


def keep_memory() -> None:
    """Have the C library keep memory that is freed, where it is glibc.

    A step of a training takes and gives back the same gigabyte. By default it is returned to the
    kernel each time, which takes a third of the time of small networks.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for setting, value in _KEEPING:
            library.mallopt(setting, value)
