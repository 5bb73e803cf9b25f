"""``camsim bench transmit`` and ``bench jpeg``."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.extras import of_extra
from channel.options import Count
from channel.terminal import console


@dataclass(frozen=True)
class BenchTransmit:
    """Speed beside the same steps in bare Pillow.

    Parameters
    ----------
    runs
        Repetitions, of which the fastest.
    """

    _: KW_ONLY
    runs: Count = 7

    def __call__(self) -> int:
        """Print the table."""
        from channel.evaluation.speed import transmit_table

        console().print(transmit_table(self.runs))
        return 0


@dataclass(frozen=True)
class BenchJpeg:
    """Differentiable JPEG beside kornia's.

    Parameters
    ----------
    runs
        Repetitions, of which the median.
    data
        Folder of lossless pictures for the agreement.
    """

    _: KW_ONLY
    runs: Count = 5
    data: Path | None = None

    def __call__(self) -> int:
        """Print the table."""
        with of_extra("train"):
            from channel.evaluation.peers import peers_table

        console().print(peers_table(self.runs, self.data))
        return 0
