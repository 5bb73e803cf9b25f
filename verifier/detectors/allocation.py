"""What several threads allocate lies together, so that memory that is free is used again.

The GNU C library gives threads heaps of their own, eight for each core. Each grows to the largest
temporary array of its thread: of twelve megapixels that is some hundred megabytes more.
"""

import ctypes
import os
from typing import Final

_M_ARENA_MAX: Final = -8  # of malloc.h
_HEAPS: Final = 2


def share_heaps() -> bool:
    """Have threads that start from now on share two heaps; return whether that could be asked.

    Whoever set ``MALLOC_ARENA_MAX`` has decided; other C libraries have no such heaps.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    try:
        ask = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no GNU C library, or Windows
        return False
    return bool(ask(_M_ARENA_MAX, _HEAPS))
