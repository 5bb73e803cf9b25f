"""What layers compute in while they are trained."""

from contextlib import AbstractContextManager, nullcontext

import torch


def autocast_of(bfloat16: bool) -> torch.dtype | None:
    """Return bfloat16 where it is wanted and oneDNN, which computes, has it; None is float32.

    With instructions of its own bfloat16 is 2 to 4 times faster. A processor without them emulates
    it, ten times slower than float32.
    """
    native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if bfloat16 and native else None


def autocast(bfloat16: bool) -> AbstractContextManager[object]:
    """Return the context in which layers compute in `autocast_of`."""
    dtype = autocast_of(bfloat16)
    return torch.autocast("cpu", dtype) if dtype else nullcontext()
