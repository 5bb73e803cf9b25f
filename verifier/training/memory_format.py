"""A network's weights in another order in memory. Needs torch."""

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def in_format(network: Network, memory_format: torch.memory_format) -> Network:
    """Lay the weights of a network out otherwise, in place, and return it.

    ``torch.channels_last`` computes convolutions two to four times faster on a CPU;
    ``torch.contiguous_format`` is what an export wants. `nn.Module.to` does the same, but its
    types know no ``memory_format``.
    """
    network.to(memory_format=memory_format)  # type: ignore[call-overload]
    return network
