"""``camsim bench transmit`` and ``bench jpeg``."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.evaluation.bench_history import RecordOption, figures_of
from channel.extras import of_extra
from channel.options import Count
from channel.terminal import console


@dataclass(frozen=True)
class BenchTransmit(RecordOption):
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

        self.check_record()
        table = transmit_table(self.runs)
        console().print(table)
        self.keep("transmit", figures_of(table))
        return 0


@dataclass(frozen=True)
class BenchJpeg(RecordOption):
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

        self.check_record()
        table = peers_table(self.runs, self.data)
        console().print(table)
        self.keep("jpeg", figures_of(table))
        return 0
