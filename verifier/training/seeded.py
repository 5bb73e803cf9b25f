"""torch made ready for a training: its threads, and its seed."""

import torch


def make_ready(seed: int, threads: int | None) -> None:
    """Seed torch, and have it use so many threads; None: every core."""
    torch.set_num_threads(threads or torch.get_num_threads())
    torch.manual_seed(seed)
