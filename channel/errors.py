"""What can go wrong in the channel, as one tree.

::

    ChannelError
"""


class ChannelError(Exception):
    """Root of everything that this package raises on purpose."""
